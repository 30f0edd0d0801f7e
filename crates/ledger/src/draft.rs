//! What will be an entry once it has its place: made before any lock is taken.

use custody_domain::{
    Body,
    columns::{self, Columns},
    commitment::{self, Salt},
    json,
};

use crate::codec;

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

impl Draft {
    /// `content` must be valid ([`custody_domain::content::validate`]), masked, with its numbers
    /// normalised and the server's members in place. `salt` must be random and used once.
    pub fn new(content: &json::Object<'_>, salt: Salt, event: Option<EventKey>) -> Self {
        let commitment = commitment::commit(content, &salt);
        let body = Body::Full { salt, content: commitment.canonical };
        #[expect(
            clippy::expect_used,
            reason = "zstd refuses to compress only where there is no memory left, which ends the \
                      program anyway; that the dictionary loads is tested"
        )]
        let body = codec::compress(&body.encode()).expect("zstd compresses");
        Self { body, content_hash: commitment.content_hash, columns: columns::of(content), event }
    }

    /// What it will weigh in the ledger, compressed.
    pub fn body_len_bytes(&self) -> usize {
        self.body.len()
    }
}
