//! The private PostgreSQL server, for those who bring none (`DATABASE_URL` unset).
//!
//! What it is for: one data directory, one server. [`DataDir`] is the directory and its lock,
//! [`binaries`] finds or fetches the server's programs, [`Server`] initialises, starts, watches and
//! stops it, [`Place`] gives admin commands the database whether a server runs or not, and
//! [`doctor`] says what is wrong.
//! May know: processes, signals, files, and the one SQL page that makes the owner and the database.
//! Must not: know the schema, signal a process that it has not shown to be its own, or write a
//! password anywhere but sealed. See docs/embedded-postgres.md.

mod account;
pub mod binaries;
mod cluster;
mod config;
mod data_dir;
pub mod doctor;
mod durable;
mod endpoint;
mod error;
mod launch;
mod layout;
mod lock;
mod orphan;
mod place;
mod postmaster;
mod provision;
mod secret;
mod server;
mod settings;
mod spawn;
mod stop;
mod supervisor;

pub use config::Config;
pub use data_dir::DataDir;
pub use error::{DataDirError, EmbeddedError};
pub use layout::Layout;
pub use lock::{Holder, Purpose};
pub use place::{Access, Place, Served};
pub use server::{Server, State};
