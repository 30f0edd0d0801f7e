//! Many appenders, several servers: each tenant's log has no gaps and one order.

use custody_domain::EntryId;
use custody_ledger::{Appended, LedgerError, Order, Range};
use custody_store::partitions;
use uuid::Uuid;

use crate::fixture::{Fixture, drafts, receipts};

#[tokio::test(flavor = "multi_thread")]
async fn eight_appenders_of_two_servers_leave_no_gap_in_any_log() {
    const BATCHES: usize = 6;
    const BATCH: usize = 5;
    let fixture = Fixture::new().await;
    let ledgers = [fixture.ledger.clone(), fixture.another_ledger().await];
    let scopes = [fixture.tenant("a").await, fixture.tenant("b").await, fixture.tenant("c").await];
    let appenders = (0..8).map(|n| {
        let (ledger, scopes) = (ledgers[n % 2].clone(), scopes.clone());
        tokio::spawn(async move {
            let mut received = Vec::new();
            for batch in 0..BATCHES {
                let tenant = (n + batch) % scopes.len();
                let appended = ledger.append(&scopes[tenant], drafts(BATCH)).await.unwrap();
                received.extend(receipts(&appended).into_iter().map(|r| (tenant, r)));
            }
            received
        })
    });
    let mut received = Vec::new();
    for appender in futures::future::join_all(appenders).await {
        received.extend(appender.unwrap());
    }
    assert_eq!(received.len(), 8 * BATCHES * BATCH);
    for (tenant, scope) in scopes.iter().enumerate() {
        let mut of_tenant: Vec<_> = received.iter().filter(|(t, _)| *t == tenant).map(|(_, r)| *r).collect();
        of_tenant.sort_by_key(|receipt| receipt.seq);
        let seqs: Vec<_> = of_tenant.iter().map(|receipt| receipt.seq).collect();
        assert_eq!(seqs, (0..of_tenant.len() as u64).collect::<Vec<_>>());
        assert!(of_tenant.is_sorted_by(|a, b| a.id < b.id), "ids are the log's order");
        let head = fixture.ledger.head(scope).await.unwrap();
        assert_eq!(head.size, of_tenant.len() as u64);
        assert_eq!(head.last_id, of_tenant.last().map(|receipt| receipt.id));
        let page = fixture.ledger.page(scope, Range::default(), Order::OldestFirst, 1000).await.unwrap();
        let stored: Vec<_> = page.iter().map(|e| (e.seq, e.id, e.leaf_hash)).collect();
        let acknowledged: Vec<_> = of_tenant.iter().map(|r| (r.seq, r.id, r.leaf_hash)).collect();
        assert_eq!(stored, acknowledged);
    }
}

#[tokio::test]
async fn an_append_of_nothing_and_to_nobody() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    assert_eq!(fixture.ledger.append(&scope, vec![]).await.unwrap(), []);
    assert_eq!(fixture.ledger.head(&scope).await.unwrap().size, 0);
    let nobody = fixture.authority.scope(Uuid::now_v7().into(), "test");
    let error = fixture.ledger.append(&nobody, drafts(1)).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotFound), "{error}");
}

/// More than one message of COPY.
#[tokio::test]
async fn a_large_batch_is_one_transaction() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let appended = fixture.ledger.append(&scope, drafts(5000)).await.unwrap();
    assert!(appended.iter().all(|a| matches!(a, Appended::Accepted(_))));
    let leaves = fixture.ledger.leaf_hashes(&scope, 0, 5000).await.unwrap();
    let acknowledged: Vec<_> = receipts(&appended).iter().map(|r| r.leaf_hash).collect();
    assert_eq!(leaves, acknowledged);
}

#[tokio::test]
async fn a_missing_partition_writes_nothing_and_is_named() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let today = partitions::coverage(&fixture.store).await.unwrap().today;
    fixture.run_as(None, &format!("DROP TABLE {}", partitions::name(today))).await;
    let event = fixture.event(&scope, r#"{"action":"a","actor":{"id":"u"}}"#, ("e", "")).await;
    let draft = event.unwrap();
    let error = fixture.ledger.append(&scope, vec![draft.clone()]).await.unwrap_err();
    assert!(matches!(error, LedgerError::NoPartition { day } if day == today), "{error}");
    assert_eq!(fixture.ledger.head(&scope).await.unwrap().size, 0);
    partitions::maintain(&fixture.store).await.unwrap();
    let appended = fixture.ledger.append(&scope, vec![draft]).await.unwrap();
    let [Appended::Accepted(receipt)] = appended[..] else { panic!("{appended:?}") };
    assert_eq!(receipt.seq, 0);
}

#[tokio::test]
async fn ids_are_of_the_databases_clock() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let clock = async || {
        let mut tx = fixture.store.writer_tx().await.unwrap();
        let now = custody_store::heads::lock(&mut tx, scope.tenant()).await.unwrap().now;
        EntryId::lower_bound(now - chrono::TimeDelta::milliseconds(1))
    };
    let before = clock().await;
    let appended = fixture.ledger.append(&scope, drafts(1)).await.unwrap();
    let receipt = appended[0].receipt();
    assert!(
        before <= receipt.id
            && receipt.id.0
                <= EntryId::lower_bound(clock().await.received_at() + chrono::TimeDelta::milliseconds(2)).0
    );
    assert_eq!(receipt.received_at, receipt.id.received_at());
    assert_eq!(receipt.id.0.get_version_num(), 7);
}

/// A client that hangs up drops the future of its append, wherever it stands.
#[tokio::test]
async fn an_append_that_is_dropped_midway_leaves_no_gap_and_no_broken_connection() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let (mut acknowledged, mut dropped) = (Vec::new(), 0);
    for _ in 0..5 {
        for polls_max in 1.. {
            assert!(polls_max < 1000, "an append comes to an end");
            let mut append = std::pin::pin!(fixture.ledger.append(&scope, drafts(3)));
            let mut polls = 0;
            let result = std::future::poll_fn(|context| {
                polls += 1;
                if polls > polls_max {
                    return std::task::Poll::Ready(None);
                }
                append.as_mut().poll(context).map(Some)
            })
            .await;
            if let Some(appended) = result {
                acknowledged.extend(receipts(&appended.unwrap()));
                break;
            }
            dropped += 1;
        }
    }
    assert!(dropped > 10, "it was dropped in many places: {dropped}");
    fixture.ledger.append(&scope, drafts(1)).await.unwrap();
    let head = fixture.ledger.head(&scope).await.unwrap();
    let leaves = fixture.ledger.leaf_hashes(&scope, 0, head.size).await.unwrap();
    for receipt in acknowledged {
        assert_eq!(leaves[usize::try_from(receipt.seq).unwrap()], receipt.leaf_hash);
    }
}
