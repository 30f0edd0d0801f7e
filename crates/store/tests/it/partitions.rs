//! The days of entries: made ahead, missed loudly, dropped only when empty.

use chrono::Days;
use custody_auth::SystemAuthority;
use custody_domain::{EntryId, TenantId, columns::Columns};
use custody_store::{
    Store, StoreError,
    entries::{self, NewEntry},
    partitions,
};

use crate::fixture::{Fixture, keys, run, try_run};

#[tokio::test]
async fn days_are_made_ahead_and_again_is_harmless() {
    let fixture = Fixture::new().await;
    let coverage = partitions::coverage(&fixture.store).await.unwrap();
    assert_eq!((coverage.ahead, coverage.missing.len()), (7, 0));
    assert!(coverage.is_writable());
    let both =
        futures::future::join(partitions::maintain(&fixture.store), partitions::maintain(&fixture.store));
    let (one, other) = both.await;
    assert_eq!(one.unwrap(), coverage);
    assert_eq!(other.unwrap(), coverage);
    let mut further = fixture.config.clone();
    further.partitions_ahead_days = 9;
    let store = Store::connect(&further, keys()).await.unwrap();
    assert_eq!(partitions::coverage(&store).await.unwrap().missing.len(), 2);
    assert_eq!(partitions::maintain(&store).await.unwrap().ahead, 9);
}

fn row(id: EntryId, columns: &Columns) -> NewEntry<'_> {
    NewEntry { tenant: TenantId::RESERVED, id, seq: 0, columns, leaf_hash: &[0; 32], body: b"b" }
}

#[tokio::test]
async fn a_missing_day_is_named_by_the_check_and_by_the_write() {
    let fixture = Fixture::new().await;
    let today = partitions::coverage(&fixture.store).await.unwrap().today;
    let mut owner = fixture.owner().await;
    run(&mut owner, &format!("DROP TABLE {}", partitions::name(today))).await;
    let coverage = partitions::coverage(&fixture.store).await.unwrap();
    assert_eq!(coverage.missing, [today]);
    assert!(!coverage.is_writable());
    let columns = Columns::default();
    let id = EntryId::lower_bound(today.and_time(chrono::NaiveTime::MIN).and_utc());
    let row = row(id, &columns);
    let mut tx = fixture.store.writer_tx().await.unwrap();
    let error = entries::copy(&mut tx, today, &[row]).await.unwrap_err();
    assert!(matches!(error, StoreError::NoPartition { day } if day == today), "{error}");
    drop(tx);
    assert!(partitions::create(&fixture.store, today).await.unwrap());
    assert!(!partitions::create(&fixture.store, today).await.unwrap(), "it is there");
    assert!(partitions::maintain(&fixture.store).await.unwrap().is_writable());
}

#[tokio::test]
async fn a_partition_takes_its_day_and_nothing_else() {
    let fixture = Fixture::new().await;
    let today = partitions::coverage(&fixture.store).await.unwrap().today;
    let columns = Columns::default();
    let midnight = today.and_time(chrono::NaiveTime::MIN).and_utc();
    for (at, fits) in [
        (midnight, true),
        (midnight + chrono::TimeDelta::milliseconds(86_399_999), true),
        (midnight + chrono::TimeDelta::days(1), false),
        (midnight - chrono::TimeDelta::milliseconds(1), false),
    ] {
        let row = row(EntryId::lower_bound(at), &columns);
        let mut tx = fixture.store.writer_tx().await.unwrap();
        let copied = entries::copy(&mut tx, today, &[row]).await;
        assert_eq!(copied.is_ok(), fits, "{at}: {copied:?}");
    }
}

#[tokio::test]
async fn days_that_nobody_needs_are_not_made() {
    let fixture = Fixture::new().await;
    let mut owner = fixture.owner().await;
    for (day, refused) in
        [("2019-12-31", true), ("-infinity", true), ("infinity", true), ("2020-01-01", false)]
    {
        let made = try_run(&mut owner, &format!("SELECT custody_create_partition('{day}')")).await;
        assert_eq!(made.is_err(), refused, "{day}: {made:?}");
    }
}

#[tokio::test]
async fn only_a_past_and_empty_day_is_dropped() {
    let fixture = Fixture::new().await;
    let today = partitions::coverage(&fixture.store).await.unwrap().today;
    let past = today - Days::new(30);
    let mut owner = fixture.owner().await;
    run(&mut owner, &format!("SELECT custody_create_partition('{past}')")).await;
    let authority = SystemAuthority::assume();
    let reap = async |day| {
        let mut tx = fixture.store.reaper_tx(&authority, TenantId::RESERVED).await.unwrap();
        let dropped = partitions::drop_day(&mut tx, day).await?;
        tx.commit().await?;
        Ok::<_, StoreError>(dropped)
    };
    let columns = Columns::default();
    let id = EntryId::lower_bound(past.and_time(chrono::NaiveTime::MIN).and_utc());
    let row = row(id, &columns);
    let mut tx = fixture.store.writer_tx().await.unwrap();
    entries::copy(&mut tx, past, &[row]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(reap(past).await.unwrap_err().to_string().contains("still holds entries"));
    run(&mut owner, &format!("TRUNCATE {}", partitions::name(past))).await;
    assert!(reap(past).await.unwrap());
    assert!(!reap(past).await.unwrap(), "it is gone");
    assert!(reap(today).await.is_err(), "today is needed");
    assert_eq!(partitions::coverage(&fixture.store).await.unwrap().missing, []);
}
