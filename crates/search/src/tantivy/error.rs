//! What can be wrong with a part.

use std::fmt::Display;

use custody_ledger::LedgerError;
use tantivy::{TantivyError, directory::error::OpenReadError};

use super::run::RunError;
use crate::{SearchError, stats::TooMany};

/// Why a part was not made, or is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartError {
    #[error("the file is damaged")]
    Damaged,
    #[error("the file is of another version of the index")]
    OtherVersion,
    #[error("a part of no entries")]
    Empty,
    #[error("more than a part can hold")]
    TooMany,
    /// The clock was set back for so long that an id counts beyond 64 bits.
    #[error("an id's counter is too large for the index")]
    Counter,
    #[error(transparent)]
    Entry(#[from] LedgerError),
    #[error(transparent)]
    Index(#[from] TantivyError),
    #[error(transparent)]
    Open(#[from] OpenReadError),
    #[error(transparent)]
    Directory(#[from] serde_json::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Why an index could not be brought up to the log, or be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    #[error(transparent)]
    Part(#[from] PartError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("the question takes longer than one may")]
    TooMuch,
    /// The log has no entry of that place, and has later ones.
    #[error("the log has no entry {seq}, but later ones")]
    Gap { seq: u64 },
    #[error("the index has panicked; that is a defect")]
    Panicked,
}

impl From<RunError> for IndexError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Exhausted(_) => Self::TooMuch,
            RunError::Io(error) => Self::Io(error),
        }
    }
}

impl From<TooMany> for IndexError {
    fn from(_: TooMany) -> Self {
        Self::TooMuch
    }
}

/// What may have failed because a part is damaged.
pub(super) trait OfAPart: Display + From<IndexError> {
    /// Whether making the part again may help.
    fn is_of_a_part(&self) -> bool;
}

impl OfAPart for IndexError {
    fn is_of_a_part(&self) -> bool {
        matches!(self, Self::Part(_) | Self::Io(_))
    }
}

impl OfAPart for SearchError {
    fn is_of_a_part(&self) -> bool {
        matches!(self, Self::Index(error) if error.is_of_a_part())
    }
}
