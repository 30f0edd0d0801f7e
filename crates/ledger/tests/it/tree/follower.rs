//! The follower: one tree however it is followed, by whom, and after what.

use custody_domain::merkle;
use custody_ledger::{TreeError, follow::FollowError};

use super::grower::{Grower, latest, write_leaves};
use crate::fixture::{Fixture, drafts};

#[tokio::test]
async fn the_checkpoint_is_of_all_entries_and_of_many_tenants_at_once() {
    let fixture = Fixture::new().await;
    let grower = Grower::of(&fixture);
    let mut scopes = Vec::new();
    for n in 0..5 {
        let scope = fixture.tenant(&format!("t{n}")).await;
        fixture.ledger.append(&scope, drafts(n + 1)).await.unwrap();
        scopes.push(scope);
    }
    grower.try_follow().await.unwrap();
    assert_eq!(grower.behind(&grower.fence().await).await, [], "one pass is enough");
    for (scope, n) in scopes.iter().zip(1..) {
        let leaves = fixture.ledger.leaf_hashes(scope, 0, n).await.unwrap();
        let checkpoint = latest(&fixture.ledger, scope).await;
        assert_eq!((checkpoint.size, checkpoint.root), (n, merkle::root(&leaves)));
        let origin = fixture.ledger.origin(scope).await.unwrap();
        assert_eq!((origin.tenant(), origin.epoch()), (scope.tenant(), 0));
        assert_eq!(checkpoint.origin, origin.to_string());
    }
}

#[tokio::test]
async fn a_log_grows_over_tiles_in_any_portions() {
    let fixture = Fixture::new().await;
    let (scope, grower) = (fixture.tenant("a").await, Grower::of(&fixture));
    let mut leaves = Vec::new();
    for portion in [1, 254, 1, 1, 255, 600, 2] {
        leaves.extend(write_leaves(&fixture, &scope, portion).await);
        grower.follow().await;
        let checkpoint = latest(&fixture.ledger, &scope).await;
        assert_eq!((checkpoint.size, checkpoint.root), (leaves.len() as u64, merkle::root(&leaves)));
    }
}

/// What this process committed comes from memory; what another one did, from the database.
#[tokio::test]
async fn entries_of_two_servers_are_one_tree() {
    let fixture = Fixture::new().await;
    let (scope, grower) = (fixture.tenant("a").await, Grower::of(&fixture));
    let other = fixture.another_ledger().await;
    for n in 0..6 {
        fixture.ledger.append(&scope, drafts(150)).await.unwrap();
        if n % 2 == 0 {
            grower.follow().await;
        }
        other.append(&scope, drafts(150)).await.unwrap();
        grower.follow().await;
    }
    let leaves = fixture.ledger.leaf_hashes(&scope, 0, 1800).await.unwrap();
    let checkpoint = latest(&fixture.ledger, &scope).await;
    assert_eq!((checkpoint.size, checkpoint.root), (1800, merkle::root(&leaves)));
}

#[tokio::test]
async fn a_process_that_took_over_goes_on_and_one_that_comes_back_finds_out() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let (first, second) = (Grower::of(&fixture), Grower::of(&fixture));
    let mut leaves = write_leaves(&fixture, &scope, 300).await;
    first.follow().await;
    let old_fence = first.fence().await;
    first.hand_over().await;
    // Within one tile, so that nothing but the tree itself tells.
    leaves.extend(write_leaves(&fixture, &scope, 20).await);
    second.follow().await;
    leaves.extend(write_leaves(&fixture, &scope, 10).await);
    // With leases again, it believes in a tree that is not the newest any more; once.
    second.hand_over().await;
    assert!(matches!(first.try_follow().await, Err(FollowError::Other(_))));
    first.follow().await;
    let checkpoint = latest(&fixture.ledger, &scope).await;
    assert_eq!((checkpoint.size, checkpoint.root), (330, merkle::root(&leaves)));
    // Without them it writes nothing, whatever it believes.
    write_leaves(&fixture, &scope, 1).await;
    assert!(matches!(first.follow_under(&old_fence).await, Err(FollowError::LeaseLost)));
    assert_eq!(latest(&fixture.ledger, &scope).await.size, 330);
}

#[tokio::test]
async fn what_was_changed_after_it_was_signed_is_never_signed_again() {
    let fixture = Fixture::new().await;
    let (scope, grower) = (fixture.tenant("a").await, Grower::of(&fixture));
    fixture.ledger.append(&scope, drafts(300)).await.unwrap();
    // Followed from the database, as after a restart.
    let grower_after_restart = Grower::new(&fixture.store, fixture.another_ledger().await);
    grower.follow().await;
    grower.hand_over().await;
    let today = custody_store::partitions::coverage(&fixture.store).await.unwrap().today;
    let change = format!(
        "UPDATE {} SET leaf_hash = sha256('x') WHERE tenant_id = '{}' AND seq = 280",
        custody_store::partitions::name(today),
        scope.tenant()
    );
    fixture.run_as(None, &change).await;
    fixture.another_ledger().await.append(&scope, drafts(1)).await.unwrap();
    let error = grower_after_restart.try_follow().await.unwrap_err();
    let FollowError::Tenant { tenant, source, .. } = &error else { panic!("{error}") };
    assert_eq!(*tenant, scope.tenant());
    let mismatch = source.downcast_ref::<TreeError>();
    assert!(matches!(mismatch, Some(TreeError::Mismatch { size: 300, .. })), "{source}");
    assert_eq!(latest(&fixture.ledger, &scope).await.size, 300);
}

#[tokio::test]
async fn an_entry_that_is_gone_stops_the_tree_before_it() {
    let fixture = Fixture::new().await;
    let (scope, grower) = (fixture.tenant("a").await, Grower::of(&fixture));
    write_leaves(&fixture, &scope, 20).await;
    let today = custody_store::partitions::coverage(&fixture.store).await.unwrap().today;
    let remove = format!("DELETE FROM {} WHERE seq = 7", custody_store::partitions::name(today));
    fixture.run_as(None, &remove).await;
    let error = grower.try_follow().await.unwrap_err();
    assert!(
        matches!(&error, FollowError::Tenant { reason, .. } if reason == "entry 7 is missing"),
        "{error}"
    );
    assert_eq!(latest(&fixture.ledger, &scope).await.size, 0);
}
