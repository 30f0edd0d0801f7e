//! Files that stay: what jobs leave behind, anchors, later archives and backups. One port, a local
//! directory and S3 behind it.
//!
//! What it is for: [`Objects`] writes, reads, lists and removes objects by [`Key`], and a [`Key`] is
//! made by [`layout`] alone, from a tenant's [`Scope`](custody_auth::Scope).
//! May know: a tenant's scope, the file system, S3. Must not: know PostgreSQL or our own HTTP, what
//! is in a file, or reach a tenant's prefix without its scope.

mod directory;
pub mod error;
pub mod layout;
pub mod media;
pub mod objects;
pub mod options;
pub mod port;
pub mod range;
mod s3;
pub mod stored;

pub use error::ObjectsError;
pub use layout::{Key, Prefix};
pub use objects::Objects;
pub use options::{Credentials, Encryption, LockMode, S3Options};
pub use port::ObjectPort;
pub use range::Range;
pub use stored::{Download, Head, Listed, Page, PutOptions, Stored};
