//! Pages of the executors over an index: the index finds, the ledger is read.
//!
//! A reader who may not see all gets nothing of theirs run on entries beyond their grant: the index
//! finds what the grant gives, and what they look for is looked for in those entries alone.

use std::collections::HashMap;

use async_trait::async_trait;
use custody_auth::Scope;
use custody_domain::query::Query;
use custody_ledger::{Head, StoredEntry};

use crate::{
    Asked, CursorKey, Log, Page, PageRequest, SearchError, StatsRequest, StopReason, Stopped, Total,
    chunk::Chunk,
    cursor::{Place, Turn, Walk, turns},
    stats::{Tally, TooMany},
};

/// Entries read from the ledger at once: a usual page is one read, …
const READ_FIRST: u32 = 64;
/// … later ones are of more, …
const READ: u32 = 128;
/// … and of large entries of fewer.
const READ_BYTES: usize = 8 << 20;
/// Entries that the index is asked for at once, where not all that it finds are wanted.
const FIND: usize = 128;
/// Entries that the index is asked for at once, where statistics are made by reading them.
const READ_FOR_STATS: usize = 256;

/// An entry that an index has found.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) place: Place,
    /// Of one that was at hand already.
    pub(crate) entry: Option<StoredEntry>,
}

#[derive(Debug, Default)]
pub(crate) struct Found {
    /// In the order that was asked for.
    pub(crate) hits: Vec<Hit>,
    /// Where the work ended before all was looked at; what is beyond was not.
    pub(crate) reached: Option<Place>,
}

/// A question to an index, in an order.
#[async_trait]
pub(crate) trait Finder: Sync {
    /// The first `want` that stand beyond `from`; fewer only where there are no more, or `reached` says
    /// so.
    async fn find(&self, from: Option<Place>, want: usize) -> Result<Found, SearchError>;

    async fn count(&self) -> Result<Total, SearchError>;
}

/// Who reads, and how much at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) log: &'a dyn Log,
    pub(crate) cursors: &'a CursorKey,
    pub(crate) scope: &'a Scope,
    pub(crate) asked: &'a Asked,
    /// Entries that are looked at because the reader may not see all.
    pub(crate) read_max: u64,
    /// Bytes of content on a page.
    pub(crate) page_bytes_max: usize,
}

/// What was read for a page so far.
#[derive(Default)]
struct Reading {
    items: Vec<StoredEntry>,
    /// Where the item stands that was read first.
    first: Option<Place>,
    looked: Option<Place>,
    scanned: u64,
    bytes: usize,
    /// From where there may be more.
    resume: Option<Place>,
    stop: Option<StopReason>,
}

impl Asked {
    /// What an index is asked.
    pub(crate) fn of_index(&self) -> &Query {
        self.grant().unwrap_or_else(|| self.whole())
    }

    /// Whether what the index finds may not be what is asked for.
    pub(crate) fn reads_to_filter(&self) -> bool {
        self.is_restricted() && *self.query() != Query::All
    }
}

impl Reader<'_> {
    /// The page of a finder that finds the way the page was asked for.
    pub(crate) async fn page(
        &self,
        finder: &dyn Finder,
        request: &PageRequest,
        turn: Option<Turn>,
        head: Head,
    ) -> Result<Page, SearchError> {
        let from = turn.map(|(Turn::After(place) | Turn::Before(place))| place);
        let mut reading = Reading::default();
        let wanted = usize::try_from(request.limit).unwrap_or(usize::MAX);
        self.read(finder, &mut reading, from, wanted).await?;
        let counts = request.total && !self.asked.reads_to_filter();
        let total = if counts { Some(finder.count().await?) } else { None };
        let told = |count: u64| (!self.asked.is_restricted()).then_some(count);
        // The page goes on the way it was asked, and back from where it began.
        let walk = Walk { tenant: self.scope.tenant(), query: self.asked.whole(), sort: request.sort };
        let seal = |turn| self.cursors.seal(&walk, turn);
        let (next, previous) = turns(turn, request.sort, reading.first, reading.resume);
        if matches!(turn, Some(Turn::Before(_))) {
            reading.items.reverse();
        }
        Ok(Page {
            items: reading.items,
            next_cursor: next.map(seal),
            previous_cursor: previous.map(seal),
            index_watermark: told(head.size),
            stopped: reading.stop.map(|reason| Stopped { reason, scanned: told(reading.scanned) }),
            total,
        })
    }

    async fn read(
        &self,
        finder: &dyn Finder,
        reading: &mut Reading,
        mut from: Option<Place>,
        wanted: usize,
    ) -> Result<(), SearchError> {
        let mut chunk = Chunk::new(READ_FIRST, READ, READ_BYTES);
        loop {
            // One more tells whether there is more.
            let want = if self.asked.reads_to_filter() { FIND } else { wanted - reading.items.len() + 1 };
            let found = finder.find(from, want).await?;
            let (ended, reached) = (found.hits.len() < want, found.reached);
            from = found.hits.last().map(|hit| hit.place).or(from);
            let mut rest = found.hits.as_slice();
            while let Some((some, more)) = next(rest, &chunk) {
                rest = more;
                if self.take(reading, some, wanted, &mut chunk).await? {
                    return Ok(());
                }
            }
            if let Some(place) = reached {
                reading.resume = Some(place);
                reading.stop = Some(StopReason::WorkLimit);
                return Ok(());
            }
            if ended {
                return Ok(());
            }
        }
    }

    /// Reads the entries of these; whether the page ends.
    async fn take(
        &self,
        reading: &mut Reading,
        hits: &[Hit],
        wanted: usize,
        chunk: &mut Chunk,
    ) -> Result<bool, SearchError> {
        let mut entries = self.entries(hits).await?;
        chunk.took(entries.values());
        for hit in hits {
            let too_large = reading.bytes >= self.page_bytes_max;
            let too_much = self.asked.reads_to_filter() && reading.scanned >= self.read_max;
            if reading.items.len() == wanted || too_large || too_much {
                reading.resume = reading.looked;
                reading.stop = match (too_large, too_much) {
                    _ if reading.items.len() == wanted => None,
                    (true, _) => Some(StopReason::PageBytes),
                    _ => Some(StopReason::WorkLimit),
                };
                return Ok(true);
            }
            reading.looked = Some(hit.place);
            // One that is gone since, by retention, is passed over.
            let Some(entry) = hit.entry.clone().or_else(|| entries.remove(&hit.place.id)) else { continue };
            reading.scanned += 1;
            if !self.asked.reads_to_filter() || self.asked.matches(&entry.view()?) {
                reading.bytes += entry.body.content_bytes().len();
                reading.first = reading.first.or(reading.looked);
                reading.items.push(entry);
            }
        }
        Ok(false)
    }

    async fn entries(
        &self,
        hits: &[Hit],
    ) -> Result<HashMap<custody_domain::EntryId, StoredEntry>, SearchError> {
        let ids: Vec<_> = hits.iter().filter(|hit| hit.entry.is_none()).map(|hit| hit.place.id).collect();
        Ok(match ids.as_slice() {
            [] => HashMap::new(),
            ids => {
                let entries = self.log.entries(self.scope, ids).await?;
                entries.into_iter().map(|entry| (entry.id, entry)).collect()
            }
        })
    }

    /// Counts by reading each entry, where what the index finds may not be what is asked for.
    pub(crate) async fn tally(
        &self,
        finder: &dyn Finder,
        request: &StatsRequest,
    ) -> Result<Tally, SearchError> {
        let (mut tally, mut from, mut read) = (Tally::default(), None, 0);
        let mut chunk = Chunk::new(READ_FIRST, READ, READ_BYTES);
        loop {
            let found = finder.find(from, READ_FOR_STATS).await?;
            read += found.hits.len() as u64;
            if found.reached.is_some() || read > self.read_max {
                return Err(SearchError::TooMuch);
            }
            let mut rest = found.hits.as_slice();
            while let Some((some, more)) = next(rest, &chunk) {
                rest = more;
                let entries = self.entries(some).await?;
                chunk.took(entries.values());
                for entry in entries.values().chain(some.iter().filter_map(|hit| hit.entry.as_ref())) {
                    let view = entry.view()?;
                    if self.asked.matches(&view) {
                        tally.add(&view, request).map_err(|TooMany| SearchError::TooMuch)?;
                    }
                }
            }
            from = found.hits.last().map(|hit| hit.place);
            if found.hits.len() < READ_FOR_STATS {
                return Ok(tally);
            }
        }
    }
}

/// Those that are read next, and what is left.
fn next<'h>(hits: &'h [Hit], chunk: &Chunk) -> Option<(&'h [Hit], &'h [Hit])> {
    let count = usize::try_from(chunk.size()).unwrap_or(usize::MAX).min(hits.len());
    (count > 0).then(|| hits.split_at(count))
}
