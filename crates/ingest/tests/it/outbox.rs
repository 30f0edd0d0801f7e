//! Our own changes become entries, each once.

use chrono::Utc;
use custody_auth::Scope;
use custody_domain::{
    TenantId,
    commitment::Salt,
    json::{Object, Value},
};
use custody_ingest::outbox::Drainer;
use custody_ledger::{Draft, EventKey};
use custody_store::{audit_outbox, mask_policies, quarantine};
use serde_json::json;
use uuid::Uuid;

use crate::fixture::{Fixture, words};

fn drainer(fixture: &Fixture) -> Drainer {
    Drainer::new(fixture.store.clone(), fixture.ingest.clone(), fixture.authority.clone())
}

async fn first_row(fixture: &Fixture, scope: &Scope) -> Uuid {
    audit_outbox::read(&fixture.store, scope, 1).await.unwrap().rows[0].id
}

async fn append(fixture: &Fixture, scope: &Scope, key: EventKey) {
    let mut content = Object::new();
    content.insert("action", Value::from("custody.tenant.created"));
    let draft = Draft::new(&content, Salt([7; 16]), Some(key)).unwrap();
    fixture.ledger.append(scope, vec![draft]).await.unwrap();
}

/// The reasons and sources of what is in a tenant's quarantine.
async fn quarantined(fixture: &Fixture, scope: &Scope) -> Vec<(String, String)> {
    let mut tx = fixture.store.tenant_tx(scope).await.unwrap();
    let rows = quarantine::page(&mut tx, &quarantine::Filter::default(), None, 10).await.unwrap();
    tx.commit().await.unwrap();
    let mut kept = Vec::new();
    for row in rows {
        let bytes = custody_ingest::quarantine::open(&fixture.store, &fixture.keys, scope, row.id).await;
        kept.push((row.reason, String::from_utf8(bytes.unwrap().unwrap().to_vec()).unwrap()));
    }
    kept
}

#[tokio::test]
async fn a_change_becomes_an_entry_of_its_tenant() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let drainer = drainer(&fixture);
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
    let id = first_row(&fixture, &scope).await;
    let key = fixture.ledger.event_keys(&scope).await.unwrap().of_own_change(id);
    append(&fixture, &scope, key).await;

    drainer(&fixture).drain().await.unwrap();
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
    let drainer = drainer(&fixture);
    let (one, other) = tokio::join!(drainer.drain(), drainer.drain());
    one.unwrap();
    other.unwrap();
    let log = fixture.log(&scope).await;
    assert_eq!(log.len(), 41);
    let keys: Vec<_> =
        log.iter().skip(1).map(|e| e["after"]["keys"][0].as_str().unwrap().to_owned()).collect();
    assert_eq!(keys, (0..40).map(|n| format!("key{n}")).collect::<Vec<_>>(), "in the order of the changes");
}

/// A client may give its event any id, also that of a row that it saw in the log's own entries.
#[tokio::test]
async fn an_event_with_a_rows_id_is_another_event() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let id = first_row(&fixture, &scope).await;
    let event = format!(r#"{{"action":"a","actor":{{"id":"u"}},"event_id":"{id}"}}"#);
    assert_eq!(words(&fixture.submit(&scope, &[&event]).await), ["accepted 0"]);
    drainer(&fixture).drain().await.unwrap();
    let log = fixture.log(&scope).await;
    assert_eq!(
        log.iter().map(|e| e["action"].as_str().unwrap()).collect::<Vec<_>>(),
        ["a", "custody.tenant.created"]
    );
    assert_eq!(log[1]["event_id"], id.to_string());
    assert!(quarantined(&fixture, &scope).await.is_empty());
}

/// It cannot happen, and if it does our own change is not what is lost.
#[tokio::test]
async fn a_change_in_conflict_is_kept() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let id = first_row(&fixture, &scope).await;
    let key = fixture.ledger.event_keys(&scope).await.unwrap().of_own_change(id);
    append(&fixture, &scope, EventKey { fp16: [0; 16], ..key }).await;

    drainer(&fixture).drain().await.unwrap();
    assert_eq!(audit_outbox::waiting(&fixture.store).await.unwrap().0, 0);
    let kept = quarantined(&fixture, &scope).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].0, "conflict");
    assert!(kept[0].1.contains("custody.tenant.created"), "{}", kept[0].1);
}

#[tokio::test]
async fn a_row_that_is_no_change_does_not_hold_up_the_others() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let broken = r#"{"action":"custody.x","severity":"LOUD"}"#;
    fixture
        .run_as_system(&format!(
            "INSERT INTO audit_outbox (tenant_id, id, created_at, change)
             VALUES ('{}', '{}', '2026-01-01', '{broken}')",
            scope.tenant(),
            Uuid::nil()
        ))
        .await;
    drainer(&fixture).drain().await.unwrap();
    assert_eq!(audit_outbox::waiting(&fixture.store).await.unwrap().0, 0);
    assert_eq!(fixture.log(&scope).await.len(), 1);
    assert_eq!(quarantined(&fixture, &scope).await, [("schema".to_owned(), broken.to_owned())]);
}
