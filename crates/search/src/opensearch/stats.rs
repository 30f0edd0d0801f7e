//! Counts: the index's own, and those of what is not in it yet.

use custody_auth::Scope;
use custody_domain::{Outcome, Severity};
use serde_json::{Map, Value, json};

use super::{
    OpenSearchError,
    document::{HOUR, field},
    find::Find,
    index::Inner,
    page::{self, projected, reader, replaced, told},
};
use crate::{
    Asked, SearchError, Sort,
    stats::{GroupBy, Histogram, HistogramTime, Interval, Stats, StatsRequest, Tally, TooMany},
};

/// Values of a field that a shard is asked for at once: where it has no more, each count is exact.
const VALUES: usize = 10_000;

pub(super) async fn stats(inner: &Inner, scope: &Scope, request: StatsRequest) -> Result<Stats, SearchError> {
    let asked = Asked::new(scope, request.query.clone());
    let permit = inner.turns.take(scope.tenant(), &inner.turn_limits).await?;
    let mut answer = indexed(inner, scope, &asked, &request).await;
    if replaced(inner, &answer) {
        answer = indexed(inner, scope, &asked, &request).await;
    }
    match answer {
        Err(error @ (SearchError::OpenSearch(_) | SearchError::Indexing { .. })) => {
            drop(permit);
            match page::stats_without_index(inner, scope, request).await {
                // More than is read for one request: then it is the index's absence that is told.
                Err(SearchError::TooMuch) => Err(told(error)),
                other => other,
            }
        }
        other => other,
    }
}

async fn indexed(
    inner: &Inner,
    scope: &Scope,
    asked: &Asked,
    request: &StatsRequest,
) -> Result<Stats, SearchError> {
    let projected = projected(inner, scope).await?;
    let find = Find::new(inner, scope, asked, &projected, Sort::ReceivedDescending).await?;
    // As for pages: nothing of the asker's is run beyond their grant.
    let tally = if asked.reads_to_filter() {
        reader(inner, scope, asked).tally(&find, request).await?
    } else {
        tally(&find, request).await?
    };
    Ok(tally.finish(request, (!asked.is_restricted()).then_some(projected.head.size)))
}

async fn tally(find: &Find<'_>, request: &StatsRequest) -> Result<Tally, SearchError> {
    let mut tally = Tally::default();
    for entry in find.tail() {
        tally.add(&entry.view()?, request).map_err(|TooMany| SearchError::TooMuch)?;
    }
    // What is not in the index yet may make another value one of the first.
    let first = if tally.count == 0 { request.top.max(1) } else { VALUES };
    let Some(answer) = find.ask(wanted(request, first)).await? else { return Ok(tally) };
    tally.count += answer.hits.total.as_ref().map_or(0, |total| total.value);
    for by in &request.by {
        let said = &answer.aggregations[by.as_str()];
        let others = said["sum_other_doc_count"].as_u64().ok_or_else(unreadable)?;
        // No shard has left out a value that could be among these.
        let exact = said["doc_count_error_upper_bound"].as_u64() == Some(0);
        if others == 0 || (exact && first == request.top) {
            for bucket in buckets(said)? {
                add(&mut tally, *by, &bucket["key"], bucket)?;
            }
            tally.others.insert(*by, others);
        } else {
            each_value(find, *by, &mut tally).await?;
        }
    }
    if let Some(histogram) = request.histogram {
        add_times(&mut tally, histogram, &answer.aggregations["histogram"])?;
    }
    Ok(tally)
}

pub(super) fn wanted(request: &StatsRequest, first: usize) -> Value {
    let mut aggregations = Map::new();
    for by in &request.by {
        // Of equal counts the first by name comes first, and these are not known by their names.
        let size = if matches!(by, GroupBy::Severity | GroupBy::Outcome) { VALUES } else { first };
        let terms = json!({"terms": {"field": column(*by), "size": size, "shard_size": VALUES}});
        aggregations.insert(by.as_str().to_owned(), terms);
    }
    if let Some(histogram) = request.histogram {
        aggregations.insert("histogram".to_owned(), over_time(histogram));
    }
    json!({"size": 0, "track_total_hits": true, "aggs": aggregations})
}

/// Of a field with more values than are asked for at once: page by page.
async fn each_value(find: &Find<'_>, by: GroupBy, tally: &mut Tally) -> Result<(), SearchError> {
    let mut after = Value::Null;
    loop {
        let mut composite = json!({"size": VALUES, "sources": [{"value": {"terms": {"field": column(by)}}}]});
        if !after.is_null() {
            composite["after"] = after;
        }
        let more =
            json!({"size": 0, "track_total_hits": false, "aggs": {"values": {"composite": composite}}});
        let Some(answer) = find.ask(more).await? else { return Ok(()) };
        let said = &answer.aggregations["values"];
        for bucket in buckets(said)? {
            add(tally, by, &bucket["key"]["value"], bucket)?;
        }
        after = said["after_key"].clone();
        if after.is_null() {
            return Ok(());
        }
    }
}

fn column(by: GroupBy) -> &'static str {
    match by {
        GroupBy::Action => field::ACTION,
        GroupBy::Actor => field::ACTOR,
        GroupBy::ResourceType => field::RESOURCE_TYPE,
        GroupBy::Severity => field::SEVERITY,
        GroupBy::Outcome => field::OUTCOME,
        GroupBy::Ip => field::IP,
    }
}

fn add(tally: &mut Tally, by: GroupBy, key: &Value, bucket: &Value) -> Result<(), SearchError> {
    let count = bucket["doc_count"].as_u64().ok_or_else(unreadable)?;
    let value = match by {
        GroupBy::Severity => {
            let named = Severity::ALL.iter().find(|value| key.as_i64() == Some(value.rank().into()));
            named.ok_or_else(unreadable)?.as_str()
        }
        GroupBy::Outcome => {
            let named = Outcome::ALL.iter().find(|value| key.as_i64() == Some(value.code().into()));
            named.ok_or_else(unreadable)?.as_str()
        }
        _ => key.as_str().ok_or_else(unreadable)?,
    };
    tally.add_value(by, value, count).map_err(|TooMany| SearchError::TooMuch)
}

/// Over whole hours or milliseconds: a bucket's key is computed in floating point, which holds those
/// exactly and microseconds not.
fn over_time(histogram: Histogram) -> Value {
    let hours = if histogram.interval == Interval::Hour { 1 } else { 24 };
    let (field, interval) = match histogram.time {
        HistogramTime::Received => (field::MILLIS, hours * (HOUR / 1_000)),
        HistogramTime::Occurred => (field::HOUR, hours),
    };
    json!({"histogram": {"field": field, "interval": interval, "min_doc_count": 1}})
}

fn add_times(tally: &mut Tally, histogram: Histogram, said: &Value) -> Result<(), SearchError> {
    let unit = match histogram.time {
        HistogramTime::Received => 1_000,
        HistogramTime::Occurred => HOUR,
    };
    for bucket in buckets(said)? {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number far below 2^53")]
        let key = bucket["key"].as_f64().ok_or_else(unreadable)?.round() as i64;
        let count = bucket["doc_count"].as_u64().ok_or_else(unreadable)?;
        let start = histogram.interval.start_of(key * unit);
        tally.add_time(start, count).map_err(|TooMany| SearchError::TooMuch)?;
    }
    Ok(())
}

fn buckets(said: &Value) -> Result<&Vec<Value>, SearchError> {
    said["buckets"].as_array().ok_or_else(unreadable)
}

fn unreadable() -> SearchError {
    OpenSearchError::Away("it did not count as it was asked".to_owned()).into()
}
