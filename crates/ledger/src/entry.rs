//! An entry as it lies in the log.

use custody_domain::{Body, Entry, EntryId, TenantId, body::BodyError, time::rfc3339_millis};
use custody_store::entries::EntryRow;

use crate::{LedgerError, codec, codec::CodecError};

/// A row, decompressed; what it shows is parsed by [`StoredEntry::view`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    pub tenant_id: TenantId,
    pub id: EntryId,
    pub seq: u64,
    pub leaf_hash: [u8; 32],
    pub body: Body,
}

/// Why a row is no entry.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableBody {
    #[error(transparent)]
    Codec(#[from] CodecError),
    #[error(transparent)]
    Body(#[from] BodyError),
}

impl StoredEntry {
    pub(crate) fn read(row: &EntryRow) -> Result<Self, LedgerError> {
        let body = decode(&row.body).map_err(|source| LedgerError::Unreadable {
            tenant: row.tenant_id,
            seq: row.seq,
            source,
        })?;
        Ok(Self { tenant_id: row.tenant_id, id: row.id, seq: row.seq, leaf_hash: row.leaf_hash, body })
    }

    /// The entry that queries ask questions about.
    pub fn view(&self) -> Result<Entry<'_>, LedgerError> {
        let content = self.body.content().map_err(|error| LedgerError::Unreadable {
            tenant: self.tenant_id,
            seq: self.seq,
            source: error.into(),
        })?;
        Ok(Entry {
            tenant_id: self.tenant_id,
            id: self.id,
            seq: self.seq,
            leaf_hash: self.leaf_hash,
            content,
        })
    }

    /// Appends the entry as the API shows it, one JSON object: the canonical members as they are
    /// kept, then `id`, `seq`, `tenant_id`, `received_at`, `leaf_hash` (lower-case hex).
    pub fn write_json(&self, out: &mut Vec<u8>) {
        // The canonical form of an object ends with its brace.
        let members = self.body.content_bytes();
        let members = members.strip_suffix(b"}").unwrap_or(members);
        out.extend_from_slice(members);
        if members != b"{" {
            out.push(b',');
        }
        let place = format!(
            r#""id":"{}","seq":{},"tenant_id":"{}","received_at":"{}","leaf_hash":"{}"}}"#,
            self.id,
            self.seq,
            self.tenant_id,
            rfc3339_millis(self.id.received_at()),
            hex::encode(self.leaf_hash),
        );
        out.extend_from_slice(place.as_bytes());
    }
}

pub(crate) fn decode(frame: &[u8]) -> Result<Body, UnreadableBody> {
    Ok(Body::decode(&codec::decompress(frame)?)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use custody_domain::commitment::Salt;
    use uuid::Uuid;

    use super::*;

    fn entry(content: &[u8]) -> StoredEntry {
        StoredEntry {
            tenant_id: TenantId(Uuid::nil()),
            id: "01900000-0001-7000-8000-000000000000".parse().unwrap(),
            seq: 7,
            leaf_hash: [0xab; 32],
            body: Body::Full { salt: Salt([0; 16]), content: content.to_vec() },
        }
    }

    #[test]
    fn an_entry_is_shown_with_its_place() {
        for content in [&br#"{"action":"a","actor":{"id":"u"}}"#[..], b"{}"] {
            let mut out = Vec::new();
            entry(content).write_json(&mut out);
            let shown: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(shown["seq"], 7);
            assert_eq!(shown["received_at"], "2024-06-10T02:35:18.401Z");
            assert_eq!(shown["leaf_hash"], "ab".repeat(32));
        }
    }

    #[test]
    fn what_is_damaged_says_where() {
        let row = EntryRow {
            tenant_id: TenantId(Uuid::nil()),
            id: EntryId(Uuid::nil()),
            seq: 3,
            leaf_hash: [0; 32],
            body: b"nonsense".to_vec(),
        };
        let error = StoredEntry::read(&row).unwrap_err();
        assert!(matches!(error, LedgerError::Unreadable { seq: 3, .. }), "{error}");
    }
}
