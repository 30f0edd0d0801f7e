//! Finds the entries of a page, in parts and in what is in none yet. It reads no entry from the
//! ledger.

mod by_log;
mod by_time;

use std::{sync::Arc, time::Duration};

use custody_domain::query::{Query, terms::Plan};
use custody_ledger::{LedgerError, Range, StoredEntry};

use super::{
    IndexError,
    bits::Bits,
    part::Part,
    run::{RunError, Work, run},
    view::View,
};
pub(super) use crate::indexed::{Found, Hit};
use crate::{Sort, Total, cursor::Place};

/// What is looked for, where, in which order.
#[derive(Clone, Debug)]
pub(super) struct Find {
    pub(super) view: Arc<View>,
    pub(super) query: Query,
    pub(super) plan: Plan,
    pub(super) sort: Sort,
    /// Ids that count, both left out.
    pub(super) window: Range,
    pub(super) time_max: Duration,
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
    pub(super) fn count(&self) -> Result<Total, IndexError> {
        let work = Work::within(self.time_max);
        let mut count = 0;
        for entries in &self.view.tail {
            for entry in entries.iter() {
                count += u64::from(self.matches(entry)?);
                if work.look().is_err() {
                    return Ok(Total::AtLeast(count));
                }
            }
        }
        for slot in self.view.slots.iter().rev() {
            let part = slot.part()?;
            match self.documents(&part, self.window, &work) {
                Ok(documents) => count += documents.count(),
                Err(RunError::Exhausted(_)) => return Ok(Total::AtLeast(count)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Total::Exactly(count))
    }

    /// Whether an entry of the tail is looked for.
    pub(super) fn matches(&self, entry: &StoredEntry) -> Result<bool, LedgerError> {
        Ok(self.window.holds(entry.id) && self.query.matches(&entry.view()?))
    }

    pub(super) fn documents(&self, part: &Part, window: Range, work: &Work) -> Result<Bits, RunError> {
        let within = documents_of(window, part);
        if within.is_empty() {
            return Ok(within);
        }
        run(part, &self.plan, &within, work)
    }
}

/// The documents of a part whose ids are in the range.
pub(super) fn documents_of(range: Range, part: &Part) -> Bits {
    let count = part.count();
    let from = range.after.map_or(0, |after| {
        let at = part.first_from(after);
        at + u32::from(at < count && part.id(at) == after)
    });
    let to = range.before.map_or(count, |before| part.first_from(before));
    Bits::range(count, from, to)
}
