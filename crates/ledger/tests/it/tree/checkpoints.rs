//! Which checkpoints are kept, and under which name they are signed.

use custody_domain::merkle;
use custody_store::DatabaseRole;

use super::grower::{Grower, latest, write_leaves};
use crate::fixture::Fixture;

async fn kept(fixture: &Fixture, scope: &custody_auth::Scope) -> Vec<(u32, u64)> {
    let kept = fixture.ledger.kept_checkpoints(scope, None, 100).await.unwrap();
    kept.iter().map(|kept| (kept.epoch, kept.size)).collect()
}

#[tokio::test]
async fn an_empty_log_has_one_too() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let checkpoint = latest(&fixture.ledger, &scope).await;
    assert_eq!((checkpoint.size, checkpoint.root), (0, merkle::root(&[])));
    fixture.ledger.hand_out(&scope).await.unwrap();
    assert_eq!(kept(&fixture, &scope).await, []);
}

#[tokio::test]
async fn one_an_hour_and_all_that_were_handed_out_are_kept() {
    let fixture = Fixture::new().await;
    let (scope, other, grower) = (fixture.tenant("a").await, fixture.tenant("b").await, Grower::of(&fixture));
    for size in 1..=5 {
        write_leaves(&fixture, &scope, 1).await;
        grower.follow().await;
        if size == 3 {
            let handed_out = fixture.ledger.hand_out(&scope).await.unwrap();
            fixture.ledger.hand_out(&scope).await.unwrap();
            assert_eq!(handed_out.size, 3);
        }
    }
    assert_eq!(kept(&fixture, &scope).await, [(0, 1), (0, 3)]);
    let an_hour_ago = "UPDATE trees SET hour = hour - interval '1 hour'";
    fixture.run_as(Some(DatabaseRole::System), an_hour_ago).await;
    for _ in 0..2 {
        write_leaves(&fixture, &scope, 1).await;
        grower.follow().await;
    }
    assert_eq!(kept(&fixture, &scope).await, [(0, 1), (0, 3), (0, 6)]);
    let page = fixture.ledger.kept_checkpoints(&scope, Some((0, 1)), 1).await.unwrap();
    assert_eq!(page.iter().map(|kept| kept.size).collect::<Vec<_>>(), [3]);
    assert_eq!(kept(&fixture, &other).await, []);
}

#[tokio::test]
async fn a_new_epoch_is_a_log_of_another_name_with_the_same_leaves() {
    let fixture = Fixture::new().await;
    let (scope, grower) = (fixture.tenant("a").await, Grower::of(&fixture));
    let mut leaves = write_leaves(&fixture, &scope, 300).await;
    grower.follow().await;
    leaves.extend(write_leaves(&fixture, &scope, 10).await);
    grower.follow().await;
    let (before, old_key) =
        (latest(&fixture.ledger, &scope).await, fixture.ledger.log_key(&scope).await.unwrap());
    let raise = format!("UPDATE heads SET epoch = 1 WHERE tenant_id = '{}'", scope.tenant());
    fixture.run_as_table_owner(&raise).await;
    leaves.extend(write_leaves(&fixture, &scope, 1).await);
    Grower::of(&fixture).hand_over().await;
    grower.follow().await;
    let after = latest(&fixture.ledger, &scope).await;
    assert_eq!((after.size, after.root), (311, merkle::root(&leaves)));
    assert_eq!(after.origin, before.origin.replace("/e0", "/e1"));
    let key = fixture.ledger.log_key(&scope).await.unwrap();
    assert_eq!(key.name(), after.origin);
    assert_eq!(key.public_key(), old_key.public_key());
    // The last one of the epoch before is evidence.
    assert_eq!(kept(&fixture, &scope).await, [(0, 300), (0, 310), (1, 311)]);
}
