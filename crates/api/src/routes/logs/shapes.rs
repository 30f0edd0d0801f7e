//! The shapes of entries, for the OpenAPI document. No code makes these: what is sent is read as it
//! stands by the ingest crate, and what is answered are the canonical bytes that were committed.

#![expect(dead_code, reason = "they exist for their schemas alone")]

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// An event, as a client sends it. Unknown members are refused: what cannot be understood is
/// quarantined, never kept half.
#[derive(ToSchema)]
#[schema(example = json!({
    "action": "order.updated",
    "actor": {"type": "user", "id": "u1", "name": "Ada"},
    "resource": {"type": "order", "id": "o9"},
    "occurred_at": "2026-01-31T09:30:00+01:00",
    "severity": "INFO",
    "outcome": "success",
    "message": "Quantity changed",
    "ip": "203.0.113.9",
    "before": {"quantity": 1},
    "after": {"quantity": 2},
    "metadata": {"region": "eu-central-1"},
    "event_id": "order-service/000042"
}))]
pub(crate) struct NewEntry {
    /// What was done, from the general to the particular (`order.updated`). `custody.*` is the
    /// server's own.
    action: String,
    actor: Actor,
    #[schema(nullable = false)]
    resource: Option<Resource>,
    /// When it happened, with offset; kept as it was sent.
    #[schema(nullable = false)]
    occurred_at: Option<DateTime<FixedOffset>>,
    #[schema(nullable = false)]
    severity: Option<EntrySeverity>,
    #[schema(nullable = false)]
    outcome: Option<EntryOutcome>,
    #[schema(nullable = false)]
    message: Option<String>,
    #[schema(nullable = false)]
    session_id: Option<String>,
    #[schema(nullable = false)]
    request_id: Option<String>,
    /// IPv4 or IPv6.
    #[schema(nullable = false)]
    ip: Option<String>,
    #[schema(nullable = false)]
    user_agent: Option<String>,
    #[schema(value_type = Option<Object>, nullable = false)]
    before: Option<BTreeMap<String, Value>>,
    #[schema(value_type = Option<Object>, nullable = false)]
    after: Option<BTreeMap<String, Value>>,
    #[schema(value_type = Option<Object>, nullable = false)]
    metadata: Option<BTreeMap<String, Value>>,
    /// The event's own id: sent again, it is the same entry and the first receipt.
    #[schema(nullable = false)]
    event_id: Option<String>,
    #[schema(nullable = false)]
    producer: Option<Producer>,
}

/// Who acted.
#[derive(ToSchema)]
pub(crate) struct Actor {
    /// `user`, `service`, …
    #[schema(example = "user", nullable = false)]
    r#type: Option<String>,
    id: String,
    #[schema(nullable = false)]
    name: Option<String>,
}

/// What was acted on.
#[derive(ToSchema)]
pub(crate) struct Resource {
    #[schema(example = "order", nullable = false)]
    r#type: Option<String>,
    #[schema(nullable = false)]
    id: Option<String>,
    #[schema(nullable = false)]
    name: Option<String>,
}

/// A producer that numbers its events, so that a missing one is noticed.
#[derive(ToSchema)]
pub(crate) struct Producer {
    id: String,
    seq: u64,
}

/// Missing is read as `INFO`.
#[derive(ToSchema)]
#[schema(rename_all = "UPPERCASE")]
pub(crate) enum EntrySeverity {
    Info,
    Warning,
    Error,
    Critical,
}

/// Missing is read as `unknown`.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum EntryOutcome {
    Success,
    Failure,
    Unknown,
}

/// An entry of the log: what was sent, masked, and what the server added.
#[derive(ToSchema)]
pub(crate) struct Entry {
    #[schema(inline)]
    #[serde(flatten)]
    sent: NewEntry,
    /// `UUIDv7` of the received time, rising within the log.
    id: Uuid,
    /// Place in the log, from 0, without gaps.
    seq: u64,
    tenant_id: Uuid,
    received_at: DateTime<Utc>,
    recorded_by: RecordedBy,
    /// Values that were masked before anything was stored, and by which rule.
    #[schema(nullable = false)]
    masked: Option<Vec<Masked>>,
    /// JSON pointers of numbers that no double holds, kept as their source text.
    #[schema(nullable = false)]
    number_as_text: Option<Vec<String>>,
    /// The format it came in: `custody`, `cloudtrail`.
    #[schema(nullable = false)]
    source_format: Option<String>,
    /// Leaf of the tenant's Merkle tree (RFC 6962), 64 hexadecimal digits.
    leaf_hash: String,
}

/// Who handed the event in, as the server saw it.
#[derive(ToSchema)]
pub(crate) struct RecordedBy {
    /// `user:<uuid>`, `key:<uuid>`, `oidc:<iss>#<sub>`, `token:<jti>`, `system:<name>`.
    principal: String,
    #[schema(nullable = false)]
    credential_id: Option<Uuid>,
    #[schema(example = "POST /api/v1/logs")]
    via: String,
    #[schema(nullable = false)]
    peer_ip: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct Masked {
    /// JSON pointer into the source event.
    pointer: String,
    rule: String,
}

/// A page of entries.
#[derive(ToSchema)]
pub(crate) struct EntryPage {
    /// May be empty with a `next_cursor`: the work of one request is bounded.
    items: Vec<Entry>,
    next_cursor: Option<String>,
    /// Goes into `cursor` for the page before, in the same order. Before the newest entries there may be
    /// what came since.
    previous_cursor: Option<String>,
    /// How many entries the log had when the read began; the answer covers them all. Null for who
    /// may not read all of them: how many others' there are is not theirs to know.
    index_watermark: Option<u64>,
    stopped: Option<StoppedEarly>,
    /// How many entries match in all, where `total=true` asked for it. Null where they cannot be counted
    /// without reading each.
    #[schema(nullable = false)]
    total: Option<Total>,
}

/// What belongs to an entry, from the earliest on.
#[derive(ToSchema)]
#[schema(as = EntryTimeline)]
pub(crate) struct Timeline {
    items: Vec<Related>,
    /// Whether there may be more of it before the first, within the time that was asked for, …
    more_before: bool,
    /// … or after the last.
    more_after: bool,
}

#[derive(ToSchema)]
#[schema(as = RelatedEntry)]
pub(crate) struct Related {
    /// What it shares with the entry that was asked for: `request_id`, `session_id`, `actor` (type and id),
    /// `resource` (type and id). Empty for that entry itself.
    #[schema(example = json!(["request_id", "actor"]))]
    related_by: Vec<String>,
    entry: Entry,
}

/// How many entries match: a number, or, where counting on would have been too much work, at least
/// so many.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Total {
    Exactly(u64),
    AtLeast { at_least: u64 },
}

/// Why the page is shorter than asked for although there may be more.
#[derive(Serialize, ToSchema)]
pub(crate) struct StoppedEarly {
    /// `work_limit` or `page_bytes`.
    pub(crate) reason: &'static str,
    /// Entries that were looked at. Null for who may not read all of them.
    pub(crate) scanned: Option<u64>,
}
