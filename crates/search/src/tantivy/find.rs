//! Finds the entries of a page, in parts and in what is in none yet. It reads no entry from the
//! ledger.

mod by_log;
mod by_time;

use std::{sync::Arc, time::Duration};

use custody_domain::{
    EntryId,
    query::{Query, terms::Plan},
};
use custody_ledger::{LedgerError, StoredEntry};
use uuid::Uuid;

use super::{
    IndexError,
    bits::Bits,
    part::Part,
    run::{RunError, Work, run},
    view::View,
};
pub(super) use crate::indexed::{Found, Hit};
use crate::{Sort, cursor::Place};

/// What is looked for, where, in which order.
#[derive(Clone, Debug)]
pub(super) struct Find {
    pub(super) view: Arc<View>,
    pub(super) query: Query,
    pub(super) plan: Plan,
    pub(super) sort: Sort,
    /// Ids that count, both left out.
    pub(super) window: Window,
    pub(super) time_max: Duration,
}

/// Strictly between two ids; `None` is open.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    pub(super) after: Option<EntryId>,
    pub(super) before: Option<EntryId>,
}

impl Find {
    /// The first `want` of those that stand beyond `from`. Takes its time: not on a thread that
    /// answers others.
    pub(super) fn find(&self, from: Option<Place>, want: usize) -> Result<Found, IndexError> {
        let work = Work::within(self.time_max);
        match self.sort {
            Sort::ReceivedDescending | Sort::ReceivedAscending => by_log::find(self, from, want, &work),
            Sort::OccurredDescending | Sort::OccurredAscending => by_time::find(self, from, want, &work),
        }
    }

    /// How many there are; where that is too much work, at least so many.
    pub(super) fn count(&self) -> Result<Count, IndexError> {
        let work = Work::within(self.time_max);
        let mut count = 0;
        for entries in &self.view.tail {
            for entry in entries.iter() {
                count += u64::from(self.matches(entry)?);
                if work.look().is_err() {
                    return Ok(Count::AtLeast(count));
                }
            }
        }
        for slot in self.view.slots.iter().rev() {
            let part = slot.part()?;
            match self.documents(&part, self.window, &work) {
                Ok(documents) => count += documents.count(),
                Err(RunError::Exhausted(_)) => return Ok(Count::AtLeast(count)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Count::Exactly(count))
    }

    /// Whether an entry of the tail is looked for.
    pub(super) fn matches(&self, entry: &StoredEntry) -> Result<bool, LedgerError> {
        Ok(self.window.holds(entry.id) && self.query.matches(&entry.view()?))
    }

    pub(super) fn documents(&self, part: &Part, window: Window, work: &Work) -> Result<Bits, RunError> {
        let within = window.documents(part);
        if within.is_empty() {
            return Ok(within);
        }
        run(part, &self.plan, &within, work)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Exactly(u64),
    AtLeast(u64),
}

impl Window {
    /// In which there is nothing.
    pub(super) fn nothing() -> Self {
        Self { after: Some(EntryId(Uuid::max())), before: None }
    }

    /// What of the window is beyond `from` in log order.
    fn beyond(self, from: Option<Place>, sort: Sort) -> Self {
        let Some(Place { id, .. }) = from else { return self };
        match sort {
            Sort::ReceivedDescending => Self { before: Some(self.before.map_or(id, |b| b.min(id))), ..self },
            _ => Self { after: self.after.max(Some(id)), ..self },
        }
    }

    fn holds(&self, id: EntryId) -> bool {
        self.after.is_none_or(|after| id > after) && self.before.is_none_or(|before| id < before)
    }

    pub(super) fn documents(&self, part: &Part) -> Bits {
        let count = part.count();
        let from = self.after.map_or(0, |after| {
            let at = part.first_from(after);
            at + u32::from(at < count && part.id(at) == after)
        });
        let to = self.before.map_or(count, |before| part.first_from(before));
        Bits::range(count, from, to)
    }

    /// Whether nothing of what ends with `last` is in it.
    fn is_past(&self, last: EntryId) -> bool {
        self.after.is_some_and(|after| last <= after)
    }
}
