//! One reader's way through the log: pages of the past, the seam, the feed's queue.

use std::{collections::VecDeque, fmt, sync::Arc, time::Instant};

use custody_auth::Scope;
use custody_ledger::{LedgerError, Start, Unopened};
use futures::future::BoxFuture;

use super::{
    Item, Live, LiveError,
    feed::{Feed, Place, TURN},
    item::{self, Looked},
    own,
    seat::Seat,
};
use crate::Asked;

/// Hands out what was asked for, in the log's order. Dropping it ends it.
pub struct Reader {
    live: Live,
    feed: Arc<Feed>,
    scope: Scope,
    asked: Asked,
    /// Of the past: what is looked at next.
    at: Start,
    /// Rows from `at` on that were read.
    page: VecDeque<Unopened>,
    /// The next page, which is on its way: kept here, so that who is interrupted need not ask again.
    reading: Option<BoxFuture<'static, Result<Vec<Unopened>, LedgerError>>>,
    found: Vec<Item>,
    found_bytes: usize,
    seated: Option<Seated>,
}

struct Seated {
    seat: Arc<Seat>,
    place: Place,
    /// What lies before it comes of pages; none once it did.
    seam: Option<u64>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("tenant", &self.scope.tenant()).finish_non_exhaustive()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stand_up();
    }
}

impl Reader {
    pub(super) fn new(live: Live, feed: Arc<Feed>, scope: Scope, asked: Asked, at: Start) -> Self {
        Self {
            live,
            feed,
            scope,
            asked,
            at,
            page: VecDeque::new(),
            reading: None,
            found: Vec::new(),
            found_bytes: 0,
            seated: None,
        }
    }

    /// The next items, at least one; waits for them as long as it takes. Whoever drops the future loses
    /// nothing, and after [`LiveError::Ledger`] it may be asked again.
    pub async fn batch(&mut self) -> Result<Vec<Item>, LiveError> {
        loop {
            if self.feed.is_restored() {
                return Err(LiveError::Restored);
            }
            if let Some(Seated { seat, seam: None, .. }) = &self.seated {
                let taken = seat.queue().take(&self.live.0.config);
                if !taken.is_empty() {
                    return Ok(taken);
                }
                seat.filled.notified().await;
            } else if self.look_through().await || (!self.found.is_empty() && self.page.is_empty()) {
                self.found_bytes = 0;
                return Ok(std::mem::take(&mut self.found));
            } else {
                self.go_on().await?;
            }
        }
    }

    /// Every entry before it that was asked for has been handed out.
    pub fn position(&self) -> u64 {
        self.resume().seq
    }

    /// Asks for something else, from what was not handed out yet on.
    pub fn ask(&mut self, scope: &Scope, asked: Asked) {
        self.at = self.resume();
        self.stand_up();
        self.page.clear();
        self.reading = None;
        self.found.clear();
        self.found_bytes = 0;
        self.scope = scope.clone();
        self.asked = asked;
    }

    fn resume(&self) -> Start {
        match (self.found.first(), &self.seated) {
            (Some(item), _) => Start { seq: item.first_seq(), after: None },
            // A place ahead of the feed is the reader's wish, and stays.
            (None, Some(Seated { seat, seam: None, .. })) => {
                let start = self.feed.taken_before(seat);
                if start.seq >= seat.from { start } else { Start { seq: seat.from, after: None } }
            }
            (None, _) => self.at,
        }
    }

    fn stand_up(&mut self) {
        if let Some(seated) = self.seated.take() {
            self.feed.leave(&seated.place);
        }
    }

    fn seam(&self) -> Option<u64> {
        self.seated.as_ref().and_then(|seated| seated.seam)
    }

    /// Looks through the page; whether as much was found as may be handed out at once.
    async fn look_through(&mut self) -> bool {
        let seam = self.seam();
        let config = self.live.0.config;
        let mut turn = Instant::now();
        while let Some(row) = self.page.pop_front() {
            if seam.is_some_and(|seam| row.seq >= seam) {
                self.page.clear();
                self.at.seq = seam.unwrap_or(self.at.seq);
                return false;
            }
            self.at = Start { seq: row.seq.saturating_add(1), after: Some(row.id) };
            self.look_at(&row);
            if self.found.len() >= config.batch_entries_max || self.found_bytes >= config.batch_bytes_max {
                return true;
            }
            if turn.elapsed() >= TURN {
                tokio::task::yield_now().await;
                turn = Instant::now();
            }
        }
        false
    }

    fn look_at(&mut self, row: &Unopened) {
        let stored = item::open(row);
        let looked = stored.as_ref().and_then(|stored| Looked::at(stored).inspect_err(item::unreadable).ok());
        let item = match looked {
            Some(mut looked) => {
                let wanted = self.asked.matches(&looked.entry)
                    && !own::is_own(own::streamed_by(&looked.entry), self.scope.principal());
                wanted.then(|| Item::Entry(looked.shown()))
            }
            None => (!self.asked.is_restricted()).then_some(Item::Unreadable { seq: row.seq }),
        };
        if let Some(item) = item {
            self.found_bytes += item.bytes();
            self.found.push(item);
        }
    }

    /// The page is used up: takes a seat where the feed is near, and reads what lies before.
    async fn go_on(&mut self) -> Result<(), LedgerError> {
        let next = self.feed.next().seq;
        if self.seated.is_none() && next <= self.at.seq.saturating_add(self.live.0.config.near) {
            let seat = Arc::new(Seat::new(self.scope.principal().clone(), self.at.seq));
            let (at, filled_from) = self.feed.join(&self.asked, Arc::clone(&seat));
            self.seated = Some(Seated { seat, place: at, seam: Some(filled_from) });
        }
        if self.seam().is_some_and(|seam| self.at.seq >= seam) {
            self.reading = None;
            if let Some(seated) = &mut self.seated {
                seated.seam = None;
            }
            return Ok(());
        }
        let (live, feed) = (&self.live, &self.feed);
        let reading = self.reading.get_or_insert_with(|| {
            Box::pin(read(live.clone(), Arc::clone(&feed.pages), self.scope.clone(), self.at))
        });
        let rows = reading.await;
        self.reading = None;
        self.page = rows?.into();
        if self.page.is_empty() {
            // What the feed has passed was there; what is missing now, nobody can be given.
            self.at = Start { seq: self.seam().unwrap_or(next), after: None };
        }
        Ok(())
    }
}

/// In its tenant's turn, and then in everybody's.
async fn read(
    live: Live,
    of_tenant: Arc<tokio::sync::Semaphore>,
    scope: Scope,
    at: Start,
) -> Result<Vec<Unopened>, LedgerError> {
    // They are never closed.
    let _of_tenant = of_tenant.acquire().await.ok();
    let _of_all = live.0.pages.acquire().await.ok();
    let log = &live.0.log;
    let at = if at.after.is_none() && at.seq > 0 { log.start_at(&scope, at.seq).await? } else { at };
    log.onward(&scope, at, live.0.config.page_rows_max).await
}
