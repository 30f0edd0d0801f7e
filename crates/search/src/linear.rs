//! The executor that reads the log: exact, without an index, bounded in its work.

mod limits;
mod scan;
mod turns;

use std::{sync::Arc, time::Instant as Clock};

use async_trait::async_trait;
use custody_auth::Scope;
use custody_ledger::Order;

pub use self::limits::LinearLimits;
use self::scan::{Scan, Task};
pub(crate) use self::turns::Turns;
use crate::{
    Asked, CursorKey, LIMIT_MAX, Log, Page, PageRequest, Search, SearchError, Sort, Stats, StatsRequest,
    Stopped, Total,
    cursor::{Place, Turn, Walk, heading, turns},
    stats::{Tally, TooMany},
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
        Self::over(Arc::new(log), cursors, limits)
    }

    pub(crate) fn over(log: Arc<dyn Log>, cursors: CursorKey, limits: LinearLimits) -> Self {
        Self { log, cursors, limits, turns: Arc::default() }
    }
}

#[async_trait]
impl Search for Linear {
    async fn page(&self, scope: &Scope, request: PageRequest) -> Result<Page, SearchError> {
        if !(1..=LIMIT_MAX).contains(&request.limit) {
            return Err(SearchError::Limit);
        }
        let asked = Asked::new(scope, request.query);
        let walk = Walk { tenant: scope.tenant(), query: asked.whole(), sort: request.sort };
        let turn = request.cursor.as_deref().map(|cursor| self.cursors.open(&walk, cursor)).transpose()?;
        let (last, backwards) = match turn {
            None => (None, false),
            Some(Turn::After(place)) => (Some(place.id), false),
            Some(Turn::Before(place)) => (Some(place.id), true),
        };
        let order = match heading(turn, request.sort) {
            Sort::ReceivedDescending => Order::NewestFirst,
            Sort::ReceivedAscending => Order::OldestFirst,
            sort => return Err(SearchError::SortNotAvailable(sort)),
        };
        let _turn = self.turns.take(scope.tenant(), &self.limits).await?;
        let head = self.log.head(scope).await?;
        let range = asked.range(head).map(|range| last.map_or(range, |last| range.beyond(order, last)));
        let mut scan = match range.filter(|range| range.after < range.before) {
            Some(range) => {
                let task = Task { scope, asked: &asked, order, limit: request.limit };
                Scan::run(&*self.log, &self.limits, &task, range).await?
            }
            None => Scan::default(),
        };
        let told = |count: u64| (!asked.is_restricted()).then_some(count);
        let first = scan.items.first().map(|entry| Place::of(entry.id));
        let resume = scan.resume.map(Place::of);
        let seal = |turn| self.cursors.seal(&walk, turn);
        let (next, previous) = turns(turn, request.sort, first, resume);
        if backwards {
            scan.items.reverse();
        }
        let total = request.total && !asked.is_restricted();
        Ok(Page {
            next_cursor: next.map(seal),
            previous_cursor: previous.map(seal),
            index_watermark: told(head.size),
            stopped: scan.stop.map(|reason| Stopped { reason, scanned: told(scan.scanned) }),
            // Without an index nothing is known of what is not on the page.
            total: total.then_some(Total::AtLeast(scan.items.len() as u64)),
            items: scan.items,
        })
    }

    async fn stats(&self, scope: &Scope, request: StatsRequest) -> Result<Stats, SearchError> {
        let asked = Asked::new(scope, request.query.clone());
        let _turn = self.turns.take(scope.tenant(), &self.limits).await?;
        let head = self.log.head(scope).await?;
        let (mut tally, mut read) = (Tally::default(), 0);
        let started = Clock::now();
        let mut turn = started;
        let mut left = asked.range(head);
        while let Some(range) = left.filter(|range| range.after < range.before) {
            let entries = self.log.page(scope, range, Order::OldestFirst, self.limits.first_chunk).await?;
            read += entries.len() as u64;
            if read > self.limits.scan_max {
                return Err(SearchError::TooMuch);
            }
            for entry in &entries {
                let view = entry.view()?;
                if asked.matches(&view) {
                    tally.add(&view, &request).map_err(|TooMany| SearchError::TooMuch)?;
                }
                if turn.elapsed() >= scan::TURN {
                    tokio::task::yield_now().await;
                    turn = Clock::now();
                }
            }
            if started.elapsed() >= self.limits.scan_time_max {
                return Err(SearchError::TooMuch);
            }
            left = entries.last().map(|last| range.beyond(Order::OldestFirst, last.id));
        }
        Ok(tally.finish(&request, (!asked.is_restricted()).then_some(head.size)))
    }
}
