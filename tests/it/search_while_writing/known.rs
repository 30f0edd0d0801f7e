//! What clients know of a tenant's log, and what was seen in all.

use std::{
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::support::Tenant;

/// Values of what can be asked for.
pub(super) const KINDS: usize = 5;

/// An entry that was acknowledged.
#[derive(Clone, Debug)]
pub(super) struct Acknowledged {
    pub(super) id: String,
    pub(super) seq: u64,
    /// Which of its values it has, of all that can be asked for.
    pub(super) kind: usize,
}

/// A tenant, and what of its log was acknowledged, as the answers came.
pub(super) struct Known {
    pub(super) tenant: Tenant,
    acknowledged: Mutex<Vec<Acknowledged>>,
}

impl Known {
    pub(super) fn of(tenant: Tenant) -> Self {
        Self { tenant, acknowledged: Mutex::default() }
    }

    pub(super) fn add(&self, entries: impl IntoIterator<Item = Acknowledged>) {
        self.acknowledged.lock().unwrap().extend(entries);
    }

    /// Of this kind, or all: what a read that begins now must find.
    pub(super) fn so_far(&self, kind: Option<usize>) -> Vec<Acknowledged> {
        let all = self.acknowledged.lock().unwrap();
        all.iter().filter(|entry| kind.is_none_or(|kind| entry.kind == kind)).cloned().collect()
    }

    pub(super) fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    pub(super) fn any(&self) -> Option<Acknowledged> {
        let all = self.acknowledged.lock().unwrap();
        if all.is_empty() { None } else { Some(all[rand::random_range(0..all.len())].clone()) }
    }
}

#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) entries: AtomicUsize,
    /// That came to their end.
    pub(super) walks: AtomicUsize,
    pub(super) pages: AtomicUsize,
    pub(super) items: AtomicUsize,
    /// Pages that ended before they were full.
    pub(super) stopped: AtomicUsize,
    /// Walks and counts that were refused because the index was away.
    pub(super) refused: AtomicUsize,
    pub(super) counts: AtomicUsize,
    /// Requests without an answer, which were sent again.
    pub(super) broken: AtomicUsize,
}

pub(super) fn one(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        write!(
            f,
            "{} entries acknowledged; {} walks of {} pages and {} items, {} counts; {} pages stopped early, \
             {} reads were refused, {} requests broke off;",
            of(&self.entries),
            of(&self.walks),
            of(&self.pages),
            of(&self.items),
            of(&self.counts),
            of(&self.stopped),
            of(&self.refused),
            of(&self.broken),
        )
    }
}
