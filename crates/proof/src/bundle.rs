//! A bundle: a stretch of one log with all that is needed to check it without a server. Its one byte
//! form: docs/bundle.md.
//!
//! A *range* bundle proves completeness: between the entry before it and the entry after it there is
//! nothing but what it holds. A *query* bundle proves of each entry that it is in the log, and not that
//! there are no others which the query matches.

mod entry_line;
mod header;
mod members;
mod query;
mod query_header;
mod query_lines;
mod range;
mod read;
mod signed;
mod write;

pub use header::Header;
pub use query::QueryBundle;
pub use query_header::QueryHeader;
pub use range::Fault;
pub use read::{BundleError, Checked, Claim, check};
pub use write::{BundleWriter, WriteError};

use custody_domain::{EntryId, Hash, TenantId};
use uuid::Uuid;

/// No line is longer: a body has at most 64 MiB, and twice as much where it is escaped as JSON.
pub const LINE_LENGTH_MAX: usize = 130 << 20;

/// The leaf data of an entry whose content is not shown: it stands beside the range and proves where
/// that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    pub id: EntryId,
    pub content_hash: Hash,
}

impl Neighbour {
    pub fn leaf_data(&self, tenant: TenantId) -> [u8; 65] {
        custody_domain::leaf::leaf_data(tenant, self.id, &self.content_hash)
    }

    pub fn leaf_hash(&self, tenant: TenantId) -> Hash {
        custody_domain::leaf::leaf_hash(tenant, self.id, &self.content_hash)
    }

    /// None where it is another tenant's, or of another version.
    pub fn from_leaf_data(data: &[u8; 65], tenant: TenantId) -> Option<Self> {
        let id: [u8; 16] = data.get(17..33)?.try_into().ok()?;
        let content_hash = data.get(33..)?.try_into().ok()?;
        let neighbour = Self { id: EntryId(Uuid::from_bytes(id)), content_hash };
        (neighbour.leaf_data(tenant) == *data).then_some(neighbour)
    }
}

#[cfg(test)]
mod tests;
