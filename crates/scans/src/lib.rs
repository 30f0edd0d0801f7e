//! Scans of cloud accounts, and what they find.
//!
//! Prowler runs in a process of its own, under a small driver of ours (`driver/`), and is told what to look
//! at and with which credentials; what it says comes back line by line, and is kept as it comes. This
//! crate knows the driver, the forms in which findings are written (OCSF, Prowler's CSV), and what is made
//! of them.
//!
//! May know: how Prowler is run and what it writes, jobs, the tables of scans and findings by `store`, the log
//! by the port of `search`.
//! Must not: SQL, HTTP, a provider's own API: only the driver's process speaks to a cloud.

pub mod catalogue;
pub mod causes;
pub mod checks;
pub mod compliance;
mod connections;
pub mod demo;
pub mod driver;
mod engine;
pub mod environment;
mod errors;
pub mod export;
pub mod finding;
pub mod findings;
mod given;
pub mod import;
pub mod imported;
pub mod job;
mod nearest;
mod network;
mod progress;
pub mod providers;
pub mod report;
mod scans;
mod wish;

pub use catalogue::{Catalogue, Scope};
pub use connections::Said;
pub use engine::Engine;
pub use environment::Environment;
pub use errors::ScansError;
pub use given::{FieldFault, Given};
pub use job::ScanServices;
pub use network::Network;
pub use progress::{BySeverity, Phase, Progress};
pub use scans::{Policy, Request, Scans};
pub use wish::Wish;
