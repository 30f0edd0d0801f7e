//! Why the ledger did not do what was asked.

use chrono::{DateTime, NaiveDate, Utc};
use custody_domain::{EntryId, TenantId, body::BodyError};
use custody_keys::KeyError;
use custody_store::StoreError;

use crate::{entry::UnreadableBody, tree::TreeError};

/// Nothing was written by a call that answers with one of these, but for [`LedgerError::Unknown`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The database or the key service did not answer; trying again may help.
    #[error("the ledger is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer to a COMMIT, or what had to be read after it, was lost: all of it is there, or
    /// nothing. What has a key may be sent again.
    #[error("whether it was written is not known: {0}")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// More waits to be committed than may; nothing of this was taken. It is worth another try in a
    /// second.
    #[error("more waits to be committed than may; try again")]
    Full,
    /// There is no partition for that day; the maintenance that makes them ahead has stopped.
    #[error("there is no partition for {day}; run: custody migrate")]
    NoPartition { day: NaiveDate },
    /// The tenant's last id lies more than a day ahead of the database's clock, which was set back.
    #[error(
        "the log of tenant {tenant} is at {head}, more than a day ahead of the database's clock \
         ({clock}); set the clock right"
    )]
    ClockAhead { tenant: TenantId, head: DateTime<Utc>, clock: DateTime<Utc> },
    /// There is no such entry, or no such tenant.
    #[error("there is no such entry")]
    NotFound,
    /// The stored bytes are not what an append writes.
    #[error("entry {seq} of tenant {tenant} cannot be read: {source}")]
    Unreadable { tenant: TenantId, seq: u64, source: UnreadableBody },
    /// A place in the log that was given away is empty.
    #[error("entry {seq} of tenant {tenant} is missing")]
    Missing { tenant: TenantId, seq: u64 },
    /// The entry of an event that is known is not there.
    #[error("entry {id} of tenant {tenant}, which an event key names, is missing")]
    Gone { tenant: TenantId, id: EntryId },
    /// The pointers do not name whole members.
    #[error("cannot be erased: {0}")]
    NotErasable(#[source] BodyError),
    /// A defect, or a database that is not as the migrations left it.
    #[error(transparent)]
    Store(StoreError),
    /// Of the tree over the log.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A tenant's key cannot be opened.
    #[error("the tenant's key cannot be opened: {0}")]
    Keys(#[source] KeyError),
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(Box::new(error)),
            StoreError::NoPartition { day } => Self::NoPartition { day },
            StoreError::NotFound => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

impl From<KeyError> for LedgerError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Unavailable(_) => Self::Unavailable(Box::new(error)),
            other => Self::Keys(other),
        }
    }
}
