//! What an appender gets back: the entry's place, which never changes.

use chrono::{DateTime, Utc};
use custody_domain::EntryId;

/// The place of an entry that is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub id: EntryId,
    /// From 0, without gaps: the entry's leaf index in its tenant's tree.
    pub seq: u64,
    /// The id's millisecond, by the database's clock.
    pub received_at: DateTime<Utc>,
    pub leaf_hash: [u8; 32],
}

/// What became of one draft, in the order of the drafts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// A new entry.
    Accepted(Receipt),
    /// The event was there already, with the same content; the receipt is the first one's.
    Duplicate(Receipt),
    /// Another event was there already under this event id; the receipt is that one's. Nothing
    /// was written.
    Conflict(Receipt),
}

impl Appended {
    pub fn receipt(&self) -> &Receipt {
        match self {
            Self::Accepted(receipt) | Self::Duplicate(receipt) | Self::Conflict(receipt) => receipt,
        }
    }
}
