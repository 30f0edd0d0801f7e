//! Leases: every group is held once, passes on when its holder is gone, and a holder that was taken
//! for dead writes nothing.

use std::{collections::BTreeSet, time::Duration};

use custody_domain::EntryId;
use custody_store::{
    DatabaseRole,
    followers::{self, Position},
    leases::{self, Fence, FenceError, GROUPS, Lease},
};
use custody_testkit::eventually;
use uuid::Uuid;

use crate::fixture::{Fixture, count, run};

const LONG: Duration = Duration::from_mins(1);
/// Expires between two looks.
const SHORT: Duration = Duration::from_millis(1);

fn groups(leases: &[Lease]) -> BTreeSet<u8> {
    leases.iter().map(|lease| lease.group).collect()
}

async fn beat(fixture: &Fixture, holder: Uuid, ttl: Duration) -> Vec<Lease> {
    leases::beat(&fixture.store, "tests", holder, ttl).await.unwrap()
}

fn fence(fixture: &Fixture, holder: Uuid, leases: Vec<Lease>) -> Fence {
    Fence::new(fixture.store.clone(), "tests", holder, leases)
}

#[tokio::test]
async fn two_processes_share_the_groups_and_none_is_held_twice() {
    let fixture = Fixture::new().await;
    let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
    assert_eq!(beat(&fixture, a, LONG).await.len(), usize::from(GROUPS), "who is alone holds all");
    assert_eq!(beat(&fixture, b, LONG).await, [], "nothing is taken from a holder");
    let of_a = beat(&fixture, a, LONG).await;
    let of_b = beat(&fixture, b, LONG).await;
    assert_eq!((of_a.len(), of_b.len()), (8, 8));
    assert!(groups(&of_a).is_disjoint(&groups(&of_b)));
    assert_eq!(groups(&beat(&fixture, a, LONG).await), groups(&of_a), "and it stays so");
}

#[tokio::test]
async fn processes_that_begin_at_once_hold_each_group_once() {
    let fixture = Fixture::new().await;
    let holders: Vec<_> = (0..4).map(|_| Uuid::new_v4()).collect();
    for _ in 0..4 {
        let beats = holders.iter().map(|holder| beat(&fixture, *holder, LONG));
        let held: Vec<_> = futures::future::join_all(beats).await.into_iter().flatten().collect();
        assert_eq!(groups(&held).len(), held.len(), "a group that is held twice: {held:?}");
    }
    // What one hands back another takes at its next look: how many looks that needs is chance.
    eventually("each has its share", async || {
        let mut held = Vec::new();
        for holder in &holders {
            held.extend(beat(&fixture, *holder, LONG).await);
        }
        assert_eq!(groups(&held).len(), held.len(), "a group that is held twice: {held:?}");
        (held.len() == usize::from(GROUPS)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_handed_back_is_another_s_at_once() {
    let fixture = Fixture::new().await;
    let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
    let before = beat(&fixture, a, LONG).await;
    leases::leave(&fixture.store, "tests", a).await.unwrap();
    let after = beat(&fixture, b, LONG).await;
    assert_eq!(groups(&after).len(), usize::from(GROUPS));
    assert!(before.iter().zip(&after).all(|(before, after)| after.token > before.token));
}

#[tokio::test]
async fn a_holder_that_was_taken_for_dead_writes_nothing_more() {
    let fixture = Fixture::new().await;
    let tenant = fixture.tenant("a").await.tenant();
    let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
    let of_a = fence(&fixture, a, beat(&fixture, a, SHORT).await);
    let of_b = eventually("the leases expire", async || {
        let leases = beat(&fixture, b, LONG).await;
        (leases.len() == usize::from(GROUPS)).then_some(leases)
    })
    .await;
    assert!(matches!(of_a.begin().await, Err(FenceError::Lost { follower: "tests" })));
    // Nothing but the fence is in the way: the database's role may write this, and another process
    // that holds the leases does.
    let position = Position { tenant, epoch: 0, position: 1, last_id: id(1) };
    let mut tx = fence(&fixture, b, of_b).begin().await.unwrap();
    followers::advance(&mut tx, &[position]).await.unwrap();
    tx.commit().await.unwrap();
    let mut system = fixture.as_role(DatabaseRole::System).await;
    run(&mut system, "UPDATE followers SET position = 2").await;
    // Back among the living, with all it has: the token tells it apart.
    leases::leave(&fixture.store, "tests", b).await.unwrap();
    beat(&fixture, a, LONG).await;
    assert!(matches!(of_a.begin().await, Err(FenceError::Lost { .. })));
}

#[tokio::test]
async fn no_lease_passes_on_while_a_transaction_stands_on_it() {
    let fixture = Fixture::new().await;
    let tenant = fixture.tenant("a").await.tenant();
    let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
    let of_a = fence(&fixture, a, beat(&fixture, a, SHORT).await);
    let mut tx = of_a.begin().await.unwrap();
    assert_eq!(beat(&fixture, b, LONG).await, [], "expired, and still a's until its transaction ends");
    followers::advance(&mut tx, &[Position { tenant, epoch: 0, position: 1, last_id: id(1) }]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(beat(&fixture, b, LONG).await.len(), usize::from(GROUPS));
}

#[tokio::test]
async fn an_expired_lease_that_nobody_took_is_still_good() {
    let fixture = Fixture::new().await;
    let a = Uuid::new_v4();
    let of_a = fence(&fixture, a, beat(&fixture, a, SHORT).await);
    assert_eq!(beat(&fixture, a, SHORT).await, of_a.leases(), "renewed, with the same tokens");
    of_a.begin().await.unwrap().rollback().await.unwrap();
}

/// A holder died while the database's clock was an hour ahead: its leases end in an hour, and are
/// free all the same.
#[tokio::test]
async fn a_time_that_no_beat_can_have_set_has_expired() {
    let fixture = Fixture::new().await;
    let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
    beat(&fixture, a, LONG).await;
    let mut system = fixture.as_role(DatabaseRole::System).await;
    for table in ["leases", "lease_candidates"] {
        run(&mut system, &format!("UPDATE {table} SET expires_at = clock_timestamp() + interval '1 hour'"))
            .await;
    }
    assert_eq!(beat(&fixture, b, LONG).await.len(), usize::from(GROUPS));
}

#[tokio::test]
async fn a_follower_sees_what_is_behind_and_moves_on_but_never_back() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await.tenant(), fixture.tenant("b").await.tenant());
    let holder = Uuid::new_v4();
    let leases = beat(&fixture, holder, LONG).await;
    let mut writer = fixture.as_role(DatabaseRole::Writer).await;
    for tenant in [a, b] {
        run(
            &mut writer,
            &format!("UPDATE heads SET size = 5, last_id = '{}' WHERE tenant_id = '{tenant}'", id(5)),
        )
        .await;
    }
    let behind = async |leases: &[Lease], after, limit| {
        let mut tx = fixture.store.system_tx().await.unwrap();
        followers::behind(&mut tx, "tests", leases, after, limit).await.unwrap()
    };
    let page = behind(&leases, None, 10).await;
    assert_eq!((page.tenants, page.entries, page.entries_max, page.logs.len()), (2, 10, 5, 2));
    let log = page.logs[0];
    assert_eq!((log.from, log.after, log.head, log.head_id), (0, None, 5, id(5)));
    assert_eq!(behind(&[], None, 10).await.logs, [], "no lease, no log");
    let elsewhere: Vec<_> =
        leases.iter().copied().filter(|lease| lease.group != followers::group(log.tenant)).collect();
    assert!(behind(&elsewhere, None, 10).await.logs.iter().all(|l| l.tenant != log.tenant));
    let first = behind(&leases, None, 1).await;
    let second = behind(&leases, Some(first.logs[0].tenant), 1).await;
    assert_ne!(first.logs[0].tenant, second.logs[0].tenant, "everybody has their turn");

    let fence = fence(&fixture, holder, leases.clone());
    let advance = async |epoch, position| {
        let mut tx = fence.begin().await.unwrap();
        let to = Position { tenant: log.tenant, epoch, position, last_id: id(position) };
        followers::advance(&mut tx, &[to]).await?;
        tx.commit().await
    };
    advance(0, 3).await.unwrap();
    let log = behind(&leases, None, 10).await.logs.into_iter().find(|l| l.tenant == log.tenant).unwrap();
    assert_eq!((log.from, log.after), (3, Some(id(3))));
    assert!(advance(0, 3).await.is_err() && advance(0, 2).await.is_err());
    advance(0, 5).await.unwrap();
    assert_eq!(behind(&leases, None, 10).await.tenants, 1);
    run(
        &mut fixture.owner().await,
        "SET row_security = off; ALTER TABLE heads NO FORCE ROW LEVEL SECURITY; UPDATE heads SET epoch = 1",
    )
    .await;
    let log = behind(&leases, None, 10).await.logs.into_iter().find(|l| l.tenant == log.tenant).unwrap();
    assert_eq!((log.epoch, log.from, log.after), (1, 0, None), "a new epoch begins at the beginning");
    advance(1, 1).await.unwrap();
    assert_eq!(count(&mut fixture.as_role(DatabaseRole::System).await, "followers").await, 1);
}

fn id(n: u64) -> EntryId {
    EntryId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(n)))
}
