//! The suite that every executor must pass: the same entries in the same order as
//! [`custody_domain::query::Query::matches`] says, however one pages.

use custody_auth::Scope;
use custody_domain::query::{Query, parse};
use custody_ledger::StoredEntry;
use custody_search::{Search, Sort};

use crate::walk::{request, walk};

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

/// Runs every documented query, and some more, against an executor whose log holds just `log`, in
/// this order.
pub(crate) async fn holds(search: &dyn Search, scope: &Scope, log: &[StoredEntry]) {
    for query in documented_queries() {
        let mut expected: Vec<u64> =
            log.iter().filter(|entry| query.matches(&entry.view().unwrap())).map(|entry| entry.seq).collect();
        for sort in [Sort::ReceivedAscending, Sort::ReceivedDescending] {
            for limit in [1, 2, 3, 1_000] {
                let walked = walk(search, scope, &query, sort, limit).await;
                assert_eq!(walked, expected, "{} by {sort}, {limit} a page", query.render());
            }
            expected.reverse();
        }
    }
    covers_its_head(search, scope, log).await;
    refuses_what_is_out_of_bounds(search, scope).await;
}

async fn covers_its_head(search: &dyn Search, scope: &Scope, log: &[StoredEntry]) {
    let page = search.page(scope, request("", Sort::default(), 1)).await.unwrap();
    assert_eq!(page.index_watermark, log.len() as u64);
}

async fn refuses_what_is_out_of_bounds(search: &dyn Search, scope: &Scope) {
    for limit in [0, 1_001] {
        let error = search.page(scope, request("", Sort::default(), limit)).await.unwrap_err();
        assert_eq!(error.to_string(), "limit must be between 1 and 1000");
    }
}
