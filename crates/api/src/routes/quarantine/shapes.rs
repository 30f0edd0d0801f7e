//! A quarantined item as it is shown: why, from whom, how large; never its bytes, which are sealed
//! because nobody knows what is in them.

use chrono::{DateTime, Utc};
use custody_domain::QuarantineId;
use custody_store::quarantine::Item;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::problem::Fault;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuarantinedItem {
    #[schema(value_type = Uuid)]
    id: QuarantineId,
    /// The first time.
    received_at: DateTime<Utc>,
    /// When the same bytes last came again; `received_at`, if they did not.
    last_received_at: DateTime<Utc>,
    /// How often they came. They are kept once.
    #[schema(minimum = 1)]
    times: u64,
    /// `syntax`, `schema`, `time`, `conflict`, …
    reason: String,
    errors: Vec<Fault>,
    source_format: String,
    /// Who sent it, as in an entry.
    #[schema(value_type = Object)]
    recorded_by: Value,
    /// As it was sent.
    size_bytes: u64,
    /// How much of that was kept, where it was too long to be held.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    kept_bytes: Option<u64>,
}

impl From<Item> for QuarantinedItem {
    fn from(item: Item) -> Self {
        Self {
            id: item.id,
            received_at: item.received_at,
            last_received_at: item.last_received_at,
            times: item.times,
            reason: item.reason,
            errors: item.errors.into_iter().map(|e| Fault::at(e.pointer, e.detail)).collect(),
            source_format: item.source_format,
            recorded_by: item.recorded_by,
            size_bytes: item.sent_bytes.unwrap_or(item.size_bytes),
            kept_bytes: item.sent_bytes.map(|_| item.size_bytes),
        }
    }
}
