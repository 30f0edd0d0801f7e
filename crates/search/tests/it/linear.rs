//! The linear executor: it conforms, and its work is bounded.

use std::collections::BTreeSet;

use custody_domain::query::{Query, parse};
use custody_search::{
    CursorError, CursorKey, Linear, LinearLimits, Search as _, SearchError, Sort, StopReason, Stopped,
};
use proptest::prelude::*;

use crate::{
    conformance,
    memory::{MemoryLog, TENANT, numbered, scope},
    readers::user,
    walk::{request, seqs, walk, walk_with},
};

fn linear(log: &MemoryLog, limits: LinearLimits) -> Linear {
    Linear::new(log.clone(), CursorKey::new([7; 32]), limits)
}

fn scanning(scan_max: u64) -> LinearLimits {
    LinearLimits { scan_max, ..LinearLimits::default() }
}

#[tokio::test]
async fn it_conforms() {
    let log = MemoryLog::of(conformance::documented_contents());
    conformance::holds(
        &linear(&log, LinearLimits::default()),
        &scope(),
        &log.entries(),
        &conformance::LOG_ORDERS,
    )
    .await;
}

#[tokio::test]
async fn one_comes_back() {
    let log = MemoryLog::of(conformance::documented_contents());
    let search = linear(&log, LinearLimits::default());
    conformance::goes_back(&search, &scope(), &conformance::LOG_ORDERS).await;
}

#[tokio::test]
async fn it_conforms_also_where_every_request_stops_after_one_entry() {
    let log = MemoryLog::of(conformance::documented_contents());
    conformance::pages_hold(&linear(&log, scanning(1)), &scope(), &log.entries(), &conformance::LOG_ORDERS)
        .await;
}

#[tokio::test]
async fn it_keeps_the_grant() {
    let (owner, other) = (user(TENANT, 1).await, user(TENANT, 2).await);
    let log = MemoryLog::of(conformance::contents_of(&owner));
    for limits in [LinearLimits::default(), scanning(50)] {
        conformance::keeps_the_grant(&linear(&log, limits), &owner, &other).await;
    }
    let page = linear(&log, scanning(50)).page(&other, request("", Sort::default(), 9)).await.unwrap();
    let stopped = Stopped { reason: StopReason::WorkLimit, scanned: None };
    assert_eq!(page.stopped, Some(stopped), "it stops and does not say after how many");
}

#[tokio::test]
async fn an_empty_log_is_an_empty_page() {
    let log = MemoryLog::default();
    let page =
        linear(&log, LinearLimits::default()).page(&scope(), request("", Sort::default(), 50)).await.unwrap();
    assert!(page.items.is_empty() && page.next_cursor.is_none() && page.stopped.is_none());
    assert_eq!(page.index_watermark, Some(0));
}

#[tokio::test]
async fn work_is_bounded_says_so_and_goes_on_where_it_stopped() {
    let log = MemoryLog::numbered(100);
    let search = linear(&log, scanning(10));
    let mut request = request("metadata.n:0", Sort::ReceivedDescending, 5);
    for _ in 0..9 {
        let page = search.page(&scope(), request.clone()).await.unwrap();
        assert!(page.items.is_empty());
        let stopped = Stopped { reason: StopReason::WorkLimit, scanned: Some(10) };
        assert_eq!(page.stopped, Some(stopped));
        request.cursor = Some(page.next_cursor.expect("a way on"));
    }
    let last = search.page(&scope(), request).await.unwrap();
    assert_eq!(seqs(&last), [0]);
    assert_eq!((last.next_cursor, last.stopped), (None, None));
    assert!(log.read() <= 110, "{} entries were read to look at 100", log.read());
}

#[tokio::test]
async fn a_page_that_the_log_ends_with_has_no_cursor() {
    let log = MemoryLog::numbered(10);
    let search = linear(&log, LinearLimits::default());
    let page = search.page(&scope(), request("", Sort::default(), 10)).await.unwrap();
    assert_eq!((page.items.len(), page.next_cursor), (10, None));
    let page = search.page(&scope(), request("", Sort::default(), 9)).await.unwrap();
    assert!(page.items.len() == 9 && page.next_cursor.is_some() && page.stopped.is_none());
}

#[tokio::test]
async fn a_page_of_large_entries_ends_early() {
    let log = MemoryLog::numbered(10);
    let limits = LinearLimits { page_bytes_max: 100, ..LinearLimits::default() };
    let search = linear(&log, limits);
    let page = search.page(&scope(), request("", Sort::default(), 10)).await.unwrap();
    assert_eq!(seqs(&page), [9, 8]);
    assert_eq!(page.stopped.map(|stopped| stopped.reason), Some(StopReason::PageBytes));
    let walked = walk(&search, &scope(), &Query::All, Sort::default(), 10).await;
    assert_eq!(walked.len(), 10);
}

#[tokio::test]
async fn large_entries_and_slow_queries_are_work_too() {
    let log = MemoryLog::numbered(10);
    for limits in [
        LinearLimits { scan_bytes_max: 100, ..LinearLimits::default() },
        LinearLimits { scan_time_max: std::time::Duration::ZERO, ..LinearLimits::default() },
    ] {
        let search = linear(&log, limits);
        let page = search.page(&scope(), request("metadata.n:0", Sort::default(), 10)).await.unwrap();
        assert!(page.items.is_empty());
        assert_eq!(page.stopped.map(|stopped| stopped.reason), Some(StopReason::WorkLimit));
        let walked = walk(&search, &scope(), &parse("metadata.n:0").unwrap(), Sort::default(), 10).await;
        assert_eq!(walked, [0]);
    }
}

#[tokio::test]
async fn received_bounds_keep_it_from_reading_the_rest() {
    let log = MemoryLog::numbered(1_000);
    let search = linear(&log, LinearLimits::default());
    let within = "received_at>=2026-03-02T00:10:00Z received_at<2026-03-02T00:10:05Z";
    for sort in [Sort::ReceivedAscending, Sort::ReceivedDescending] {
        let before = log.read();
        let mut walked = walk(&search, &scope(), &parse(within).unwrap(), sort, 50).await;
        walked.sort_unstable();
        assert_eq!(walked, [599, 600, 601, 602, 603]);
        assert_eq!(log.read() - before, 5);
    }
    let before = log.read();
    let nothing = parse("received_at<2026-03-02 received_at>=2026-03-02").unwrap();
    assert!(walk(&search, &scope(), &nothing, Sort::default(), 50).await.is_empty());
    assert_eq!(log.read(), before);
}

#[tokio::test]
async fn orders_by_occurrence_wait_for_an_index() {
    let search = linear(&MemoryLog::numbered(1), LinearLimits::default());
    for sort in [Sort::OccurredAscending, Sort::OccurredDescending] {
        let error = search.page(&scope(), request("", sort, 1)).await.unwrap_err();
        assert!(matches!(error, SearchError::SortNotAvailable(s) if s == sort));
    }
}

#[tokio::test]
async fn a_cursor_of_another_walk_is_refused() {
    let log = MemoryLog::numbered(10);
    let search = linear(&log, LinearLimits::default());
    let page = search.page(&scope(), request("", Sort::default(), 3)).await.unwrap();
    let cursor = page.next_cursor.unwrap();
    for (query, sort, cursor) in [
        ("action:*", Sort::default(), cursor.clone()),
        ("", Sort::ReceivedAscending, cursor.clone()),
        ("", Sort::default(), format!("{cursor}A")),
        ("", Sort::default(), String::new()),
    ] {
        let mut request = request(query, sort, 3);
        request.cursor = Some(cursor);
        let error = search.page(&scope(), request).await.unwrap_err();
        assert!(matches!(error, SearchError::Cursor(CursorError)), "{error}");
    }
}

#[tokio::test]
async fn a_walk_over_a_log_being_written_sees_every_entry_once_and_in_order() {
    let log = MemoryLog::numbered(20);
    let search = linear(&log, LinearLimits::default());
    let write = async || {
        let next = log.entries().len() as u64;
        if next < 40 {
            log.append(&numbered(next));
        }
    };
    let all = Query::All;
    let newest = walk_with(&search, &scope(), &all, Sort::ReceivedDescending, 3, write).await;
    assert_eq!(newest, (0..20).rev().collect::<Vec<_>>());
    let size = log.entries().len();
    let oldest = walk_with(&search, &scope(), &all, Sort::ReceivedAscending, 3, write).await;
    assert_eq!(oldest, (0..oldest.len() as u64).collect::<Vec<_>>());
    assert!(oldest.len() > size, "what was written meanwhile is on the way");
}

proptest! {
    #[test]
    fn every_page_size_and_every_bound_give_the_same_walk(
        count in 0_u64..60,
        wanted in prop::collection::btree_set(0_u64..60, 0..20),
        limit in 1_u32..40,
        scan_max in 1_u64..40,
        first_chunk in 1_u32..8,
        chunk_bytes_max in 1_usize..2_000,
        page_bytes_max in 1_usize..2_000,
        ascending in any::<bool>(),
    ) {
        let log = MemoryLog::numbered(count);
        let limits = LinearLimits { scan_max, first_chunk, chunk_max: 16, chunk_bytes_max, page_bytes_max, ..LinearLimits::default() };
        let query = wanted.iter().map(|n| parse(&format!("metadata.n:{n}")).unwrap());
        let sort = if ascending { Sort::ReceivedAscending } else { Sort::ReceivedDescending };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let walked = runtime.block_on(walk(
            &linear(&log, limits), &scope(), &Query::or(query), sort, limit,
        ));
        let present: BTreeSet<u64> = wanted.into_iter().filter(|n| *n < count).collect();
        let expected: Vec<u64> = if ascending {
            present.into_iter().collect()
        } else {
            present.into_iter().rev().collect()
        };
        prop_assert_eq!(walked, expected);
    }
}
