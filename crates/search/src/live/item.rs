//! What a reader is handed.

use std::sync::Arc;

use custody_domain::Entry;
use custody_ledger::{LedgerError, StoredEntry, Unopened};
use serde_json::value::RawValue;

use super::own;

/// An entry as the API shows it. All readers share one.
#[derive(Debug)]
pub struct Shown {
    pub seq: u64,
    /// Whether it tells of a read (`custody.log.*`).
    pub is_told: bool,
    pub json: Box<RawValue>,
}

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        (self.seq, self.json.get()) == (other.seq, other.json.get())
    }
}

impl Eq for Shown {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Entry(Arc<Shown>),
    /// Entries that the reader would have been given, from the first to the last of them, and was not:
    /// it took too long. Others may lie between; both ends are entries that it may read.
    Dropped {
        from: u64,
        to: u64,
    },
    /// An entry whose stored bytes are damaged: nobody can say whether it was asked for. Told only to
    /// whoever may read every entry.
    Unreadable {
        seq: u64,
    },
}

impl Item {
    pub(super) fn first_seq(&self) -> u64 {
        match self {
            Self::Entry(shown) => shown.seq,
            Self::Dropped { from, .. } => *from,
            Self::Unreadable { seq } => *seq,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Entry(shown) => shown.json.get().len(),
            Self::Dropped { .. } | Self::Unreadable { .. } => 0,
        }
    }
}

/// An entry that is looked at, and written out once somebody wants it.
pub(super) struct Looked<'e> {
    stored: &'e StoredEntry,
    pub(super) entry: Entry<'e>,
    shown: Option<Arc<Shown>>,
}

impl<'e> Looked<'e> {
    pub(super) fn at(stored: &'e StoredEntry) -> Result<Self, LedgerError> {
        Ok(Self { stored, entry: stored.view()?, shown: None })
    }

    pub(super) fn shown(&mut self) -> Arc<Shown> {
        let shown = self.shown.get_or_insert_with(|| {
            let is_told = own::is_told(&self.entry);
            let mut json = Vec::with_capacity(self.stored.body.content_bytes().len() + 256);
            self.stored.write_json(&mut json);
            // What was parsed is JSON, with what is added to it.
            let json = serde_json::from_slice(&json).unwrap_or_default();
            Arc::new(Shown { seq: self.stored.seq, is_told, json })
        });
        Arc::clone(shown)
    }
}

/// Opens a row; a damaged one is logged.
pub(super) fn open(row: &Unopened) -> Option<StoredEntry> {
    match row.open() {
        Ok(stored) => Some(stored),
        Err(error) => {
            unreadable(&error);
            None
        }
    }
}

pub(super) fn unreadable(error: &LedgerError) {
    tracing::error!(%error, "a stream passes over an entry");
}
