//! The keys that sign, and how one follows another.

use chrono::{TimeDelta, Utc};
use custody_auth::Scope;
use custody_domain::TenantId;
use custody_ledger::tree::rotate_log_key;
use custody_proof::Note;

use super::grower::{Grower, latest, opens, write_leaves};
use crate::fixture::{Fixture, keys};

async fn rotate(fixture: &Fixture, cosign: TimeDelta) {
    let scope: Scope = fixture.authority.scope(TenantId::RESERVED, "command line");
    rotate_log_key(&fixture.store, keys(), &scope, &fixture.authority, cosign, Utc::now()).await.unwrap();
}

#[tokio::test]
async fn after_a_rotation_both_keys_sign_until_the_old_ones_time_is_over() {
    let fixture = Fixture::new().await;
    let (scope, grower) = (fixture.tenant("a").await, Grower::of(&fixture));
    write_leaves(&fixture, &scope, 1).await;
    grower.follow().await;
    let old = fixture.ledger.log_key(&scope).await.unwrap();
    assert!(opens(&fixture.ledger.hand_out(&scope).await.unwrap().note, &old));

    rotate(&fixture, TimeDelta::days(30)).await;
    let new = fixture.ledger.log_key(&scope).await.unwrap();
    assert_ne!(new, old);
    // A log that is quiet is signed by both as well, without a new entry.
    let quiet = fixture.ledger.hand_out(&scope).await.unwrap();
    assert!(opens(&quiet.note, &new) && opens(&quiet.note, &old));
    write_leaves(&fixture, &scope, 1).await;
    grower.follow().await;
    let both = fixture.ledger.latest_checkpoint(&scope).await.unwrap();
    assert!(opens(&both.note, &new) && opens(&both.note, &old));

    // A stolen key signs nothing more, and neither does the one before it.
    rotate(&fixture, TimeDelta::zero()).await;
    let newest = fixture.ledger.log_key(&scope).await.unwrap();
    write_leaves(&fixture, &scope, 1).await;
    grower.follow().await;
    let one = fixture.ledger.latest_checkpoint(&scope).await.unwrap();
    assert!(opens(&one.note, &newest) && !opens(&one.note, &new) && !opens(&one.note, &old));
    assert_eq!(Note::parse(one.note.as_bytes()).unwrap().signatures().len(), 1);

    let keys = fixture.ledger.log_keys(&scope).await.unwrap();
    assert_eq!(keys.iter().map(|key| &key.key).collect::<Vec<_>>(), [&newest, &new, &old]);
    assert_eq!(keys.iter().map(|key| key.signs).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(keys[0].signs_until, None);
    assert!(
        keys[2].signs_until.unwrap() <= Utc::now() + TimeDelta::days(1),
        "no longer than the one after it"
    );
}

#[tokio::test]
async fn another_server_signs_with_the_same_keys_and_every_log_under_its_name() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let other = fixture.another_ledger().await;
    let (first, second) = futures::future::join(fixture.ledger.log_key(&a), other.log_key(&a)).await;
    assert_eq!(first.unwrap(), second.unwrap(), "of two that start at once, one makes it");
    let (of_a, of_b) = (other.log_key(&a).await.unwrap(), other.log_key(&b).await.unwrap());
    assert_eq!(of_a.public_key(), of_b.public_key());
    assert_ne!(of_a.id(), of_b.id());
    assert!(!opens(&other.latest_checkpoint(&a).await.unwrap().note, &of_b));
    assert_eq!(latest(&other, &b).await.size, 0);
}

#[tokio::test]
async fn a_statement_is_signed_by_the_log_and_is_no_checkpoint() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let origin = fixture.ledger.origin(&scope).await.unwrap();
    let key = fixture.ledger.log_key(&scope).await.unwrap();
    let note = fixture.ledger.sign_statement(&origin, &format!("{origin}/watermark\n1\n")).await.unwrap();
    assert!(note.verify(std::slice::from_ref(&key)).is_ok());
    assert!(!opens(&note.to_string(), &key));
    let checkpoint = format!("{origin}\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
    assert!(fixture.ledger.sign_statement(&origin, &checkpoint).await.is_err());
}
