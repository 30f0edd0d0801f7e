//! What will be an entry once it has its place: made before any lock is taken.

use std::cell::RefCell;

use custody_domain::{
    columns::{self, Columns},
    commitment::{Committer, Salt},
    content::KEPT_BYTES_MAX,
    json,
};

pub use custody_store::event_keys::EventKind;

use crate::codec::{self, CodecError};

/// How an event that carries an id of its own is known again.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventKey {
    pub kind: EventKind,
    /// Of the event's id.
    pub key16: [u8; 16],
    /// Of the source event's canonical bytes, before it was masked.
    pub fp16: [u8; 16],
}

impl std::fmt::Debug for EventKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EventKey({:?}, {})", self.kind, hex::encode(self.key16))
    }
}

/// Content that is final, with its commitment. Compressing and hashing are done here, outside
/// the transaction in which other appenders wait.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Compressed.
    pub(crate) body: Vec<u8>,
    pub(crate) content_hash: [u8; 32],
    pub(crate) columns: Columns,
    pub(crate) event: Option<EventKey>,
    pub(crate) origin: Option<EventKey>,
}

/// Why a content cannot become an entry that could be read again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitContent {
    #[error("is {0} bytes in its canonical form; at most {KEPT_BYTES_MAX} can be kept")]
    TooLarge(usize),
    #[error(transparent)]
    Codec(#[from] CodecError),
}

/// What was needed for a larger content than this is given back.
const SPACE_BYTES_MAX: usize = 64 << 10;

thread_local! {
    static COMMITTER: RefCell<Committer> = RefCell::new(Committer::new());
}

impl Draft {
    /// `content` must be valid ([`custody_domain::content::validate`]), masked, with its numbers
    /// normalised and the server's members in place. `salt` must be random and used once.
    ///
    /// What would be too large to be read back is refused here: an entry that was acknowledged can be
    /// read.
    pub fn new(
        content: &json::Object<'_>,
        salt: Salt,
        event: Option<EventKey>,
    ) -> Result<Self, UnfitContent> {
        COMMITTER.with_borrow_mut(|committer| {
            let content_hash = committer.commit(content, &salt);
            let canonical = committer.canonical();
            let length = canonical.len();
            let body = if length > KEPT_BYTES_MAX {
                Err(UnfitContent::TooLarge(length))
            } else {
                codec::compress_full(&salt, canonical).map_err(UnfitContent::from)
            };
            if length > SPACE_BYTES_MAX {
                *committer = Committer::new();
            }
            Ok(Self { body: body?, content_hash, columns: columns::of(content), event, origin: None })
        })
    }

    /// What it was made of, where one entry is to come of that, whatever it says: if there is one, that
    /// is the answer, as a duplicate, and nothing else is asked.
    #[must_use]
    pub fn with_origin(self, origin: EventKey) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// By what it is known again.
    pub(crate) fn keys(&self) -> impl Iterator<Item = EventKey> + use<> {
        [self.origin, self.event].into_iter().flatten()
    }

    /// What it weighs in memory while it waits.
    pub(crate) fn weight_bytes(&self) -> usize {
        let columns = &self.columns;
        let texts = [
            &columns.action,
            &columns.actor_type,
            &columns.actor_id,
            &columns.resource_type,
            &columns.resource_id,
            &columns.request_id,
            &columns.session_id,
            &columns.producer_id,
        ];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        size_of::<Self>() + self.body.len() + texts
    }

    /// What it will weigh in the ledger, compressed.
    pub fn body_len_bytes(&self) -> usize {
        self.body.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn a_content_that_is_larger_than_can_be_kept_is_no_draft() {
        let draft = |bytes: usize| {
            let mut content = json::Object::new();
            content.insert("x", json::Value::from("y".repeat(bytes - r#"{"x":""}"#.len())));
            Draft::new(&content, Salt([7; 16]), None)
        };
        let largest = draft(KEPT_BYTES_MAX).unwrap();
        assert_eq!(codec::decompress(&largest.body).unwrap().len(), KEPT_BYTES_MAX + 17);
        assert_eq!(draft(KEPT_BYTES_MAX + 1).unwrap_err(), UnfitContent::TooLarge(KEPT_BYTES_MAX + 1));
    }
}
