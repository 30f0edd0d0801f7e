//! Bounds of an entry, in bytes of UTF-8 unless said otherwise.

/// `action`.
pub const ACTION_BYTES_MAX: usize = 256;
/// Ids, names and types: `actor.*`, `resource.*`, `producer.id`, `event_id`, `request_id`,
/// `session_id`, `source_format`.
pub const NAME_BYTES_MAX: usize = 2 << 10;
/// `message`, `user_agent`.
pub const TEXT_BYTES_MAX: usize = 64 << 10;
/// The canonical form of what a client sends, or a mapping makes of it.
pub const BYTES_MAX: usize = 1 << 20;
/// The canonical form of the whole content, with the members that the server adds. These are bounded
/// as they are made (`json::PointerBudget`); this holds whatever they are, and is what the ledger
/// asks of every content.
pub const KEPT_BYTES_MAX: usize = 2 << 20;
/// A key, at any depth: every pointer to what lies below repeats it.
pub const KEY_BYTES_MAX: usize = 4 << 10;
/// Arrays and objects open at once. More than a client may send (`json::Limits`), because a mapping
/// puts the source event into `metadata.raw`; less than what is read back from the store.
pub const DEPTH_MAX: usize = 96;
/// `producer.seq`: 2^53 - 1, the largest integer that every reader of JSON can hold.
pub const PRODUCER_SEQ_MAX: u64 = (1 << 53) - 1;
/// How long after it was received an entry may say that it happened, in hours.
pub const OCCURRED_AHEAD_HOURS_MAX: i64 = 24;
/// What stands where a mask policy took a value away. Allowed as `ip`, whose column is then absent, so
/// that masking addresses does not quarantine every entry that has one.
pub const MASKED: &str = "***";
