//! What is kept of an entry.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use custody_domain::{
    Entry, EntryId, Outcome, Severity, columns,
    json::{Object, Value},
    query::{
        ANALYSER_VERSION,
        terms::{self, Kept, TERMS_VERSION, TextField},
    },
};
use custody_ledger::{LedgerError, StoredEntry};
use serde::Serialize;
use serde_json::json;

/// Rises when the documents, or how they are laid out, change.
const FORMAT_VERSION: u32 = 2;

/// Of an index: one of an earlier version is begun anew.
pub const VERSION: u32 = FORMAT_VERSION * 1_000_000 + TERMS_VERSION * 1_000 + ANALYSER_VERSION;

/// In microseconds.
pub(super) const HOUR: i64 = 3_600_000_000;

/// Names of fields. They stand in every document, so they are short.
pub(super) mod field {
    /// A tenant's log: [`super::log`].
    pub(in super::super) const LOG: &str = "log";
    pub(in super::super) const SEQ: &str = "seq";
    /// The id: when it was received, in milliseconds, …
    pub(in super::super) const MILLIS: &str = "ms";
    /// … and which of those it is.
    pub(in super::super) const COUNTER: &str = "n";
    /// When it occurred, else was received, in microseconds.
    pub(in super::super) const TIME: &str = "time";
    /// The same in whole hours: a histogram counts in floating point, which microseconds are too many for.
    pub(in super::super) const HOUR: &str = "hour";
    pub(in super::super) const SEVERITY: &str = "severity";
    pub(in super::super) const OUTCOME: &str = "outcome";
    pub(in super::super) const TERMS: &str = "t";
    pub(in super::super) const ANY: &str = "x";
    pub(in super::super) const MESSAGE: &str = "m";
    pub(in super::super) const ACTION: &str = "action";
    pub(in super::super) const ACTOR: &str = "actor";
    pub(in super::super) const RESOURCE_TYPE: &str = "resource_type";
    pub(in super::super) const IP: &str = "ip";
}

/// Every field, and none that a client could add to: the mapping is as large with any metadata.
pub(super) fn mapping() -> serde_json::Value {
    let number = |kind: &str| json!({"type": kind});
    // Nothing is ranked, and no field is both looked for and counted.
    let text = json!({"type": "text", "analyzer": "whitespace", "norms": false, "index_options": "positions",
        "position_increment_gap": 100});
    let counted = json!({"type": "keyword", "index": false});
    json!({
        "dynamic": "strict",
        "_source": {"enabled": false},
        "_routing": {"required": true},
        "properties": {
            field::LOG: {"type": "keyword", "doc_values": false},
            field::SEQ: number("long"),
            field::MILLIS: number("long"),
            field::COUNTER: number("long"),
            field::TIME: number("long"),
            field::HOUR: number("integer"),
            field::SEVERITY: number("byte"),
            field::OUTCOME: number("byte"),
            field::TERMS: {"type": "keyword", "doc_values": false},
            field::ANY: text,
            field::MESSAGE: text,
            field::ACTION: counted,
            field::ACTOR: counted,
            field::RESOURCE_TYPE: counted,
            field::IP: counted,
        }
    })
}

/// The log of an epoch: what was indexed before a restore is another's.
pub(super) fn log(tenant: custody_domain::TenantId, epoch: u32) -> String {
    format!("{tenant}/{epoch}")
}

/// Two tenants' entries of one millisecond have one id, and the index is shared. In base64, which the node
/// keeps as the bytes it stands for.
pub(super) fn id(tenant: custody_domain::TenantId, id: EntryId) -> String {
    URL_SAFE_NO_PAD.encode([tenant.0.into_bytes(), id.0.into_bytes()].concat())
}

#[derive(Serialize)]
struct Document<'e> {
    log: &'e str,
    seq: u64,
    ms: u64,
    n: u64,
    time: i64,
    hour: i64,
    severity: u16,
    outcome: u16,
    t: Vec<&'e str>,
    x: Vec<String>,
    m: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_type: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
}

/// Appends the document, as one line without its end.
pub(super) fn write(
    out: &mut Vec<u8>,
    log: &str,
    entry: &StoredEntry,
    kept: &mut Kept,
) -> Result<(), WriteError> {
    let (seq, entry) = (entry.seq, entry.view()?);
    let (mut any, mut message) = (Vec::new(), Vec::new());
    terms::of(&entry, kept, &mut |text| {
        let tokens: Vec<_> = text.tokens().collect();
        if !tokens.is_empty() {
            match text.field {
                TextField::Any => any.push(tokens.join(" ")),
                TextField::Message => message.push(tokens.join(" ")),
            }
        }
    });
    let mut terms: Vec<_> = kept.terms().collect();
    terms.sort_unstable();
    terms.dedup();
    serde_json::to_writer(out, &document(log, seq, &entry, (terms, any, message)))?;
    Ok(())
}

fn document<'e>(
    log: &'e str,
    seq: u64,
    entry: &'e Entry<'e>,
    (t, x, m): (Vec<&'e str>, Vec<String>, Vec<String>),
) -> Document<'e> {
    static NOTHING: std::sync::LazyLock<Object<'static>> = std::sync::LazyLock::new(Object::default);
    let content = entry.content.as_object().unwrap_or(&NOTHING);
    let text = |key: &str| content.get(key).and_then(Value::as_str);
    let inner = |object: &str, key: &str| content.get(object)?.as_object()?.get(key)?.as_str();
    let (ms, counter) = entry.id.parts();
    let time = entry.time().microseconds();
    let severity: Severity = text("severity").and_then(|s| s.parse().ok()).unwrap_or_default();
    let outcome: Outcome = text("outcome").and_then(|o| o.parse().ok()).unwrap_or_default();
    Document {
        log,
        seq,
        ms,
        // A millisecond in which more entries came than a bigint counts is none.
        n: u64::try_from(counter).unwrap_or(u64::MAX),
        time,
        hour: time.div_euclid(HOUR),
        severity: severity.rank().unsigned_abs(),
        outcome: outcome.code().unsigned_abs(),
        t,
        x,
        m,
        action: text("action"),
        actor: inner("actor", "id"),
        resource_type: inner("resource", "type"),
        // In one spelling, as they are counted.
        ip: text("ip").and_then(columns::address).map(|address| address.to_string()),
    }
}

/// Why an entry became no document.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    #[error(transparent)]
    Entry(#[from] LedgerError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}
