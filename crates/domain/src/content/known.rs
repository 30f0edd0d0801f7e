//! The names an entry has, and the nearest one to a name it has not.

/// What the server sets when it takes an entry in; a part of the content.
pub(super) const SERVERS: [&str; 5] = ["recorded_by", "masked", "sealed", "number_as_text", "source_format"];
/// What an entry is given out with; no part of the content.
pub(super) const GIVEN_OUT: [&str; 5] = ["id", "seq", "tenant_id", "received_at", "leaf_hash"];
/// What anyone may send.
pub(super) const SENT: [&str; 16] = [
    "action",
    "actor",
    "resource",
    "occurred_at",
    "severity",
    "outcome",
    "message",
    "session_id",
    "request_id",
    "ip",
    "user_agent",
    "before",
    "after",
    "metadata",
    "event_id",
    "producer",
];

/// More of a name than this tells nothing about which one was meant.
const COMPARED_CHARS_MAX: usize = 64;

/// The one of `known` that `name` is most like.
pub(super) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let name: String = name.chars().take(COMPARED_CHARS_MAX).collect::<String>().to_lowercase();
    let likeness = |k: &&str| strsim::jaro_winkler(&name, k);
    known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).copied()
}
