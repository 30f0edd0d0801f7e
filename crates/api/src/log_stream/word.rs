//! What a stream says.

use std::sync::Arc;

use custody_search::{Item, Shown};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{problem::ProblemBody, routes::logs::shapes::Entry};

/// What a stream of entries says.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = StreamMessage)]
pub(crate) enum Word {
    /// It begins. `after` is where; `query` what it asks for, in the language's own words.
    Open { after: String, query: String },
    Entry {
        #[schema(value_type = Box<Entry>)]
        #[serde(serialize_with = "as_written")]
        entry: Arc<Shown>,
    },
    /// The reader was slow: entries that match were left out, `from` the first and `to` the last of them.
    /// A stream with `after` = `from` - 1 brings them.
    Dropped { from: u64, to: u64 },
    /// An entry whose stored bytes are damaged. Said to those who may read every entry.
    Unreadable { seq: u64 },
    /// All that matches up to `after` was sent: where to go on after a broken connection.
    Heartbeat { after: String },
    /// Another query from `after` on, as the client said.
    Query { after: String, query: String },
    /// What the client said cannot be done; the stream goes on as it was.
    Error {
        #[schema(value_type = ProblemBody)]
        problem: Box<RawValue>,
    },
    /// The last event; a `WebSocket` has a close code in its place.
    End { code: u16, reason: &'static str },
}

/// Once for all readers.
fn as_written<S: Serializer>(shown: &Arc<Shown>, serializer: S) -> Result<S::Ok, S::Error> {
    shown.json.serialize(serializer)
}

impl From<Item> for Word {
    fn from(item: Item) -> Self {
        match item {
            Item::Entry(entry) => Self::Entry { entry },
            Item::Dropped { from, to } => Self::Dropped { from, to },
            Item::Unreadable { seq } => Self::Unreadable { seq },
        }
    }
}

impl Word {
    pub(crate) fn json(&self) -> String {
        // Numbers and texts: nothing that could fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The same as a server-sent event. Its id is where to go on; the client keeps the last one. Neither
    /// holds a line break, and JSON has none outside of texts.
    pub(crate) fn event(&self, out: &mut String) {
        let seq;
        let (name, id) = match self {
            Self::Open { after, .. } => ("open", Some(after)),
            Self::Entry { entry } => {
                seq = entry.seq.to_string();
                ("entry", Some(&seq))
            }
            Self::Dropped { to, .. } => {
                seq = to.to_string();
                ("dropped", Some(&seq))
            }
            Self::Unreadable { .. } => ("unreadable", None),
            Self::Heartbeat { after } => ("heartbeat", Some(after)),
            Self::Query { after, .. } => ("query", Some(after)),
            Self::Error { .. } => ("error", None),
            Self::End { .. } => ("end", None),
        };
        if let Some(id) = id {
            out.push_str("id: ");
            out.push_str(id);
            out.push('\n');
        }
        out.push_str("event: ");
        out.push_str(name);
        out.push_str("\ndata: ");
        out.push_str(&self.json());
        out.push_str("\n\n");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn a_word_is_one_message_or_one_event() {
        let json = RawValue::from_string(r#"{"seq":7}"#.to_owned()).unwrap();
        let entry = Word::Entry { entry: Arc::new(Shown { seq: 7, is_told: false, json }) };
        assert_eq!(entry.json(), r#"{"type":"entry","entry":{"seq":7}}"#);
        let mut events = String::new();
        entry.event(&mut events);
        Word::Heartbeat { after: "9".to_owned() }.event(&mut events);
        Word::Dropped { from: 10, to: 12 }.event(&mut events);
        assert_eq!(
            events,
            "id: 7\nevent: entry\ndata: {\"type\":\"entry\",\"entry\":{\"seq\":7}}\n\n\
             id: 9\nevent: heartbeat\ndata: {\"type\":\"heartbeat\",\"after\":\"9\"}\n\n\
             id: 12\nevent: dropped\ndata: {\"type\":\"dropped\",\"from\":10,\"to\":12}\n\n"
        );
    }
}
