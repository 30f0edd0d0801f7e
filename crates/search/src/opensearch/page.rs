//! Answers a page; where the index cannot, from the log alone, as far as that goes.

use custody_auth::Scope;
use custody_ledger::Projected;

use super::{OpenSearchError, VERSION, find::Find, index::Inner};
use crate::{
    Asked, LIMIT_MAX, Page, PageRequest, Search as _, SearchError, Sort, Stats, StatsRequest,
    cursor::{Turn, Walk, heading},
    indexed::Reader,
};

pub(super) async fn page(inner: &Inner, scope: &Scope, request: PageRequest) -> Result<Page, SearchError> {
    if !(1..=LIMIT_MAX).contains(&request.limit) {
        return Err(SearchError::Limit);
    }
    let asked = Asked::new(scope, request.query.clone());
    let walk = Walk { tenant: scope.tenant(), query: asked.whole(), sort: request.sort };
    let turn = request.cursor.as_deref().map(|cursor| inner.cursors.open(&walk, cursor)).transpose()?;
    let permit = inner.turns.take(scope.tenant(), &inner.turn_limits).await?;
    let mut answer = indexed(inner, scope, &asked, &request, turn).await;
    if replaced(inner, &answer) {
        answer = indexed(inner, scope, &asked, &request, turn).await;
    }
    match answer {
        Err(SearchError::OpenSearch(_) | SearchError::Indexing { .. }) if !request.sort.is_by_time() => {
            drop(permit);
            without_index();
            inner.linear.page(scope, request).await
        }
        other => other.map_err(told),
    }
}

/// Counts, of what cannot be asked in the index, by reading the log.
pub(super) async fn stats_without_index(
    inner: &Inner,
    scope: &Scope,
    request: StatsRequest,
) -> Result<Stats, SearchError> {
    without_index();
    inner.linear.stats(scope, request).await
}

fn without_index() {
    metrics::counter!("custody_opensearch_searches_without_total").increment(1);
}

/// What a person is told whose question needs the index.
pub(super) fn told(error: SearchError) -> SearchError {
    match error {
        SearchError::OpenSearch(error) => {
            tracing::debug!(%error, "a search was not answered");
            SearchError::Away
        }
        other => other,
    }
}

/// Whether the index that was looked in has been replaced by another meanwhile, which is looked for anew.
pub(super) fn replaced<T>(inner: &Inner, answer: &Result<T, SearchError>) -> bool {
    let Err(SearchError::OpenSearch(error)) = answer else { return false };
    let gone = matches!(**error, OpenSearchError::Gone);
    if gone {
        inner.forget_layout();
    }
    gone
}

/// How far the index goes; an error where more is missing than is read for one request.
pub(super) async fn projected(inner: &Inner, scope: &Scope) -> Result<Projected, SearchError> {
    let mut projected = inner.projections.projected(scope).await?;
    // Of another version there is nothing that could be understood.
    if projected.projection.is_some_and(|projection| projection.version != VERSION) {
        (projected.position, projected.last_id) = (0, None);
    }
    let (done, of) = (projected.position, projected.head.size);
    if of.saturating_sub(done) > inner.config.cover_max {
        return Err(SearchError::Indexing { done, of });
    }
    Ok(projected)
}

async fn indexed(
    inner: &Inner,
    scope: &Scope,
    asked: &Asked,
    request: &PageRequest,
    turn: Option<Turn>,
) -> Result<Page, SearchError> {
    let projected = projected(inner, scope).await?;
    let find = Find::new(inner, scope, asked, &projected, heading(turn, request.sort)).await?;
    reader(inner, scope, asked).page(&find, request, turn, projected.head).await
}

pub(super) fn reader<'a>(inner: &'a Inner, scope: &'a Scope, asked: &'a Asked) -> Reader<'a> {
    let (log, cursors) = (&*inner.log, &inner.cursors);
    let (read_max, page_bytes_max) = (inner.config.read_max, inner.config.page_bytes_max);
    Reader { log, cursors, scope, asked, read_max, page_bytes_max }
}

/// What is sent for the first page, or for counts: method aside, path and body.
pub(super) async fn sent(
    inner: &Inner,
    scope: &Scope,
    request: &Result<PageRequest, StatsRequest>,
) -> Result<(String, Vec<u8>), SearchError> {
    let (query, sort) = match request {
        Ok(page) => (&page.query, page.sort),
        Err(stats) => (&stats.query, Sort::default()),
    };
    let asked = Asked::new(scope, query.clone());
    let projected = projected(inner, scope).await?;
    let find = Find::new(inner, scope, &asked, &projected, sort).await?;
    let wanted = match request {
        Ok(page) => find.wanted(None, usize::try_from(page.limit).unwrap_or(usize::MAX).saturating_add(1)),
        Err(stats) => super::stats::wanted(stats, stats.top),
    };
    Ok(find.question(wanted).map(super::question::Question::into_parts).unwrap_or_default())
}
