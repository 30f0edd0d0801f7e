//! One entry by itself: its body leads to its leaf hash, and its columns are those of its body.

use custody_domain::{
    Body, Hash, StoredColumns, TenantId,
    body::BodyError,
    columns,
    commitment::{ContentHasher, Salt},
    leaf::leaf_hash,
};

use super::{
    columns::{differences, of_scan},
    scan::Scan,
};
use crate::stream::{ColumnName, StoredEntry};

/// The first byte of a full body (docs/proofs.md, section 5).
const FULL: u8 = 0x01;
const SALT_LENGTH: usize = 16;

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryFault {
    #[error("has a body that is none: {0}")]
    Body(BodyError),
    #[error(
        "does not lead to its leaf hash: its body or its id was changed (the row has the leaf hash {}, and leads to {})",
        hex::encode(.stored), hex::encode(.computed)
    )]
    Leaf { stored: Hash, computed: Hash },
    #[error("has {stored} in the column {name}, and its body says {body}")]
    Column { name: ColumnName, stored: String, body: String },
}

/// Checks entries one after the other; keeps its working space between them.
#[derive(Debug, Default)]
pub struct EntryCheck {
    scan: Scan,
    hasher: ContentHasher,
}

impl EntryCheck {
    /// All that is wrong with an entry of this tenant; nothing, nearly always.
    pub fn faults(&mut self, tenant: TenantId, entry: &StoredEntry<'_>) -> Vec<EntryFault> {
        match self.quick(entry) {
            Some((content, columns)) => faults(tenant, entry, &content, &columns),
            None => thorough(tenant, entry),
        }
    }

    /// The content hash that a body leads to.
    pub fn content_hash(&mut self, body: &[u8]) -> Result<Hash, BodyError> {
        match self.quick_hash(body) {
            Some((hash, _)) => Ok(hash),
            None => Body::decode(body)?.content_hash(),
        }
    }

    fn quick<'b>(&mut self, entry: &StoredEntry<'b>) -> Option<(Hash, StoredColumns<'b>)> {
        let (hash, content) = self.quick_hash(entry.body)?;
        Some((hash, of_scan(&self.scan, content).ok()?))
    }

    /// The content hash and the content of a full body; None where it has to take the long way.
    fn quick_hash<'b>(&mut self, body: &'b [u8]) -> Option<(Hash, &'b [u8])> {
        let (&FULL, rest) = body.split_first()? else { return None };
        let (salt, content) = rest.split_first_chunk::<SALT_LENGTH>()?;
        let salt = Salt(*salt);
        self.scan.read(content)?;
        Some((self.hasher.hash(self.scan.members(content), &salt), content))
    }
}

/// By the definitions, one after the other.
fn thorough(tenant: TenantId, entry: &StoredEntry<'_>) -> Vec<EntryFault> {
    let read = || {
        let body = Body::decode(entry.body)?;
        let columns = body.content()?.as_object().map(columns::of).unwrap_or_default();
        Ok((body.content_hash()?, columns))
    };
    match read() {
        Ok((content, columns)) => faults(tenant, entry, &content, &StoredColumns::from(&columns)),
        Err(error) => vec![EntryFault::Body(error)],
    }
}

fn faults(
    tenant: TenantId,
    entry: &StoredEntry<'_>,
    content_hash: &Hash,
    wanted: &StoredColumns<'_>,
) -> Vec<EntryFault> {
    let mut faults = Vec::new();
    let computed = leaf_hash(tenant, entry.id, content_hash);
    if computed != entry.leaf_hash {
        faults.push(EntryFault::Leaf { stored: entry.leaf_hash, computed });
    }
    let differing = differences(&entry.columns, wanted);
    faults.extend(differing.into_iter().map(|(name, stored, body)| EntryFault::Column {
        name,
        stored,
        body,
    }));
    faults
}
