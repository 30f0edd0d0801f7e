//! A head ahead of the database's clock, and a batch over midnight.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use custody_domain::EntryId;
use custody_ledger::{LedgerError, Order, Range};
use custody_store::{heads, partitions};

use crate::fixture::{Fixture, drafts, receipts};

async fn now(fixture: &Fixture, scope: &custody_auth::Scope) -> DateTime<Utc> {
    heads::lock(&fixture.store, &[scope.tenant()]).await.unwrap().1[0].now
}

/// The last-but-one id of the millisecond before `at`.
fn almost(at: DateTime<Utc>) -> EntryId {
    let millisecond = EntryId::lower_bound(at - TimeDelta::milliseconds(1)).to_string();
    format!("{}-7fff-bfff-fffffffffffe", &millisecond[..13]).parse().unwrap()
}

#[tokio::test]
async fn a_batch_over_midnight_lies_in_two_partitions() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    fixture.ledger.append(&scope, drafts(1)).await.unwrap();
    let today = partitions::coverage(&fixture.store).await.unwrap().today;
    let midnight = (today + Days::new(1)).and_time(NaiveTime::MIN).and_utc();
    fixture.set_last_id(&scope, almost(midnight)).await;
    let appended = fixture.ledger.append(&scope, drafts(4)).await.unwrap();
    let receipts = receipts(&appended);
    let days: Vec<_> = receipts.iter().map(|r| r.received_at.date_naive()).collect();
    let tomorrow = today + Days::new(1);
    assert_eq!(days, [today, tomorrow, tomorrow, tomorrow]);
    assert!(receipts.is_sorted_by(|a, b| a.id < b.id && a.seq + 1 == b.seq));
    let page = fixture.ledger.page(&scope, Range::default(), Order::NewestFirst, 10).await.unwrap();
    assert_eq!(page.iter().map(|e| e.seq).collect::<Vec<_>>(), [4, 3, 2, 1, 0]);
}

#[tokio::test]
async fn a_clock_set_back_by_hours_goes_on_from_the_last_id() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    fixture.ledger.append(&scope, drafts(1)).await.unwrap();
    let head = EntryId::lower_bound(now(&fixture, &scope).await + TimeDelta::hours(23));
    fixture.set_last_id(&scope, head).await;
    let appended = fixture.ledger.append(&scope, drafts(1)).await.unwrap();
    let receipt = appended[0].receipt();
    assert_eq!(receipt.id.0.as_u128(), head.0.as_u128() + 1);
    assert_eq!(receipt.received_at, head.received_at());
}

#[tokio::test]
async fn a_clock_set_back_by_days_refuses_that_tenant_alone() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    fixture.ledger.append(&a, drafts(1)).await.unwrap();
    let head = EntryId::lower_bound(now(&fixture, &a).await + TimeDelta::hours(25));
    fixture.set_last_id(&a, head).await;
    let error = fixture.ledger.append(&a, drafts(1)).await.unwrap_err();
    assert!(matches!(error, LedgerError::ClockAhead { tenant, .. } if tenant == a.tenant()), "{error}");
    assert_eq!(fixture.ledger.head(&a).await.unwrap().size, 1);
    // Side by side, they share a transaction.
    let (of_a, of_b) =
        futures::future::join(fixture.ledger.append(&a, drafts(1)), fixture.ledger.append(&b, drafts(1)))
            .await;
    assert!(matches!(of_a, Err(LedgerError::ClockAhead { .. })), "{of_a:?}");
    of_b.unwrap();
    assert_eq!(fixture.ledger.head(&a).await.unwrap().size, 1);
    assert_eq!(fixture.ledger.head(&b).await.unwrap().size, 1);
}
