//! The API client, and the command line's verbs that speak to a server: `import`, `search`, `tail`,
//! `get`, `related`, `export`, `verify`, `quarantine`, `jobs`, `scan`.
//!
//! May know: the HTTP contract, the file system, the terminal. Must not: know the database or any
//! other part of the server, or decide what an entry means. It splits files into items and shows
//! answers; the server alone judges, except over itself: what a log has signed is checked here, with
//! `custody-proof`.

pub mod api;
mod caret;
pub mod connection;
pub mod export;
pub mod get;
pub mod import;
pub mod jobs;
mod log;
mod output;
mod path;
pub mod problem;
pub mod quarantine;
pub mod related;
mod row;
pub mod scan;
pub mod search;
mod table;
pub mod tail;
pub mod text;
pub mod verify;

pub use api::{ApiClient, ClientError};
pub use connection::Connection;
pub use export::ExportArgs;
pub use get::GetArgs;
pub use import::ImportArgs;
pub use jobs::JobsCommand;
pub use problem::Problem;
pub use quarantine::QuarantineCommand;
pub use related::RelatedArgs;
pub use scan::ScanCommand;
pub use search::SearchArgs;
pub use tail::TailArgs;
pub use verify::VerifyArgs;
