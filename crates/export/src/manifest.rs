//! What is said of an export when it has come to its end: who has it knows that nothing was cut off.

use custody_domain::TenantId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Compression, Format};

/// The one member under which a manifest stands in a file. No entry has it: an entry with a member of
/// that name is quarantined.
pub const MEMBER: &str = "custody_export";

/// Of the bytes before it, and the entries in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub version: u32,
    pub export_id: Uuid,
    pub tenant_id: TenantId,
    pub format: Format,
    pub compression: Compression,
    /// As the query language renders it; empty where every entry was asked for.
    pub query: String,
    pub entries: u64,
    /// Of the first entry in it, and the last one.
    pub first_seq: Option<u64>,
    pub last_seq: Option<u64>,
    /// How many entries the log had: all of them are covered. None where the asker may not know.
    pub tree_size: Option<u64>,
    /// How many bytes come before this manifest, …
    pub bytes: u64,
    /// … and their SHA-256, in lower-case hex.
    pub sha256: String,
}

impl Manifest {
    pub const VERSION: u32 = 1;

    /// `{"custody_export":{…}}`, one line without its end.
    pub fn to_line(&self) -> Vec<u8> {
        let wrapped = std::collections::BTreeMap::from([(MEMBER, self)]);
        serde_json::to_vec(&wrapped).unwrap_or_default()
    }

    /// Without what may be other than ASCII: what fits a header field.
    pub fn in_brief(&self) -> String {
        serde_json::json!({
            "entries": self.entries,
            "first_seq": self.first_seq,
            "last_seq": self.last_seq,
            "tree_size": self.tree_size,
            "bytes": self.bytes,
            "sha256": self.sha256,
        })
        .to_string()
    }
}
