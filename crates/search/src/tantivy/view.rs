//! A tenant's index as it is at one moment.

use std::sync::Arc;

use custody_domain::EntryId;
use custody_ledger::StoredEntry;

use super::slot::Slot;

/// Parts of different slices are never merged: what is old stays as it is, and goes as a whole.
pub(super) const SLICE: u64 = 65_536;

/// Parts without a gap, and behind them entries that are in none yet.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    pub(super) epoch: u32,
    pub(super) slots: Vec<Arc<Slot>>,
    /// In log order; each within one slice.
    pub(super) tail: Vec<Arc<[StoredEntry]>>,
    /// The entry that comes next; none before the first came.
    pub(super) next: Option<u64>,
    pub(super) last_id: Option<EntryId>,
}

impl View {
    pub(super) fn of(epoch: u32, slots: Vec<Arc<Slot>>) -> Self {
        let last = slots.last();
        let (next, last_id) = (last.map(|slot| slot.name.seqs.end), last.map(|slot| slot.name.last_id));
        Self { epoch, slots, tail: Vec::new(), next, last_id }
    }

    /// Whether it holds all of a log of that size.
    pub(super) fn covers(&self, size: u64) -> bool {
        self.missing(size) == 0
    }

    pub(super) fn missing(&self, size: u64) -> u64 {
        size.saturating_sub(self.next.unwrap_or(0))
    }

    /// Of the content of what is in no part.
    pub(super) fn tail_bytes(&self) -> usize {
        self.tail
            .iter()
            .flat_map(|entries| entries.iter())
            .map(|entry| entry.body.content_bytes().len())
            .sum()
    }

    /// Entries in parts that a crash would lose (and that are indexed again then).
    pub(super) fn volatile_count(&self) -> u64 {
        self.slots.iter().filter(|slot| !slot.is_durable()).map(|slot| slot.count()).sum()
    }

    /// Takes the entries that follow, up to the first that does not: `false` where there is one.
    pub(super) fn push(&mut self, mut entries: Vec<StoredEntry>) -> bool {
        let next = self.next.unwrap_or(0);
        let following = (next..).zip(&entries).take_while(|(seq, entry)| entry.seq == *seq).count();
        let whole = following == entries.len();
        entries.truncate(following);
        while let Some(first) = entries.first().map(|entry| entry.seq) {
            let room = SLICE - first % SLICE;
            let rest = entries.split_off(entries.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
            self.next = Some(first + entries.len() as u64);
            self.last_id = entries.last().map(|entry| entry.id);
            self.tail.push(entries.into());
            entries = rest;
        }
        whole
    }

    /// The oldest of the tail, of one slice, about as many as `most`.
    pub(super) fn oldest(&self, most: usize) -> Vec<Arc<[StoredEntry]>> {
        let slice = |entries: &Arc<[StoredEntry]>| entries.first().map(|entry| entry.seq / SLICE);
        let first = self.tail.first().and_then(slice);
        let mut count = 0;
        let some = self.tail.iter().take_while(|entries| {
            let fits = slice(entries) == first && count < most;
            count += entries.len();
            fits
        });
        some.cloned().collect()
    }
}

/// The number of its slice.
pub(super) fn slice_of(slot: &Slot) -> u64 {
    slot.name.seqs.start / SLICE
}
