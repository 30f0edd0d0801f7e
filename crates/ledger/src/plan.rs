//! What one tenant's part of a batch will write, decided while its head is held: which drafts are
//! new, and the place of each. Pure, so that clocks and collisions can be tested without a database.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use custody_domain::{ClockState, EntryId, TenantId, leaf::leaf_hash};
use custody_store::{
    entries::NewEntry,
    event_keys::{EventKeyRow, EventKind},
    heads::{Advance, LockedHead},
};

use crate::{Draft, EventKey, LedgerError, RecentLeaf};

/// A clock that was set back further than this is not the log's to ride out.
const CLOCK_AHEAD_MAX: TimeDelta = TimeDelta::days(1);

/// Events that are in the log already.
pub(crate) type Known = HashMap<(EventKind, [u8; 16]), EventKeyRow>;

/// What is to be written, and what to answer.
#[derive(Debug)]
pub(crate) struct Plan<'d> {
    locked: LockedHead,
    placed: Vec<(&'d Draft, NewLeaf)>,
    /// One a draft, in their order.
    pub(crate) answers: Vec<Answer>,
    pub(crate) event_keys: Vec<(EventKind, EventKeyRow)>,
    /// How far the database's clock lags behind the log's last id.
    pub(crate) clock_behind: Option<TimeDelta>,
}

/// Where an entry of this batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NewLeaf {
    pub(crate) id: EntryId,
    pub(crate) seq: u64,
    pub(crate) leaf_hash: [u8; 32],
}

/// Where an event stands that is in the log already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Here(NewLeaf),
    /// In a batch before; the rest stands in its row.
    Earlier(EntryId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    New(NewLeaf),
    Duplicate(Place),
    Conflict(Place),
}

/// The tenant's last id lies too far ahead of the database's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClockAhead {
    tenant: TenantId,
    head: DateTime<Utc>,
    clock: DateTime<Utc>,
}

impl<'d> Plan<'d> {
    /// `known`: those of the drafts' event keys that are in the log already.
    pub(crate) fn new(
        locked: LockedHead,
        drafts: impl Iterator<Item = &'d Draft>,
        known: Known,
    ) -> Result<Self, ClockAhead> {
        let mut seen = known;
        let mut leaves_of_batch: HashMap<EntryId, NewLeaf> = HashMap::new();
        let mut plan = Self {
            locked,
            placed: Vec::new(),
            answers: Vec::new(),
            event_keys: Vec::new(),
            clock_behind: None,
        };
        let mut last = locked.head.last_id;
        for draft in drafts {
            if let Some((id, is_same)) = known_again(draft, &seen) {
                let place = leaves_of_batch.get(&id).map_or(Place::Earlier(id), |leaf| Place::Here(*leaf));
                plan.answers.push(if is_same { Answer::Duplicate(place) } else { Answer::Conflict(place) });
                continue;
            }
            let (id, clock) = EntryId::next(last, locked.now);
            plan.heed_clock(clock)?;
            last = Some(id);
            let seq = locked.head.size + plan.placed.len() as u64;
            let leaf = NewLeaf { id, seq, leaf_hash: leaf_hash(locked.tenant, id, &draft.content_hash) };
            for EventKey { kind, key16, fp16 } in draft.keys() {
                let row = EventKeyRow { tenant: locked.tenant, id, key16, fp8: first_half(fp16) };
                seen.insert((kind, key16), row);
                leaves_of_batch.insert(id, leaf);
                plan.event_keys.push((kind, row));
            }
            plan.placed.push((draft, leaf));
            plan.answers.push(Answer::New(leaf));
        }
        Ok(plan)
    }

    pub(crate) fn tenant(&self) -> TenantId {
        self.locked.tenant
    }

    /// Entries to write.
    pub(crate) fn count(&self) -> usize {
        self.placed.len()
    }

    /// How the head moves; None where nothing is written.
    pub(crate) fn advance(&self) -> Option<Advance> {
        let (_, last) = self.placed.last()?;
        Some(Advance {
            tenant: self.locked.tenant,
            size: self.locked.head.size,
            count: self.placed.len() as u64,
            last_id: last.id,
        })
    }

    /// The rows, in the order of the log, and their days, which only rise.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (NaiveDate, NewEntry<'_>)> {
        self.placed.iter().map(|(draft, leaf)| {
            let row = NewEntry {
                tenant: self.locked.tenant,
                id: leaf.id,
                seq: leaf.seq,
                columns: &draft.columns,
                leaf_hash: &leaf.leaf_hash,
                body: &draft.body,
            };
            (leaf.id.received_at().date_naive(), row)
        })
    }

    /// The first new entry's seq, and the leaves.
    pub(crate) fn leaves(&self) -> (u64, impl ExactSizeIterator<Item = RecentLeaf> + '_) {
        let leaves =
            self.placed.iter().map(|(_, leaf)| RecentLeaf { id: leaf.id, leaf_hash: leaf.leaf_hash });
        (self.locked.head.size, leaves)
    }

    fn heed_clock(&mut self, clock: ClockState) -> Result<(), ClockAhead> {
        let ClockState::Behind { by } = clock else { return Ok(()) };
        if by > CLOCK_AHEAD_MAX {
            return Err(ClockAhead {
                tenant: self.locked.tenant,
                head: self.locked.head.last_id.map_or(DateTime::<Utc>::UNIX_EPOCH, EntryId::received_at),
                clock: self.locked.now,
            });
        }
        self.clock_behind = self.clock_behind.max(Some(by));
        Ok(())
    }
}

impl From<ClockAhead> for LedgerError {
    fn from(error: ClockAhead) -> Self {
        let ClockAhead { tenant, head, clock } = error;
        Self::ClockAhead { tenant, head, clock }
    }
}

/// What is kept of a fingerprint.
fn first_half(fp16: [u8; 16]) -> [u8; 8] {
    let mut half = [0; 8];
    half.copy_from_slice(&fp16[..8]);
    half
}

/// The entry that stands in a draft's place, and whether it is what the draft says.
fn known_again(draft: &Draft, seen: &Known) -> Option<(EntryId, bool)> {
    let find = |key: EventKey| seen.get(&(key.kind, key.key16));
    if let Some(row) = draft.origin.and_then(find) {
        return Some((row.id, true));
    }
    let event = draft.event?;
    let row = find(event)?;
    Some((row.id, first_half(event.fp16) == row.fp8))
}

#[cfg(test)]
mod tests;
