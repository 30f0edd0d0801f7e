//! Holds the index against the ledger: entries by the hour in which they were received.

use std::collections::BTreeMap;

use custody_auth::Scope;
use custody_domain::{EntryId, query::Query};
use serde_json::json;

use super::{
    OpenSearch,
    document::field,
    find::Find,
    page::{projected, told},
};
use crate::{Asked, SearchError, Sort};

/// An hour of which the index holds another number of entries than the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Since 1970.
    pub hour: i64,
    pub ledger: u64,
    pub index: u64,
}

/// A bucket for each hour of so many hours at once: fewer than the node gives at most.
const HOURS: i64 = 20_000;
const HOUR_MILLIS: i64 = 3_600_000;

impl OpenSearch {
    /// The hours in which they differ, of what the index has come to. All of the log, or what was received
    /// in this hour (since 1970) and later.
    pub async fn reconcile(&self, scope: &Scope, from: Option<i64>) -> Result<Vec<Difference>, SearchError> {
        let inner = self.inner();
        let mut projected = projected(inner, scope).await?;
        let Some(last_id) = projected.last_id else { return Ok(Vec::new()) };
        // What is beyond is in the log alone, and no difference.
        (projected.head.size, projected.head.last_id) = (projected.position, Some(last_id));
        let after = from.and_then(|hour| u64::try_from(hour * HOUR_MILLIS).ok());
        let after = after.map(|millis| EntryId::from_parts(millis, 0).next_down());
        let mut hours: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        for (hour, count) in inner.projections.hours(scope, after, last_id).await? {
            hours.entry(hour).or_default().0 = count;
        }
        let asked = Asked::new(scope, Query::All);
        let find = Find::new(inner, scope, &asked, &projected, Sort::ReceivedAscending).await?;
        let mut begin = from.unwrap_or(0);
        let end = i64::try_from(last_id.parts().0).unwrap_or(i64::MAX) / HOUR_MILLIS;
        if from.is_none() {
            // Nothing is older than what either holds first; a wrong clock's hours are looked at too.
            begin = hours.keys().next().copied().unwrap_or(0).min(end);
            hours.entry(begin - 1).or_default().1 = count_before(&find, begin).await?;
        }
        while begin <= end {
            for (hour, count) in counts(&find, begin, begin + HOURS).await? {
                hours.entry(hour).or_default().1 = count;
            }
            begin += HOURS;
        }
        let differ = hours.into_iter().filter(|(_, (ledger, index))| ledger != index);
        Ok(differ.map(|(hour, (ledger, index))| Difference { hour, ledger, index }).collect())
    }
}

async fn count_before(find: &Find<'_>, hour: i64) -> Result<u64, SearchError> {
    let aggs = json!({"before": {"filter": {"range": {field::MILLIS: {"lt": hour * HOUR_MILLIS}}}}});
    let answer = find.ask(json!({"size": 0, "track_total_hits": false, "aggs": aggs})).await.map_err(told)?;
    Ok(answer.and_then(|answer| answer.aggregations["before"]["doc_count"].as_u64()).unwrap_or(0))
}

async fn counts(find: &Find<'_>, from: i64, to: i64) -> Result<Vec<(i64, u64)>, SearchError> {
    let aggs = json!({"within": {
        "filter": {"range": {field::MILLIS: {"gte": from * HOUR_MILLIS, "lt": to * HOUR_MILLIS}}},
        "aggs": {"hours": {"histogram": {"field": field::MILLIS, "interval": HOUR_MILLIS, "min_doc_count": 1}}},
    }});
    let answer = find.ask(json!({"size": 0, "track_total_hits": false, "aggs": aggs})).await.map_err(told)?;
    let Some(answer) = answer else { return Ok(Vec::new()) };
    let buckets = answer.aggregations["within"]["hours"]["buckets"].as_array().cloned().unwrap_or_default();
    Ok(buckets
        .iter()
        .filter_map(|bucket| {
            #[expect(clippy::cast_possible_truncation, reason = "a whole number far below 2^53")]
            let hour = bucket["key"].as_f64()?.round() as i64 / HOUR_MILLIS;
            Some((hour, bucket["doc_count"].as_u64()?))
        })
        .collect())
}
