//! The executor over an OpenSearch node, or several, that all processes of the installation share.
//!
//! A document holds an entry's terms and columns and nothing that one could read it from; what is found
//! is read from the ledger. It is written by one follower ([`Writer`]), which notes how far it is only
//! once that can be found. A search looks in the index below that position, and reads the log above it.
//! docs/search-opensearch.md.

mod bulk;
mod client;
mod config;
mod document;
mod dsl;
mod error;
mod find;
mod follow;
mod index;
mod layout;
mod page;
mod question;
mod reconcile;
mod stats;
mod tail;
mod writer;

pub use config::{Endpoint, NotAnEndpoint, OpenSearchConfig};
pub use document::VERSION;
pub use error::OpenSearchError;
pub use follow::OpenSearchFollower;
pub use index::{OpenSearch, Projections};
pub use reconcile::Difference;
pub use writer::{Refused, Writer};

/// The follower's name, and the projection's.
pub const NAME: &str = "opensearch";
