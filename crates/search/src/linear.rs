//! The executor that reads the log: exact, without an index, bounded in its work.

mod limits;
mod scan;
mod turns;

use std::sync::Arc;

use async_trait::async_trait;
use custody_auth::Scope;
use custody_domain::{
    EntryId,
    query::{Instant, Query},
};
use custody_ledger::{Head, Order, Range};
use uuid::Uuid;

pub use self::limits::LinearLimits;
use self::{
    scan::{Scan, Task},
    turns::Turns,
};
use crate::{
    Asked, CursorKey, LIMIT_MAX, Log, Page, PageRequest, Search, SearchError, Sort, Stopped, cursor::Walk,
};

/// Runs [`Asked::matches`] on the entries of the log, in its order. Clones share the turns of the
/// tenants.
#[derive(Clone, Debug)]
pub struct Linear {
    log: Arc<dyn Log>,
    cursors: CursorKey,
    limits: LinearLimits,
    turns: Arc<Turns>,
}

impl Linear {
    pub fn new(log: impl Log + 'static, cursors: CursorKey, limits: LinearLimits) -> Self {
        Self { log: Arc::new(log), cursors, limits, turns: Arc::default() }
    }
}

#[async_trait]
impl Search for Linear {
    async fn page(&self, scope: &Scope, request: PageRequest) -> Result<Page, SearchError> {
        let order = match request.sort {
            Sort::ReceivedDescending => Order::NewestFirst,
            Sort::ReceivedAscending => Order::OldestFirst,
            sort => return Err(SearchError::SortNotAvailable(sort)),
        };
        if !(1..=LIMIT_MAX).contains(&request.limit) {
            return Err(SearchError::Limit);
        }
        let asked = Asked::new(scope, request.query);
        let walk = Walk { tenant: scope.tenant(), query: asked.whole(), sort: request.sort };
        let last = match &request.cursor {
            Some(cursor) => Some(self.cursors.open(&walk, cursor)?),
            None => None,
        };
        let _turn = self.turns.take(scope.tenant(), &self.limits).await?;
        let head = self.log.head(scope).await?;
        let scan = match range(asked.whole(), head, order, last) {
            Some(range) => {
                let task = Task { scope, asked: &asked, order, limit: request.limit };
                Scan::run(&*self.log, &self.limits, &task, range).await?
            }
            None => Scan::default(),
        };
        let told = |count: u64| (!asked.is_restricted()).then_some(count);
        Ok(Page {
            next_cursor: scan.resume.map(|after| self.cursors.seal(&walk, after)),
            index_watermark: told(head.size),
            stopped: scan.stop.map(|reason| Stopped { reason, scanned: told(scan.scanned) }),
            items: scan.items,
        })
    }
}

/// The ids that can match: up to the head, within the received times that the query asks for,
/// beyond the entry where the page before ended. None where there can be no such id.
fn range(query: &Query, head: Head, order: Order, last: Option<EntryId>) -> Option<Range> {
    let end = shifted(head.last_id?, 1);
    let received = query.received_range();
    let bound = |at: Instant| EntryId::lower_bound(at.to_datetime());
    let mut range = Range {
        after: received.from.map(|from| shifted(bound(from), -1)),
        before: Some(received.before.map_or(end, |before| bound(before).min(end))),
    };
    if let Some(last) = last {
        range = beyond(range, order, last);
    }
    (range.after < range.before).then_some(range)
}

/// What is left of a range after `id` was looked at.
fn beyond(range: Range, order: Order, id: EntryId) -> Range {
    match order {
        Order::NewestFirst => {
            Range { before: Some(range.before.map_or(id, |before| before.min(id))), ..range }
        }
        Order::OldestFirst => Range { after: range.after.max(Some(id)), ..range },
    }
}

/// The number next to an id. It need not be an id itself: it is a bound.
fn shifted(id: EntryId, by: i8) -> EntryId {
    let number = id.0.as_u128();
    EntryId(Uuid::from_u128(number.saturating_add_signed(by.into())))
}
