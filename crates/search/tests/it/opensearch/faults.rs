//! A node that refuses, hangs, or loses its answers.

use std::time::{Duration, Instant};

use custody_domain::query::Query;
use custody_search::{Search as _, SearchError, Sort, StatsRequest, opensearch::OpenSearchConfig};
use custody_testkit::{Fault, HttpFaults, eventually};

use super::{
    fixture::{IndexedLog, config, executor, url},
    server::Server,
};
use crate::{
    database::{Fixture, drafts},
    memory::{MemoryLog, numbered, scope},
    walk::{request, seqs, walk},
};

/// The log is read where the node does not answer; what needs the node says so; soon after it is back
/// it is asked again.
#[tokio::test]
async fn searches_go_by_the_log_while_the_node_is_away() {
    let faults = HttpFaults::start(&url()).await;
    let log = IndexedLog::of(MemoryLog::numbered(50));
    let answer_max = Duration::from_millis(300);
    let index = executor(&log, OpenSearchConfig { answer_max, ..config(faults.url()) });
    log.index(&index).await;
    for fault in [
        Fault::Status(503),
        Fault::Status(429),
        Fault::Never,
        Fault::DropAnswer,
        Fault::Slow(Duration::from_secs(3)),
    ] {
        faults.set(fault, usize::MAX);
        let begun = Instant::now();
        for _ in 0..20 {
            let page = index.page(&scope(), request("action:test.*", Sort::default(), 7)).await.unwrap();
            assert_eq!(seqs(&page), [49, 48, 47, 46, 45, 44, 43], "{fault:?}");
            assert_eq!(page.index_watermark, Some(50));
        }
        // Not each of them waits for it.
        assert!(begun.elapsed() < Duration::from_secs(5), "{fault:?}: {:?}", begun.elapsed());
        let error = index.page(&scope(), request("", Sort::OccurredDescending, 7)).await.unwrap_err();
        assert!(matches!(error, SearchError::Away), "{fault:?}: {error}");
        let stats = StatsRequest { query: Query::All, by: Vec::new(), top: 1, histogram: None };
        assert_eq!(index.stats(&scope(), stats).await.unwrap().count, 50, "{fault:?}");
        faults.set(Fault::None, usize::MAX);
        eventually("the node to be asked again", || async {
            index.page(&scope(), request("", Sort::OccurredDescending, 7)).await.ok()
        })
        .await;
    }
    index.remove_but(None).await.unwrap();
}

#[tokio::test]
async fn a_bulk_whose_answer_is_lost_is_written_once() {
    let fixture = Fixture::new().await;
    let faults = HttpFaults::start(&url()).await;
    let scope = fixture.tenant("mine").await;
    let server = Server::start(&fixture.store, &fixture.ledger, config(faults.url()));
    let mut written = 0;
    for fault in [Fault::DropAnswer, Fault::Status(503), Fault::Status(429), Fault::DropAnswer] {
        for path in ["/_bulk", "_refresh"] {
            faults.set_where(fault, 2, move |seen| seen.path.contains(path));
            fixture.ledger.append(&scope, drafts((0..20).map(numbered))).await.unwrap();
            written += 20;
            server.has_followed(&scope).await;
        }
    }
    let found = eventually("the node to be asked again", || async {
        let page = server.index.page(&scope, request("", Sort::OccurredAscending, 1)).await;
        page.is_ok().then_some(())
    });
    found.await;
    let found = walk(&server.index, &scope, &Query::All, Sort::OccurredAscending, 7).await;
    assert_eq!(found, (0..written).collect::<Vec<_>>());
    assert_eq!(server.index.reconcile(&scope, None).await.unwrap(), []);
    server.index.remove_but(None).await.unwrap();
    server.stop().await;
}
