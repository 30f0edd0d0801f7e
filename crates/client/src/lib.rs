//! The API client, and the command line's verbs that speak to a server: `import`, `search`, `get`.
//!
//! May know: the HTTP contract, the file system, the terminal. Must not: know the database or any
//! other part of the server, or decide what an entry means. It splits files into items and shows
//! answers; the server alone judges.

pub mod api;
pub mod connection;
pub mod get;
pub mod import;
mod output;
pub mod problem;
pub mod search;
pub mod text;

pub use api::{ApiClient, ClientError};
pub use connection::Connection;
pub use get::GetArgs;
pub use import::ImportArgs;
pub use problem::Problem;
pub use search::SearchArgs;
