//! Many appenders, several servers: each tenant's log has no gaps and one order.

use custody_domain::EntryId;
use custody_ledger::{Appended, LedgerError, Order, Range};
use custody_store::partitions;
use uuid::Uuid;

use crate::fixture::{Fixture, drafts, receipts};

#[tokio::test(flavor = "multi_thread")]
async fn eight_appenders_of_two_servers_leave_no_gap_in_any_log() {
    const BATCHES: usize = 6;
    // A few go with the commit, more are copied.
    const SIZES: [usize; 2] = [5, 70];
    let fixture = Fixture::new().await;
    let ledgers = [fixture.ledger.clone(), fixture.another_ledger().await];
    let scopes = [fixture.tenant("a").await, fixture.tenant("b").await, fixture.tenant("c").await];
    let appenders = (0..8).map(|n| {
        let (ledger, scopes) = (ledgers[n % 2].clone(), scopes.clone());
        tokio::spawn(async move {
            let mut received = Vec::new();
            for batch in 0..BATCHES {
                let tenant = (n + batch) % scopes.len();
                let size = SIZES[(n + batch) % 4 / 2];
                let appended = ledger.append(&scopes[tenant], drafts(size)).await.unwrap();
                received.extend(receipts(&appended).into_iter().map(|r| (tenant, r)));
            }
            received
        })
    });
    let mut received = Vec::new();
    for appender in futures::future::join_all(appenders).await {
        received.extend(appender.unwrap());
    }
    assert_eq!(received.len(), 8 * BATCHES * SIZES.iter().sum::<usize>() / 2);
    for (tenant, scope) in scopes.iter().enumerate() {
        let mut of_tenant: Vec<_> = received.iter().filter(|(t, _)| *t == tenant).map(|(_, r)| *r).collect();
        of_tenant.sort_by_key(|receipt| receipt.seq);
        let seqs: Vec<_> = of_tenant.iter().map(|receipt| receipt.seq).collect();
        assert_eq!(seqs, (0..of_tenant.len() as u64).collect::<Vec<_>>());
        assert!(of_tenant.is_sorted_by(|a, b| a.id < b.id), "ids are the log's order");
        let head = fixture.ledger.head(scope).await.unwrap();
        assert_eq!(head.size, of_tenant.len() as u64);
        assert_eq!(head.last_id, of_tenant.last().map(|receipt| receipt.id));
        let page = fixture.ledger.page(scope, Range::default(), Order::OldestFirst, 2000).await.unwrap();
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
async fn a_missing_partition_is_made() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let today = partitions::coverage(&fixture.store).await.unwrap().today;
    fixture.run_as(None, &format!("DROP TABLE {}", partitions::name(today))).await;
    let event = fixture.event(&scope, r#"{"action":"a","actor":{"id":"u"}}"#, ("e", "")).await;
    let draft = event.unwrap();
    let appended = fixture.ledger.append(&scope, vec![draft]).await.unwrap();
    let [Appended::Accepted(receipt)] = appended[..] else { panic!("{appended:?}") };
    assert_eq!(receipt.seq, 0);
    assert_eq!(partitions::coverage(&fixture.store).await.unwrap().missing, []);
}

#[tokio::test]
async fn a_partition_that_cannot_be_made_is_named_and_nothing_is_written() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let today = partitions::coverage(&fixture.store).await.unwrap().today;
    let name = partitions::name(today);
    fixture.run_as(None, &format!("DROP TABLE {name}")).await;
    fixture.run_as(None, "ALTER FUNCTION custody_create_partition(date) RENAME TO gone").await;
    let error = fixture.ledger.append(&scope, drafts(1)).await.unwrap_err();
    assert!(matches!(error, LedgerError::NoPartition { day } if day == today), "{error}");
    assert_eq!(fixture.ledger.head(&scope).await.unwrap().size, 0);
    fixture.run_as(None, "ALTER FUNCTION gone(date) RENAME TO custody_create_partition").await;
    fixture.ledger.append(&scope, drafts(1)).await.unwrap();
}

#[tokio::test]
async fn ids_are_of_the_databases_clock() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let clock = async || {
        let now = custody_store::heads::lock(&fixture.store, &[scope.tenant()]).await.unwrap().1[0].now;
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

/// A client that hangs up drops the future of its append, wherever it stands; those of others, which
/// may be in the same batch, go on.
#[tokio::test]
async fn an_append_that_is_dropped_midway_harms_nobody() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let mut acknowledged = Vec::new();
    for steps in 0..200 {
        let before = fixture.ledger.append(&scope, drafts(1));
        let mut dropped = Box::pin(fixture.ledger.append(&scope, drafts(3)));
        let after = fixture.ledger.append(&scope, drafts(2));
        let dropping = async {
            assert!(futures::poll!(&mut dropped).is_pending());
            for _ in 0..steps {
                tokio::task::yield_now().await;
            }
            drop(dropped);
        };
        let (before, (), after) = futures::join!(before, dropping, after);
        acknowledged.extend(receipts(&before.unwrap()));
        acknowledged.extend(receipts(&after.unwrap()));
    }
    let head = fixture.ledger.head(&scope).await.unwrap();
    assert!(head.size >= 600, "all that was acknowledged is there");
    let leaves = fixture.ledger.leaf_hashes(&scope, 0, head.size).await.unwrap();
    for receipt in acknowledged {
        assert_eq!(leaves[usize::try_from(receipt.seq).unwrap()], receipt.leaf_hash);
    }
}
