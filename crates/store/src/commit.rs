//! How a transaction of the writer's ends: heads moved and COMMIT in one round trip, and a few rows
//! with them.

use chrono::NaiveDate;

use crate::{
    StoreError, WriterTx,
    connection::Uncommitted,
    entries::{self, NewEntry},
    event_keys::{self, EventKeyRow, EventKind},
    heads::{self, Advance},
};

/// Why a commit did not say that it is done.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing of the transaction is kept.
    #[error("the transaction was not committed: {0}")]
    RolledBack(#[source] StoreError),
    /// The answer was lost: all of it is kept, or nothing.
    #[error("whether the transaction was committed is not known: {0}")]
    Unknown(#[source] StoreError),
}

/// Rows of one day that go with the commit: for few of them that is faster than a COPY, which takes
/// two round trips of its own.
#[derive(Clone, Copy, Debug)]
pub struct Few<'r> {
    pub day: NaiveDate,
    /// At least one.
    pub entries: &'r [NewEntry<'r>],
    pub keys: &'r [(EventKind, Vec<EventKeyRow>)],
}

/// Writes the rows, moves the locked heads, and commits.
pub async fn commit(tx: WriterTx, few: Option<Few<'_>>, advances: &[Advance]) -> Result<(), CommitError> {
    let day = few.as_ref().map(|few| few.day);
    let statement = statement(few, advances).map_err(CommitError::RolledBack)?;
    tx.commit_saying(&statement).await.map_err(|error| match (error, day) {
        (Uncommitted::Failed, _) => {
            CommitError::RolledBack(StoreError::unexpected("a transaction that failed was to be committed"))
        }
        (Uncommitted::RolledBack(error), Some(day)) => {
            CommitError::RolledBack(entries::no_partition(error, day))
        }
        (Uncommitted::RolledBack(error), None) => CommitError::RolledBack(error.into()),
        (Uncommitted::Unknown(error), _) => CommitError::Unknown(error.into()),
    })
}

fn statement(few: Option<Few<'_>>, advances: &[Advance]) -> Result<String, StoreError> {
    let mut statement = String::new();
    if let Some(Few { day, entries, keys }) = few {
        statement = entries::insert_statement(day, entries)?;
        for (kind, rows) in keys {
            statement.push_str(&event_keys::insert_statement(*kind, rows));
        }
    }
    statement.push_str(&heads::advance_statement(advances)?);
    Ok(statement)
}
