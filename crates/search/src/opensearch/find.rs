//! Finds the entries of a page: in the index below the position, and in the tail above it.

use std::time::{Duration, Instant as Clock};

use async_trait::async_trait;
use custody_auth::Scope;
use custody_domain::{EntryId, query::terms::Plan};
use custody_ledger::{LedgerError, Projected, StoredEntry};
use serde_json::{Value, json};

use super::{
    OpenSearchError,
    document::field,
    index::Inner,
    layout::Layout,
    question::{Answer, Covered, Millis, Question},
    tail,
};
use crate::{
    Asked, SearchError, Sort, Total,
    cursor::Place,
    indexed::{Finder, Found, Hit},
};

/// Time after which other tasks of the same thread get their turn.
const TURN: Duration = Duration::from_millis(2);

/// One question, in an order.
pub(super) struct Find<'a> {
    pub(super) inner: &'a Inner,
    /// None where nothing of the log is in the index.
    layout: Option<std::sync::Arc<Layout>>,
    covered: Covered,
    plan: Plan,
    millis: Millis,
    sort: Sort,
    /// Those that match, in the order.
    tail: Vec<(Place, StoredEntry)>,
}

impl<'a> Find<'a> {
    pub(super) async fn new(
        inner: &'a Inner,
        scope: &Scope,
        asked: &Asked,
        projected: &Projected,
        sort: Sort,
    ) -> Result<Self, SearchError> {
        let layout = match projected.projection {
            Some(projection) if projected.position > 0 => Some(inner.layout(projection.generation).await?),
            _ => None,
        };
        let query = asked.of_index();
        let range = asked.range(projected.head);
        let mut tail = Vec::new();
        let begun = Clock::now();
        let mut turn = begun;
        for entry in tail::read(inner, scope, projected).await? {
            if range.is_some_and(|range| range.holds(entry.id)) && query.matches(&entry.view()?) {
                tail.push((place_of(&entry, sort)?, entry));
            }
            if turn.elapsed() >= TURN {
                tokio::task::yield_now().await;
                turn = Clock::now();
            }
            // What is asked is too slow for so many: the log is read from where the page begins instead.
            if begun.elapsed() >= inner.config.time_max {
                return Err(SearchError::Indexing { done: projected.position, of: projected.head.size });
            }
        }
        tail.sort_by(|(one, _), (other, _)| ordered(*one, *other, sort));
        let millis = |id: Option<EntryId>| id.map(|id| id.parts().0);
        let millis = range.map_or(Millis { from: Some(1), to: Some(0) }, |range| {
            let asks = asked.whole().received_range();
            // The head bounds what is covered anyway.
            let to = range.before.filter(|_| asks.before.is_some());
            Millis { from: millis(range.after), to: millis(to) }
        });
        let (tenant, epoch) = (scope.tenant(), projected.head.epoch);
        let covered = Covered { tenant, epoch, position: projected.position };
        Ok(Self { inner, layout, covered, plan: Plan::of(query), millis, sort, tail })
    }

    /// The entries of the tail, in the order.
    pub(super) fn tail(&self) -> impl Iterator<Item = &StoredEntry> {
        self.tail.iter().map(|(_, entry)| entry)
    }

    /// None where nothing of the log is in the index.
    pub(super) fn question(&self, more: Value) -> Option<Question> {
        let (layout, asked) = (self.layout.as_ref()?, (&self.plan, self.millis));
        Some(Question::new(layout, &self.covered, asked, more, self.inner.config.time_max))
    }

    /// What the index says; none where it has nothing of the log.
    pub(super) async fn ask(&self, more: Value) -> Result<Option<Answer>, SearchError> {
        let Some(question) = self.question(more) else { return Ok(None) };
        let answer = self.inner.client.search(&question, self.inner.config.answer_max).await?;
        Ok(Some(answer.map_err(|_| SearchError::TooMuch)?))
    }

    async fn indexed(&self, from: Option<Place>, want: usize) -> Result<Vec<Place>, SearchError> {
        let Some(answer) = self.ask(self.wanted(from, want)).await? else { return Ok(Vec::new()) };
        let by_time = self.sort.is_by_time();
        answer.hits.hits.iter().map(|hit| place(&hit.sort, by_time)).collect()
    }

    pub(super) fn wanted(&self, from: Option<Place>, want: usize) -> Value {
        let by_time = self.sort.is_by_time();
        let order = if self.sort.is_descending() { "desc" } else { "asc" };
        let keys = [field::TIME, field::MILLIS, field::COUNTER];
        let keys = if by_time { &keys[..] } else { &keys[1..] };
        let sort: Vec<_> = keys.iter().map(|key| json!({*key: order})).collect();
        let mut more = json!({"size": want, "sort": sort, "track_total_hits": false});
        if let (Some(Place { time, id }), Some(more)) = (from, more.as_object_mut()) {
            let (millis, counter) = id.parts();
            let (millis, counter) = (json!(millis), json!(i64::try_from(counter).unwrap_or(i64::MAX)));
            let after = if by_time { json!([time, millis, counter]) } else { json!([millis, counter]) };
            more.insert("search_after".to_owned(), after);
        }
        more
    }
}

#[async_trait]
impl Finder for Find<'_> {
    async fn find(&self, from: Option<Place>, want: usize) -> Result<Found, SearchError> {
        let indexed = self.indexed(from, want).await?;
        let beyond = |place: Place| from.is_none_or(|from| ordered(from, place, self.sort).is_lt());
        let tail = self.tail.iter().filter(|(place, _)| beyond(*place)).take(want);
        let mut hits: Vec<_> =
            tail.map(|(place, entry)| Hit { place: *place, entry: Some(entry.clone()) }).collect();
        hits.extend(indexed.into_iter().map(|place| Hit { place, entry: None }));
        hits.sort_by(|one, other| ordered(one.place, other.place, self.sort));
        hits.truncate(want);
        Ok(Found { hits, reached: None })
    }

    async fn count(&self) -> Result<Total, SearchError> {
        let answer = match self.ask(json!({"size": 0, "track_total_hits": true})).await {
            Err(SearchError::TooMuch) => return Ok(Total::AtLeast(self.tail.len() as u64)),
            answer => answer?,
        };
        let indexed = answer.and_then(|answer| answer.hits.total).map_or(0, |total| total.value);
        Ok(Total::Exactly(indexed + self.tail.len() as u64))
    }
}

fn ordered(one: Place, other: Place, sort: Sort) -> std::cmp::Ordering {
    let ascending = (one.time, one.id).cmp(&(other.time, other.id));
    if sort.is_descending() { ascending.reverse() } else { ascending }
}

fn place_of(entry: &StoredEntry, sort: Sort) -> Result<Place, LedgerError> {
    if !sort.is_by_time() {
        return Ok(Place::of(entry.id));
    }
    Ok(Place { time: entry.view()?.time().microseconds(), id: entry.id })
}

/// What a hit was sorted by says which entry it is.
fn place(sort: &[i64], by_time: bool) -> Result<Place, SearchError> {
    let (time, id) = match sort {
        [time, millis, counter] if by_time => (*time, (millis, counter)),
        [millis, counter] if !by_time => (0, (millis, counter)),
        _ => return Err(OpenSearchError::Away("it named no entry".to_owned()).into()),
    };
    let (Ok(millis), Ok(counter)) = (u64::try_from(*id.0), u128::try_from(*id.1)) else {
        return Err(OpenSearchError::Away("it named no entry".to_owned()).into());
    };
    Ok(Place { time, id: EntryId::from_parts(millis, counter) })
}
