//! The suite that every executor must pass: the same entries in the same order as
//! [`custody_domain::query::Query::matches`] says, however one pages.

use std::{
    cmp::Reverse,
    time::{Duration, Instant as Clock},
};

use custody_auth::Scope;
use custody_domain::{
    Entry,
    query::{Instant, Query, parse},
};
use custody_ledger::StoredEntry;
use custody_search::{Search, Sort};

use crate::{
    counts,
    walk::{request, there_and_back, walk},
};

const PAGE: &str = include_str!("../../../../docs/query.md");

/// The entries of docs/query.md, as contents, in their order.
pub(crate) fn documented_contents() -> Vec<&'static str> {
    let (_, after) = PAGE.split_once("```ndjson entries\n").unwrap();
    after.split_once("```").unwrap().0.lines().collect()
}

/// The queries of docs/query.md that are no errors.
fn documented_queries() -> Vec<Query> {
    let queries: Vec<Query> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .filter_map(|(query, _)| parse(query).ok())
        .collect();
    assert!(queries.len() > 100, "docs/query.md has changed its form");
    queries
}

/// The orders that an executor without an index can give.
pub(crate) const LOG_ORDERS: [Sort; 2] = [Sort::ReceivedAscending, Sort::ReceivedDescending];

/// Runs every documented query, and some more, against an executor whose log holds just `log`, in
/// this order.
pub(crate) async fn holds(search: &dyn Search, scope: &Scope, log: &[StoredEntry], sorts: &[Sort]) {
    pages_hold(search, scope, log, sorts).await;
    for query in documented_queries() {
        counts::hold(search, scope, log, &query).await;
    }
}

/// The same without statistics, for an executor that is to stop early.
pub(crate) async fn pages_hold(search: &dyn Search, scope: &Scope, log: &[StoredEntry], sorts: &[Sort]) {
    for query in documented_queries() {
        answers(search, scope, log, &query, sorts, &[1, 2, 3, 1_000]).await;
    }
    covers_its_head(search, scope, log).await;
    refuses_what_is_out_of_bounds(search, scope).await;
}

/// The query finds just what it means, in each order, at each size of a page, there and back.
pub(crate) async fn answers(
    search: &dyn Search,
    scope: &Scope,
    log: &[StoredEntry],
    query: &Query,
    sorts: &[Sort],
    limits: &[u32],
) {
    let views = views(log);
    finds(search, scope, &meant(&views, query), query, sorts, limits).await;
}

pub(crate) fn views(log: &[StoredEntry]) -> Vec<Entry<'_>> {
    log.iter().map(|entry| entry.view().unwrap()).collect()
}

/// The entries that the query means, by its definition.
pub(crate) fn meant<'v, 'e>(views: &'v [Entry<'e>], query: &Query) -> Vec<&'v Entry<'e>> {
    views.iter().filter(|view| query.matches(view)).collect()
}

/// The query finds these entries, in each order, at each size of a page.
pub(crate) async fn finds(
    search: &dyn Search,
    scope: &Scope,
    meant: &[&Entry<'_>],
    query: &Query,
    sorts: &[Sort],
    limits: &[u32],
) {
    let mut matching: Vec<(i64, u64)> = meant.iter().map(|view| (occurred(view), view.seq)).collect();
    for sort in sorts {
        match sort {
            Sort::ReceivedAscending => matching.sort_by_key(|(_, seq)| *seq),
            Sort::ReceivedDescending => matching.sort_by_key(|(_, seq)| Reverse(*seq)),
            Sort::OccurredAscending => matching.sort_unstable(),
            Sort::OccurredDescending => matching.sort_unstable_by_key(|at| Reverse(*at)),
        }
        let expected: Vec<u64> = matching.iter().map(|(_, seq)| *seq).collect();
        for limit in limits {
            let walked = walk(search, scope, query, *sort, *limit).await;
            assert_eq!(walked, expected, "{} by {sort}, {limit} a page", query.render());
        }
    }
}

/// From the last page one comes back over the same entries, in the same order.
pub(crate) async fn goes_back(search: &dyn Search, scope: &Scope, sorts: &[Sort]) {
    for query in documented_queries() {
        comes_back(search, scope, &query, sorts, 2).await;
    }
}

pub(crate) async fn comes_back(
    search: &dyn Search,
    scope: &Scope,
    query: &Query,
    sorts: &[Sort],
    limit: u32,
) {
    for sort in sorts {
        let (there, back) = there_and_back(search, scope, query, *sort, limit).await;
        assert_eq!(back, there, "{} by {sort}, {limit} a page", query.render());
    }
}

fn occurred(view: &Entry<'_>) -> i64 {
    let text = view.content.as_object().unwrap().get("occurred_at").and_then(|at| at.as_str());
    text.and_then(Instant::parse).unwrap_or_else(|| Instant::from(view.received_at())).microseconds()
}

async fn covers_its_head(search: &dyn Search, scope: &Scope, log: &[StoredEntry]) {
    let page = search.page(scope, request("", Sort::default(), 1)).await.unwrap();
    assert_eq!(page.index_watermark, Some(log.len() as u64));
}

async fn refuses_what_is_out_of_bounds(search: &dyn Search, scope: &Scope) {
    for limit in [0, 1_001] {
        let error = search.page(scope, request("", Sort::default(), limit)).await.unwrap_err();
        assert_eq!(error.to_string(), "limit must be between 1 and 1000");
    }
}

/// Entries that `reader` recorded, and on which [`keeps_the_grant`] is slow.
pub(crate) fn contents_of(reader: &Scope) -> Vec<String> {
    let (principal, texts) = (reader.principal(), vec![format!("{:?}", "a".repeat(1_000)); 20].join(","));
    let content = format!(
        r#"{{"action":"a.b","actor":{{"id":"x"}},"metadata":{{"s":[{texts}]}},"recorded_by":{{"principal":"{principal}"}}}}"#
    );
    vec![content; 60]
}

/// `log` holds just the [`contents_of`] `owner`; `other` may read none of it. They do not get an
/// entry, nor a count that entries of others go into, nor does what they ask take time on those.
pub(crate) async fn keeps_the_grant(search: &dyn Search, owner: &Scope, other: &Scope) {
    // All clauses hold, so that each is looked at.
    let slow = (0..150).map(|n| format!("-metadata.s:*a*a*b{n}*")).collect::<Vec<_>>().join(" ");
    // Who writes their own grant at the end does not thereby move it there.
    let with_grant = |reader: &Scope| format!("{slow} recorded_by.principal:{}", reader.principal());
    for (own, others) in [(slow.clone(), slow.clone()), (with_grant(owner), with_grant(other))] {
        let (taken, seen) = fastest(search, owner, &own).await;
        assert_eq!(seen, 60);
        let (shut_out, seen) = fastest(search, other, &others).await;
        assert_eq!(seen, 0);
        assert!(shut_out * 4 < taken, "{shut_out:?} on entries of others, {taken:?} on as many of one's own");
    }
    for reader in [owner, other] {
        let page = search.page(reader, request("action:none", Sort::default(), 1)).await.unwrap();
        assert_eq!(page.index_watermark, None);
        assert_eq!(page.stopped.and_then(|stopped| stopped.scanned), None);
    }
}

/// The least of three times, and how many entries were found.
async fn fastest(search: &dyn Search, reader: &Scope, query: &str) -> (Duration, usize) {
    let (mut least, mut found) = (Duration::MAX, 0);
    for _ in 0..3 {
        let begun = Clock::now();
        found = walk(search, reader, &parse(query).unwrap(), Sort::default(), 1_000).await.len();
        least = least.min(begun.elapsed());
    }
    (least, found)
}
