//! Answers a page: finds the entries' ids in the index, reads them from the ledger.

use std::sync::Arc;

use async_trait::async_trait;
use custody_auth::Scope;
use custody_domain::{EntryId, query::terms::Plan};
use custody_ledger::{Head, Range};
use uuid::Uuid;

use super::{
    find::Find,
    index::Inner,
    shelf::{Shelf, blocking},
    view::View,
};
use crate::{
    Asked, LIMIT_MAX, Page, PageRequest, SearchError, Sort, Total,
    cursor::{Place, Turn, Walk, heading},
    indexed::{Finder, Found, Reader},
};

pub(super) async fn page(
    inner: &Inner,
    shelf: &Shelf,
    scope: &Scope,
    request: PageRequest,
) -> Result<Page, SearchError> {
    if !(1..=LIMIT_MAX).contains(&request.limit) {
        return Err(SearchError::Limit);
    }
    let asked = Asked::new(scope, request.query.clone());
    let walk = Walk { tenant: scope.tenant(), query: asked.whole(), sort: request.sort };
    let turn = request.cursor.as_deref().map(|cursor| inner.cursors.open(&walk, cursor)).transpose()?;
    shelf.ask();
    let _turn = inner.turns.take(scope.tenant(), &inner.turn_limits).await?;
    let head = inner.log.head(scope).await?;
    let view = shelf.cover(head, inner.limits.cover_max).await?;
    if !view.covers(head.size) {
        return without_index(inner, scope, request, &view, head).await;
    }
    let find = find(inner, &asked, (&view, head), request.sort, turn);
    reader(inner, scope, &asked).page(&find, &request, turn, head).await
}

/// While the index is far behind, the log's newest is looked at without it.
async fn without_index(
    inner: &Inner,
    scope: &Scope,
    request: PageRequest,
    view: &View,
    head: Head,
) -> Result<Page, SearchError> {
    if request.sort.is_by_time() {
        return Err(SearchError::Indexing { done: view.next.unwrap_or(0), of: head.size });
    }
    crate::Search::page(&inner.linear, scope, request).await
}

/// What is looked for, as the index is asked.
pub(super) fn find(
    inner: &Inner,
    asked: &Asked,
    (view, head): (&Arc<View>, Head),
    sort: Sort,
    turn: Option<Turn>,
) -> Find {
    // None holds an id that can match: then a range that holds none.
    let window = asked.range(head).unwrap_or(Range { after: Some(EntryId(Uuid::max())), before: None });
    let sort = heading(turn, sort);
    let query = asked.of_index().clone();
    let (plan, time_max) = (Plan::of(&query), inner.limits.time_max);
    Find { view: Arc::clone(view), query, plan, sort, window, time_max }
}

pub(super) fn reader<'a>(inner: &'a Inner, scope: &'a Scope, asked: &'a Asked) -> Reader<'a> {
    let (log, cursors) = (&*inner.log, &inner.cursors);
    let (read_max, page_bytes_max) = (inner.limits.read_max, inner.limits.page_bytes_max);
    Reader { log, cursors, scope, asked, read_max, page_bytes_max }
}

#[async_trait]
impl Finder for Find {
    async fn find(&self, from: Option<Place>, want: usize) -> Result<Found, SearchError> {
        let find = self.clone();
        Ok(blocking(move || find.find(from, want)).await?)
    }

    async fn count(&self) -> Result<Total, SearchError> {
        let find = self.clone();
        Ok(blocking(move || find.count()).await?)
    }
}
