//! What an append will write, decided while the head is held: which drafts are new, and the place
//! of each. Pure, so that clocks and collisions can be tested without a database.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use custody_domain::{ClockState, EntryId, leaf::leaf_hash};
use custody_store::{entries::NewEntry, event_keys::EventKeyRow, heads::LockedHead};

use crate::{Draft, EventKey, LedgerError};

/// A clock that was set back further than this is not the log's to ride out.
const CLOCK_AHEAD_MAX: TimeDelta = TimeDelta::days(1);

/// What is to be written, and what to answer.
#[derive(Debug)]
pub(crate) struct Plan<'d> {
    placed: Vec<Placed<'d>>,
    /// One a draft, in their order.
    pub(crate) answers: Vec<Answer>,
    pub(crate) event_keys: Vec<EventKeyRow>,
    /// How far the database's clock lags behind the log's last id.
    pub(crate) clock_behind: Option<TimeDelta>,
}

#[derive(Debug)]
struct Placed<'d> {
    draft: &'d Draft,
    place: Place,
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) id: EntryId,
    pub(crate) seq: u64,
    /// None for an entry of an earlier batch: it stands in its row.
    pub(crate) leaf_hash: Option<[u8; 32]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    New(Place),
    Duplicate(Place),
    Conflict(Place),
}

impl Answer {
    pub(crate) fn place(&self) -> &Place {
        match self {
            Self::New(place) | Self::Duplicate(place) | Self::Conflict(place) => place,
        }
    }
}

impl<'d> Plan<'d> {
    /// `known`: those of the drafts' event keys that are in the log already.
    pub(crate) fn new(
        locked: &LockedHead,
        drafts: &'d [Draft],
        known: Vec<EventKeyRow>,
    ) -> Result<Self, LedgerError> {
        let mut seen: HashMap<[u8; 16], EventKeyRow> =
            known.into_iter().map(|row| (row.key16, row)).collect();
        let mut leaves_of_batch: HashMap<EntryId, [u8; 32]> = HashMap::new();
        let mut plan = Self {
            placed: Vec::with_capacity(drafts.len()),
            answers: Vec::with_capacity(drafts.len()),
            event_keys: Vec::new(),
            clock_behind: None,
        };
        let mut last = locked.head.last_id;
        for draft in drafts {
            if let Some(row) = draft.event.and_then(|event| seen.get(&event.key16)) {
                let leaf_hash = leaves_of_batch.get(&row.id).copied();
                let place = Place { id: row.id, seq: row.seq, leaf_hash };
                plan.answers.push(again(draft.event, row, place));
                continue;
            }
            let (id, clock) = EntryId::next(last, locked.now);
            plan.heed_clock(clock, locked)?;
            last = Some(id);
            let seq = locked.head.size + plan.placed.len() as u64;
            let leaf = leaf_hash(locked.tenant, id, &draft.content_hash);
            let place = Place { id, seq, leaf_hash: Some(leaf) };
            if let Some(EventKey { key16, fp16 }) = draft.event {
                let row = EventKeyRow { key16, fp16, id, seq };
                seen.insert(key16, row);
                leaves_of_batch.insert(id, leaf);
                plan.event_keys.push(row);
            }
            plan.placed.push(Placed { draft, place });
            plan.answers.push(Answer::New(place));
        }
        Ok(plan)
    }

    /// Entries to write.
    pub(crate) fn count(&self) -> u64 {
        self.placed.len() as u64
    }

    pub(crate) fn last_id(&self) -> Option<EntryId> {
        self.placed.last().map(|placed| placed.place.id)
    }

    /// The rows of each day, in order: ids only rise, so a day is one run.
    pub(crate) fn days(&self) -> impl Iterator<Item = (NaiveDate, Vec<NewEntry<'_>>)> {
        self.placed
            .chunk_by(|a, b| day(a.place.id) == day(b.place.id))
            .filter_map(|run| Some((day(run.first()?.place.id), run.iter().map(row).collect())))
    }

    fn heed_clock(&mut self, clock: ClockState, locked: &LockedHead) -> Result<(), LedgerError> {
        let ClockState::Behind { by } = clock else { return Ok(()) };
        if by > CLOCK_AHEAD_MAX {
            return Err(LedgerError::ClockAhead {
                tenant: locked.tenant,
                head: locked.head.last_id.map_or(DateTime::<Utc>::UNIX_EPOCH, EntryId::received_at),
                clock: locked.now,
            });
        }
        self.clock_behind = self.clock_behind.max(Some(by));
        Ok(())
    }
}

fn again(event: Option<EventKey>, row: &EventKeyRow, place: Place) -> Answer {
    if event.is_some_and(|event| event.fp16 == row.fp16) {
        Answer::Duplicate(place)
    } else {
        Answer::Conflict(place)
    }
}

fn day(id: EntryId) -> NaiveDate {
    id.received_at().date_naive()
}

fn row<'p>(placed: &'p Placed<'_>) -> NewEntry<'p> {
    NewEntry {
        id: placed.place.id,
        seq: placed.place.seq,
        columns: &placed.draft.columns,
        leaf_hash: placed.place.leaf_hash.as_ref().unwrap_or(&[0; 32]),
        body: &placed.draft.body,
    }
}

#[cfg(test)]
mod tests;
