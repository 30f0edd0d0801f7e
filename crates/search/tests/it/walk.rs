//! Walking pages to their end.

use custody_auth::Scope;
use custody_domain::query::{Query, parse};
use custody_search::{Page, PageRequest, Search, Sort};

pub(crate) fn request(query: &str, sort: Sort, limit: u32) -> PageRequest {
    PageRequest { query: parse(query).unwrap(), sort, limit, cursor: None, total: false }
}

/// The `seq` of each entry, in the order of the page.
pub(crate) fn seqs(page: &Page) -> Vec<u64> {
    page.items.iter().map(|entry| entry.seq).collect()
}

/// The `seq` of each entry of a walk from its first page to its last, `between` run after each.
pub(crate) async fn walk_with(
    search: &dyn Search,
    scope: &Scope,
    query: &Query,
    sort: Sort,
    limit: u32,
    mut between: impl AsyncFnMut(),
) -> Vec<u64> {
    let mut request = PageRequest { query: query.clone(), sort, limit, cursor: None, total: false };
    let mut walked = Vec::new();
    for _ in 0..100_000 {
        let page = search.page(scope, request.clone()).await.unwrap();
        assert!(page.items.len() <= limit.try_into().unwrap());
        assert!(page.stopped.is_none() || page.next_cursor.is_some(), "stopped without a way on");
        assert!(page.items.iter().all(|entry| entry.tenant_id == scope.tenant()), "another tenant's entry");
        walked.extend(seqs(&page));
        let Some(cursor) = page.next_cursor else {
            return walked;
        };
        request.cursor = Some(cursor);
        between().await;
    }
    panic!("the walk does not end");
}

pub(crate) async fn walk(
    search: &dyn Search,
    scope: &Scope,
    query: &Query,
    sort: Sort,
    limit: u32,
) -> Vec<u64> {
    walk_with(search, scope, query, sort, limit, async || {}).await
}

/// The `seq` of each entry before the last page's, as they were walked to the last page, and then as
/// they were walked back from it, in the order of the walk.
pub(crate) async fn there_and_back(
    search: &dyn Search,
    scope: &Scope,
    query: &Query,
    sort: Sort,
    limit: u32,
) -> (Vec<u64>, Vec<u64>) {
    let mut request = PageRequest { query: query.clone(), sort, limit, cursor: None, total: false };
    let mut page = search.page(scope, request.clone()).await.unwrap();
    let mut there = Vec::new();
    while page.next_cursor.is_some() {
        there.extend(seqs(&page));
        request.cursor = page.next_cursor;
        page = search.page(scope, request.clone()).await.unwrap();
    }
    let mut back = Vec::new();
    while page.previous_cursor.is_some() {
        request.cursor = page.previous_cursor;
        page = search.page(scope, request.clone()).await.unwrap();
        back.push(seqs(&page));
    }
    (there, back.into_iter().rev().flatten().collect())
}
