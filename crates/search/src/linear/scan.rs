//! One pass over a range of the log.

use std::time::{Duration, Instant as Clock};

use custody_auth::Scope;
use custody_domain::EntryId;
use custody_ledger::{Order, Range, StoredEntry};

use super::LinearLimits;
use crate::{Asked, Log, SearchError, StopReason, chunk::Chunk};

/// Time after which other tasks of the same thread get their turn. Not a number of entries: those of
/// a query of many clauses take long.
pub(super) const TURN: Duration = Duration::from_millis(2);

/// What to look for, and how far.
pub(super) struct Task<'t> {
    pub(super) scope: &'t Scope,
    pub(super) asked: &'t Asked,
    pub(super) order: Order,
    pub(super) limit: u32,
}

/// What a pass came to.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) items: Vec<StoredEntry>,
    pub(super) scanned: u64,
    /// The last entry that was looked at, unless the range ended there.
    pub(super) resume: Option<EntryId>,
    pub(super) stop: Option<StopReason>,
    scanned_bytes: usize,
    page_bytes: usize,
}

impl Scan {
    /// Reads until `limit` entries match, the range ends, or the work is as much as it may be.
    pub(super) async fn run(
        log: &dyn Log,
        limits: &LinearLimits,
        task: &Task<'_>,
        mut range: Range,
    ) -> Result<Self, SearchError> {
        let &Task { scope, asked, order, limit } = task;
        let started = Clock::now();
        let mut turn = started;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut scan = Self::default();
        let first = limit.saturating_add(1).min(limits.first_chunk);
        let mut chunk = Chunk::new(first, limits.chunk_max, limits.chunk_bytes_max);
        loop {
            // One beyond the last that may be looked at tells whether there is more.
            let left = limits.scan_max.saturating_sub(scan.scanned).saturating_add(1);
            let want = chunk.size().min(u32::try_from(left).unwrap_or(u32::MAX));
            let entries = log.page(scope, range, order, want).await?;
            let count = entries.len();
            let ended = u32::try_from(count).unwrap_or(u32::MAX) < want;
            chunk.took(&entries);
            for (at, entry) in entries.into_iter().enumerate() {
                let id = entry.id;
                scan.look_at(asked, entry)?;
                let full = scan.items.len() == wanted;
                let stop = scan.reason_to_stop(limits, started);
                if full || stop.is_some() {
                    let more = !(ended && at + 1 == count);
                    scan.resume = more.then_some(id);
                    scan.stop = stop.filter(|_| more && !full);
                    return Ok(scan);
                }
                range = range.beyond(order, id);
                if turn.elapsed() >= TURN {
                    tokio::task::yield_now().await;
                    turn = Clock::now();
                }
            }
            if ended {
                return Ok(scan);
            }
        }
    }

    fn look_at(&mut self, asked: &Asked, entry: StoredEntry) -> Result<(), SearchError> {
        let bytes = entry.body.content_bytes().len();
        self.scanned += 1;
        self.scanned_bytes += bytes;
        if asked.matches(&entry.view()?) {
            self.page_bytes += bytes;
            self.items.push(entry);
        }
        Ok(())
    }

    fn reason_to_stop(&self, limits: &LinearLimits, started: Clock) -> Option<StopReason> {
        if self.page_bytes >= limits.page_bytes_max {
            return Some(StopReason::PageBytes);
        }
        let worked = self.scanned >= limits.scan_max
            || self.scanned_bytes >= limits.scan_bytes_max
            || started.elapsed() >= limits.scan_time_max;
        worked.then_some(StopReason::WorkLimit)
    }
}
