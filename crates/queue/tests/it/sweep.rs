//! Jobs whose files go first are nobody's to retry meanwhile.

use std::time::Duration;

use custody_store::jobs::{Retried, remove, retry, set_aside};

use crate::{
    fixture::{Fixture, Part},
    probe::{Act, Plain, Probe},
};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn who_retries_first_keeps_the_files_and_who_sweeps_first_the_row() {
    let fixture = Fixture::new(Part::Postgres).await;
    let tenant = fixture.tenant().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(fixture.ask(&tenant, &Plain(Probe::new(n.to_string(), Act::Nothing))).await);
    }
    fixture
        .run_as_table_owner(
            "UPDATE jobs SET state = 'cancelled', ended_at = clock_timestamp() - interval '2 days'",
        )
        .await;
    let store = &fixture.store;
    assert!(matches!(retry(store, &tenant, ids[0]).await.unwrap(), Retried::Waits(_)));
    let first = set_aside(store, DAY, &[], None, 2).await.unwrap();
    let others = set_aside(store, DAY, &[], first.last().copied(), 100).await.unwrap();
    let mut aside: Vec<_> = first.iter().chain(&others).map(|old| old.job.id).collect();
    aside.sort_unstable();
    assert_eq!((first.len(), aside.as_slice()), (2, &ids[1..]));
    assert_eq!(set_aside(store, DAY, &[], others.last().copied(), 100).await.unwrap(), []);
    assert_eq!(set_aside(store, DAY, &["probe.plain"], None, 100).await.unwrap(), []);
    for id in &ids[1..] {
        assert_eq!(retry(store, &tenant, *id).await.unwrap(), Retried::Swept);
    }
    // One that could not be removed is found again.
    let rest: Vec<_> = first.iter().chain(&others).skip(1).map(|old| old.job).collect();
    assert_eq!(remove(store, &rest).await.unwrap(), 3);
    let again = set_aside(store, DAY, &[], None, 100).await.unwrap();
    assert_eq!(again, first[..1]);
    let retried = fixture.job(&tenant, ids[0]).await;
    assert!(retried.ended_at.is_none());
}
