//! Items that go through one transaction.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use custody_ingest::{IngestError, Prepared};

/// Items in one transaction, at most; and bytes of the body that they came in, give or take a piece.
pub(super) const ITEMS_MAX: usize = 1_000;
pub(super) const BYTES_MAX: usize = 2 << 20;

/// What the reading hands on to the writing.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) content: Content,
    /// What it holds in memory.
    pub(super) bytes: usize,
}

#[derive(Debug)]
pub(super) enum Content {
    Prepared(Prepared),
    /// So many items could not be prepared, which is not theirs.
    Failed(usize, IngestError),
    /// So many items that were not worth a try after what happened to those before them.
    Untried(usize),
    /// What was not read, as one item.
    Unread(String),
}

/// What the two halves know of each other.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// In chunks that were handed on and not yet written.
    pub(super) bytes_in_hand: AtomicUsize,
    /// Set once the ledger failed so often that what still comes is not tried.
    given_up: AtomicBool,
    /// Set once nothing more is to be read, and why.
    stopped: OnceLock<&'static str>,
}

impl Progress {
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    pub(super) fn stop(&self, why: &'static str) {
        // The first reason is the one that is told.
        let _ = self.stopped.set(why);
    }

    pub(super) fn stopped(&self) -> Option<&'static str> {
        self.stopped.get().copied()
    }
}
