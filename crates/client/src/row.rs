//! What a table shows of an entry.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::text::shown;

pub(crate) const HEADER: [&str; 7] = ["TIME", "SEVERITY", "ACTOR", "ACTION", "RESOURCE", "OUTCOME", "IP"];

/// One entry, in the order of [`HEADER`].
#[derive(Debug)]
pub(crate) struct Row(pub(crate) [String; 7]);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    occurred_at: Option<String>,
    received_at: Option<String>,
    severity: Option<String>,
    actor: Named,
    action: String,
    resource: Option<Named>,
    outcome: Option<String>,
    ip: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    id: Option<String>,
    name: Option<String>,
}

impl Named {
    fn text(self) -> Option<String> {
        self.name.or(self.id)
    }
}

impl Row {
    pub(crate) fn of(item: &RawValue) -> Self {
        // What the server sends has this shape; if a later one does not, an empty row beats none.
        let entry: Entry = serde_json::from_str(item.get()).unwrap_or_default();
        let time = entry.occurred_at.or(entry.received_at).map(|t| seconds(&t));
        let cells = [
            time,
            Some(entry.severity.unwrap_or_else(|| "INFO".to_owned())),
            entry.actor.text(),
            Some(entry.action),
            entry.resource.and_then(Named::text),
            Some(entry.outcome.unwrap_or_else(|| "unknown".to_owned())),
            entry.ip,
        ];
        Self(cells.map(|cell| cell.map_or_else(|| "-".to_owned(), |text| shown(&text))))
    }
}

/// In UTC and to the second, so that rows compare by eye.
fn seconds(time: &str) -> String {
    DateTime::parse_from_rfc3339(time).map_or_else(
        |_| time.to_owned(),
        |t| t.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Secs, true),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    fn row(json: &str) -> [String; 7] {
        Row::of(&RawValue::from_string(json.to_owned()).unwrap()).0
    }

    #[test]
    fn a_row_shows_what_happened_when_and_by_whom() {
        let full =
            row(r#"{"occurred_at":"2023-07-10T13:42:13.5+02:00","received_at":"2024-01-01T00:00:00.000Z",
            "severity":"ERROR","actor":{"id":"u1","name":"Ann"},"action":"order.updated",
            "resource":{"type":"order","id":"o9"},"outcome":"failure","ip":"10.0.0.1"}"#);
        assert_eq!(
            full,
            ["2023-07-10T11:42:13Z", "ERROR", "Ann", "order.updated", "o9", "failure", "10.0.0.1"]
        );
    }

    #[test]
    fn what_is_absent_reads_as_queries_read_it() {
        let bare =
            row(r#"{"received_at":"2024-01-01T00:00:00.000Z","actor":{"id":"a\u001b[2J"},"action":"x"}"#);
        assert_eq!(bare, ["2024-01-01T00:00:00Z", "INFO", "a\\u{1b}[2J", "x", "-", "unknown", "-"]);
    }
}
