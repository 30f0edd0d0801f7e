//! The queue and its committers: what is full, what failed together, what holds up whom.

use std::time::Duration;

use custody_auth::Scope;
use custody_ledger::{Appended, CommitConfig, Draft, Ledger, LedgerError, RecentLeaf};
use custody_store::{WriterTx, heads};
use futures::poll;

use crate::fixture::{Fixture, draft, drafts, receipts};

type Appending<'l> = std::pin::Pin<Box<dyn Future<Output = Result<Vec<Appended>, LedgerError>> + 'l>>;

const LONG: Duration = Duration::from_secs(30);

/// Holds a tenant's head, as another server would.
async fn hold(fixture: &Fixture, scope: &Scope) -> WriterTx {
    heads::lock(&fixture.store, &[scope.tenant()]).await.unwrap().0
}

/// An append that is in the queue when this returns.
async fn queued<'l>(ledger: &'l Ledger, scope: &'l Scope, drafts: Vec<Draft>) -> Appending<'l> {
    let mut append: Appending<'l> = Box::pin(ledger.append(scope, drafts));
    assert!(poll!(&mut append).is_pending());
    append
}

/// An append that a committer has taken when this returns, and that waits for the tenant's head.
async fn taken<'l>(ledger: &'l Ledger, scope: &'l Scope) -> Appending<'l> {
    let append = queued(ledger, scope, drafts(1)).await;
    // The committer was called by it, and runs next; what it takes it takes at once.
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    append
}

async fn is_full(append: Appending<'_>) -> bool {
    let mut append = append;
    matches!(poll!(&mut append), std::task::Poll::Ready(Err(LedgerError::Full)))
}

#[tokio::test]
async fn a_full_queue_says_so_at_once_and_one_tenant_has_half_of_it() {
    let fixture = Fixture::new().await;
    let config = CommitConfig { committers: 1, queue_items_max: 10, ..CommitConfig::default() };
    let ledger = fixture.ledger_with(config).await;
    let [a, b, c] = [fixture.tenant("a").await, fixture.tenant("b").await, fixture.tenant("c").await];
    let held = hold(&fixture, &a).await;
    let first = taken(&ledger, &a).await;
    let of_a = queued(&ledger, &a, drafts(5)).await;
    assert!(is_full(Box::pin(ledger.append(&a, drafts(1)))).await, "five of ten are one tenant's");
    let of_b = queued(&ledger, &b, drafts(5)).await;
    assert!(is_full(Box::pin(ledger.append(&c, drafts(1)))).await, "ten are all");
    let brief = ledger.append_waiting(&c, drafts(1), Duration::from_millis(1)).await;
    assert!(matches!(brief, Err(LedgerError::Full)), "{brief:?}");
    let mut waiting: Appending<'_> = Box::pin(ledger.append_waiting(&c, drafts(1), LONG));
    assert!(poll!(&mut waiting).is_pending());
    held.rollback().await.unwrap();
    for (append, count) in [(first, 1), (of_a, 5), (of_b, 5), (waiting, 1)] {
        assert_eq!(append.await.unwrap().len(), count);
    }
    assert_eq!(fixture.ledger.head(&a).await.unwrap().size, 6, "what was refused is not there");
    assert_eq!(fixture.ledger.head(&c).await.unwrap().size, 1);
}

/// What the database refuses: an action is never empty.
fn defect() -> Draft {
    draft(r#"{"action":"","actor":{"id":"u"}}"#)
}

#[tokio::test]
async fn one_requests_defect_is_not_anothers() {
    for count in [1, 70] {
        let fixture = Fixture::new().await;
        let ledger = &fixture.ledger;
        let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
        let held = hold(&fixture, &a).await;
        let first = taken(ledger, &a).await;
        // These wait meanwhile, so they are one batch, or two.
        let good = [
            queued(ledger, &a, drafts(count)).await,
            queued(ledger, &a, drafts(count)).await,
            queued(ledger, &b, drafts(count)).await,
        ];
        let mut half_bad = drafts(count);
        half_bad.push(defect());
        let bad = [queued(ledger, &a, vec![defect()]).await, queued(ledger, &a, half_bad).await];
        held.rollback().await.unwrap();
        first.await.unwrap();
        for append in good {
            assert_eq!(append.await.unwrap().len(), count);
        }
        for append in bad {
            let refused = append.await;
            assert!(matches!(refused, Err(LedgerError::Store(_))), "{refused:?}");
        }
        let sizes = (ledger.head(&a).await.unwrap().size, ledger.head(&b).await.unwrap().size);
        assert_eq!(sizes, (1 + 2 * count as u64, count as u64), "a request is written whole, or not at all");
        ledger.leaf_hashes(&a, 0, sizes.0).await.unwrap();
    }
}

#[tokio::test]
async fn a_tenant_whose_head_another_server_holds_holds_up_nobody() {
    let fixture = Fixture::new().await;
    let ledger = &fixture.ledger;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let wait_for_a_head = async |limit: &str| {
        let alter = format!("ALTER FUNCTION custody_lock_heads(uuid[]) SET lock_timeout = '{limit}'");
        fixture.run_as(None, &alter).await;
    };
    wait_for_a_head("200ms").await;
    let held = hold(&fixture, &a).await;
    let (of_a, of_b) = futures::join!(ledger.append(&a, drafts(1)), ledger.append(&b, drafts(1)));
    assert!(matches!(of_a, Err(LedgerError::Unavailable(_))), "{of_a:?}");
    of_b.unwrap();
    // From now on it goes alone: the other does not even wait once more.
    wait_for_a_head("30s").await;
    let mut of_a = taken(ledger, &a).await;
    for _ in 0..3 {
        let mut both = futures::future::select(&mut of_a, Box::pin(ledger.append(&b, drafts(1))));
        match tokio::time::timeout(Duration::from_secs(10), &mut both).await.unwrap() {
            futures::future::Either::Left(_) => panic!("the head is held"),
            futures::future::Either::Right((of_b, _)) => drop(of_b.unwrap()),
        }
    }
    held.rollback().await.unwrap();
    of_a.await.unwrap();
    assert_eq!(ledger.head(&a).await.unwrap().size, 1);
    assert_eq!(ledger.head(&b).await.unwrap().size, 4);
}

#[tokio::test]
async fn a_wire_that_is_cut_loses_nothing_that_was_acknowledged() {
    let fixture = Fixture::new().await;
    let (ledger, mut wire) = fixture.ledger_on_a_wire().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    ledger.append(&a, drafts(3)).await.unwrap();
    let held = hold(&fixture, &a).await;
    let first = taken(&ledger, &a).await;
    let (same, other) = (queued(&ledger, &a, drafts(2)).await, queued(&ledger, &b, drafts(2)).await);
    wire.cut().await;
    for append in [first, same, other] {
        let lost = append.await;
        assert!(matches!(lost, Err(LedgerError::Unavailable(_))), "{lost:?}");
    }
    held.rollback().await.unwrap();
    wire.mend().await;
    let appended = ledger.append(&a, drafts(1)).await.unwrap();
    assert_eq!(appended[0].receipt().seq, 3, "what was lost before its COMMIT is not there");
    ledger.append(&b, drafts(1)).await.unwrap();
}

#[tokio::test]
async fn who_follows_is_woken_and_need_not_read_back() {
    let fixture = Fixture::new().await;
    let ledger = &fixture.ledger;
    let scope = fixture.tenant("a").await;
    let mut moved = ledger.moved();
    let before = *moved.borrow_and_update();
    let mut acknowledged = Vec::new();
    for count in [2, 70] {
        acknowledged.extend(receipts(&ledger.append(&scope, drafts(count)).await.unwrap()));
        tokio::time::timeout(LONG, moved.changed()).await.unwrap().unwrap();
        moved.borrow_and_update();
    }
    assert_eq!(*moved.borrow(), before + 2);
    let leaves: Vec<_> =
        acknowledged.iter().map(|r| RecentLeaf { id: r.id, leaf_hash: r.leaf_hash }).collect();
    assert_eq!(ledger.recent().leaves(scope.tenant(), 0).unwrap(), leaves);
    assert_eq!(ledger.recent().leaves(scope.tenant(), 70).unwrap(), leaves[70..]);
    assert_eq!(ledger.recent().leaves(scope.tenant(), 72), None);
    // Another server's entry stands in between.
    fixture.another_ledger().await.append(&scope, drafts(1)).await.unwrap();
    ledger.append(&scope, drafts(1)).await.unwrap();
    assert_eq!(ledger.recent().leaves(scope.tenant(), 0), None);
    assert_eq!(ledger.recent().leaves(scope.tenant(), 73).unwrap().len(), 1);
}

#[tokio::test]
async fn what_writes_nothing_wakes_nobody() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let event = fixture.event(&scope, r#"{"action":"a","actor":{"id":"u"}}"#, ("e", "x")).await.unwrap();
    fixture.ledger.append(&scope, vec![event.clone()]).await.unwrap();
    let moved = fixture.ledger.moved();
    let again = fixture.ledger.append(&scope, vec![event]).await.unwrap();
    assert!(matches!(again[..], [Appended::Duplicate(_)]), "{again:?}");
    assert!(!moved.has_changed().unwrap());
}
