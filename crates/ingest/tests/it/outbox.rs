//! Our own changes become entries, each once.

use chrono::Utc;
use custody_domain::{
    TenantId,
    commitment::Salt,
    json::{Object, Value},
};
use custody_ingest::outbox::Drainer;
use custody_ledger::Draft;
use custody_store::{audit_outbox, mask_policies};
use serde_json::json;

use crate::fixture::Fixture;

#[tokio::test]
async fn a_change_becomes_an_entry_of_its_tenant() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let drainer = Drainer::new(fixture.store.clone(), fixture.ingest.clone(), fixture.authority.clone());
    assert_eq!(drainer.drain().await.unwrap(), 2, "one row for the tenant, one for the operators");
    assert_eq!(drainer.drain().await.unwrap(), 0);
    assert_eq!(audit_outbox::waiting(&fixture.store).await.unwrap().0, 0);

    let log = fixture.log(&scope).await;
    assert_eq!(log.len(), 1);
    assert_eq!(log[0]["action"], "custody.tenant.created");
    assert_eq!(log[0]["actor"], json!({"type": "system", "id": "test"}));
    assert_eq!(log[0]["recorded_by"]["principal"], "system:test");
    assert_eq!(log[0]["resource"]["name"], "a");
    let reserved = fixture.authority.scope(TenantId::RESERVED, "test");
    assert_eq!(fixture.log(&reserved).await.len(), 1);
}

/// A drain that was killed between the append and the deletion leaves rows whose entries are there.
#[tokio::test]
async fn a_row_whose_entry_is_there_already_adds_none() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let row = audit_outbox::read(&fixture.store, &scope, 1).await.unwrap().remove(0);
    let key = fixture.ledger.event_key(&scope, &row.id.to_string(), row.id.as_bytes()).await.unwrap();
    let mut content = Object::new();
    content.insert("action", Value::from("custody.tenant.created"));
    let draft = Draft::new(&content, Salt([7; 16]), Some(key));
    fixture.ledger.append(&scope, vec![draft]).await.unwrap();

    let drainer = Drainer::new(fixture.store.clone(), fixture.ingest.clone(), fixture.authority.clone());
    drainer.drain().await.unwrap();
    assert_eq!(fixture.log(&scope).await.len(), 1);
    assert_eq!(audit_outbox::waiting(&fixture.store).await.unwrap().0, 0);
}

/// Several servers at once.
#[tokio::test(flavor = "multi_thread")]
async fn two_drainers_write_each_change_once() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    for n in 0..40 {
        let policy = json!({"version": 1, "keys": [format!("key{n}")]});
        mask_policies::set(&fixture.store, &scope, policy, Utc::now()).await.unwrap();
    }
    let drainer = Drainer::new(fixture.store.clone(), fixture.ingest.clone(), fixture.authority.clone());
    let (one, other) = tokio::join!(drainer.drain(), drainer.drain());
    one.unwrap();
    other.unwrap();
    let log = fixture.log(&scope).await;
    assert_eq!(log.len(), 41);
    let keys: Vec<_> =
        log.iter().skip(1).map(|e| e["after"]["keys"][0].as_str().unwrap().to_owned()).collect();
    assert_eq!(keys, (0..40).map(|n| format!("key{n}")).collect::<Vec<_>>(), "in the order of the changes");
}
