//! Answers a page: finds the entries' ids in the index, reads them from the ledger.

use std::{collections::HashMap, sync::Arc};

use custody_auth::Scope;
use custody_domain::query::{Query, terms::Plan};
use custody_ledger::{Head, StoredEntry};

use super::{
    IndexError,
    find::{Count, Find, Found, Hit, Window},
    index::Inner,
    shelf::blocking,
    view::View,
};
use crate::{
    Asked, LIMIT_MAX, Page, PageRequest, SearchError, Sort, StopReason, Stopped, Total,
    cursor::{Place, Turn, Walk, turns},
    linear,
};

/// Entries read from the ledger at once.
const READ: usize = 128;

pub(super) async fn page(inner: &Inner, scope: &Scope, request: PageRequest) -> Result<Page, SearchError> {
    match answer(inner, scope, request.clone()).await {
        Err(SearchError::Index(error)) if matches!(*error, IndexError::Part(_) | IndexError::Io(_)) => {
            tracing::warn!(tenant.id = %scope.tenant(), %error, "a part of the index cannot be read");
            inner.shelf(scope.tenant()).await?.repair().await?;
            answer(inner, scope, request).await
        }
        other => other,
    }
}

async fn answer(inner: &Inner, scope: &Scope, request: PageRequest) -> Result<Page, SearchError> {
    if !(1..=LIMIT_MAX).contains(&request.limit) {
        return Err(SearchError::Limit);
    }
    let asked = Asked::new(scope, request.query.clone());
    let walk = Walk { tenant: scope.tenant(), query: asked.whole(), sort: request.sort };
    let turn = request.cursor.as_deref().map(|cursor| inner.cursors.open(&walk, cursor)).transpose()?;
    let shelf = inner.shelf(scope.tenant()).await?;
    shelf.ask();
    let _turn = inner.turns.take(scope.tenant(), &inner.turn_limits).await?;
    let head = inner.log.head(scope).await?;
    let view = shelf.cover(head, inner.limits.cover_max).await?;
    if !view.covers(head.size) {
        return without_index(inner, scope, request, &view, head).await;
    }
    let search = Search::new(inner, scope, &asked, (&view, head), request.sort, turn);
    let mut reading = Reading::default();
    let wanted = usize::try_from(request.limit).unwrap_or(usize::MAX);
    search.read(&mut reading, wanted).await?;
    let total = if request.total { Some(search.total().await?) } else { None };
    let total = total.filter(|_| !search.reads_to_filter());
    let told = |count: u64| (!asked.is_restricted()).then_some(count);
    // The page goes on the way it was asked, and back from where it began.
    let seal = |turn| inner.cursors.seal(&walk, turn);
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

/// While the index is far behind, the log's newest is looked at without it.
async fn without_index(
    inner: &Inner,
    scope: &Scope,
    request: PageRequest,
    view: &View,
    head: Head,
) -> Result<Page, SearchError> {
    if matches!(request.sort, Sort::OccurredAscending | Sort::OccurredDescending) {
        return Err(SearchError::Indexing { done: view.next.unwrap_or(0), of: head.size });
    }
    crate::Search::page(&inner.linear, scope, request).await
}

/// One request, past its checks.
struct Search<'a> {
    inner: &'a Inner,
    scope: &'a Scope,
    asked: &'a Asked,
    find: Find,
    from: Option<Place>,
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

impl<'a> Search<'a> {
    fn new(
        inner: &'a Inner,
        scope: &'a Scope,
        asked: &'a Asked,
        (view, head): (&Arc<View>, Head),
        sort: Sort,
        turn: Option<Turn>,
    ) -> Self {
        // Nothing of the asker's is run on entries beyond their grant: the index finds what they may
        // read, and what they look for is looked for in that alone.
        let query = asked.grant().cloned().unwrap_or_else(|| asked.whole().clone());
        let (from, sort) = match turn {
            None => (None, sort),
            Some(Turn::After(place)) => (Some(place), sort),
            Some(Turn::Before(place)) => (Some(place), sort.reversed()),
        };
        let range = linear::range_of(asked.whole(), head);
        let window =
            range.map_or_else(Window::nothing, |range| Window { after: range.after, before: range.before });
        let (plan, time_max) = (Plan::of(&query), inner.limits.time_max);
        let find = Find { view: Arc::clone(view), query, plan, sort, window, time_max };
        Self { inner, scope, asked, find, from }
    }

    /// Whether what the index finds may not be what is asked for.
    fn reads_to_filter(&self) -> bool {
        self.asked.is_restricted() && *self.asked.query() != Query::All
    }

    async fn read(&self, reading: &mut Reading, wanted: usize) -> Result<(), SearchError> {
        let mut from = self.from;
        loop {
            // One more tells whether there is more.
            let want = if self.reads_to_filter() { READ } else { wanted - reading.items.len() + 1 };
            let find = self.find.clone();
            let found: Found = blocking(move || find.find(from, want)).await?;
            let (ended, reached) = (found.hits.len() < want, found.reached);
            from = found.hits.last().map(|hit| hit.place).or(from);
            for hits in found.hits.chunks(READ) {
                if self.take(reading, hits, wanted).await? {
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
    async fn take(&self, reading: &mut Reading, hits: &[Hit], wanted: usize) -> Result<bool, SearchError> {
        let ids: Vec<_> = hits.iter().filter(|hit| hit.entry.is_none()).map(|hit| hit.place.id).collect();
        let mut entries: HashMap<_, _> = match ids.as_slice() {
            [] => HashMap::new(),
            ids => self
                .inner
                .log
                .entries(self.scope, ids)
                .await?
                .into_iter()
                .map(|entry| (entry.id, entry))
                .collect(),
        };
        for hit in hits {
            let too_large = reading.bytes >= self.inner.limits.page_bytes_max;
            let too_much = self.reads_to_filter() && reading.scanned >= self.inner.limits.read_max;
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
            if !self.reads_to_filter() || self.asked.matches(&entry.view()?) {
                reading.bytes += entry.body.content_bytes().len();
                reading.first = reading.first.or(reading.looked);
                reading.items.push(entry);
            }
        }
        Ok(false)
    }

    async fn total(&self) -> Result<Total, SearchError> {
        let find = self.find.clone();
        Ok(match blocking(move || find.count()).await? {
            Count::Exactly(count) => Total::Exactly(count),
            Count::AtLeast(count) => Total::AtLeast(count),
        })
    }
}
