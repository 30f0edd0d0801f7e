//! What a stream says.

use std::sync::Arc;

use custody_search::{Item, Shown};
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Word {
    /// It begins: from there on, what the query asks for.
    Open {
        after: String,
        query: String,
    },
    #[serde(skip)]
    Entry(Arc<Shown>),
    Dropped {
        from: u64,
        to: u64,
    },
    Unreadable {
        seq: u64,
    },
    /// All that was asked for up to there was sent.
    Heartbeat {
        after: String,
    },
    /// Another query from there on.
    Query {
        after: String,
        query: String,
    },
    /// What the client said cannot be done; everything stays as it was.
    Error {
        problem: Box<RawValue>,
    },
    /// The last word, where there is no close code to say it.
    End {
        code: u16,
        reason: &'static str,
    },
}

impl From<Item> for Word {
    fn from(item: Item) -> Self {
        match item {
            Item::Entry(shown) => Self::Entry(shown),
            Item::Dropped { from, to } => Self::Dropped { from, to },
            Item::Unreadable { seq } => Self::Unreadable { seq },
        }
    }
}

impl Word {
    pub(crate) fn json(&self) -> String {
        match self {
            // As it was written once for all readers.
            Self::Entry(shown) => format!(r#"{{"type":"entry","entry":{}}}"#, shown.json),
            // Numbers and texts: nothing that could fail.
            word => serde_json::to_string(word).unwrap_or_default(),
        }
    }

    /// The same as a server-sent event. Its id is where to go on; the client keeps the last one. Neither
    /// holds a line break, and JSON has none outside of texts.
    pub(crate) fn event(&self, out: &mut String) {
        let seq;
        let (name, id) = match self {
            Self::Open { after, .. } => ("open", Some(after)),
            Self::Entry(shown) => {
                seq = shown.seq.to_string();
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
    use super::*;

    #[test]
    fn a_word_is_one_message_or_one_event() {
        let entry = Word::Entry(Arc::new(Shown { seq: 7, is_told: false, json: r#"{"seq":7}"#.to_owned() }));
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
