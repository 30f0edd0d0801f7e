//! What will be an entry once it has its place: made before any lock is taken.

use custody_domain::{
    Body,
    columns::{self, Columns},
    commitment::{self, Salt},
    content::KEPT_BYTES_MAX,
    json,
};

use crate::codec::{self, CodecError};

/// How an event that carries an id of its own is known again.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventKey {
    /// Of the event's id.
    pub key16: [u8; 16],
    /// Of the source event's canonical bytes, before it was masked.
    pub fp16: [u8; 16],
}

impl std::fmt::Debug for EventKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EventKey({})", hex::encode(self.key16))
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
}

/// Why a content cannot become an entry that could be read again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitContent {
    #[error("is {0} bytes in its canonical form; at most {KEPT_BYTES_MAX} can be kept")]
    TooLarge(usize),
    #[error(transparent)]
    Codec(#[from] CodecError),
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
        let commitment = commitment::commit(content, &salt);
        if commitment.canonical.len() > KEPT_BYTES_MAX {
            return Err(UnfitContent::TooLarge(commitment.canonical.len()));
        }
        let body = Body::Full { salt, content: commitment.canonical };
        let body = codec::compress(&body.encode())?;
        Ok(Self { body, content_hash: commitment.content_hash, columns: columns::of(content), event })
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
