//! A tenant's own mask policy.

use chrono::Utc;
use custody_ingest::{Ingest, MaskPolicy};
use custody_store::mask_policies;
use serde_json::json;

use crate::fixture::{Fixture, QUOTA, words};

const ITEM: &str =
    r#"{"action":"a","actor":{"id":"u"},"metadata":{"taxId":"DE1","card":"4111111111111111"}}"#;

#[tokio::test]
async fn a_policy_acts_for_its_tenant_alone() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let policy = MaskPolicy {
        keys: vec!["tax_id".to_owned()],
        disabled: vec!["payment_card".to_owned()],
        ..MaskPolicy::default()
    };
    fixture.submit(&a, &[ITEM]).await;
    mask_policies::set(&fixture.store, &a, serde_json::to_value(&policy).unwrap(), Utc::now()).await.unwrap();
    fixture.ingest.mask_policy_changed(&a).await;
    fixture.submit(&a, &[ITEM]).await;
    fixture.submit(&b, &[ITEM]).await;
    let by_default = json!({"taxId": "DE1", "card": "***"});
    let of_a: Vec<_> = fixture.log(&a).await.iter().map(|e| e["metadata"].clone()).collect();
    assert_eq!(of_a, [by_default.clone(), json!({"taxId": "***", "card": "4111111111111111"})]);
    assert_eq!(fixture.log(&b).await[0]["metadata"], by_default);
}

#[tokio::test]
async fn a_policy_that_cannot_be_understood_lets_nothing_in() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    mask_policies::set(&fixture.store, &scope, json!({"version": 99}), Utc::now()).await.unwrap();
    let another = Ingest::new(fixture.store.clone(), fixture.ledger.clone(), fixture.keys.clone(), QUOTA);
    let items = vec![custody_ingest::RawItem::whole(ITEM)];
    let error = another.submit(&scope, custody_ingest::Format::Auto, items).await.unwrap_err();
    assert!(error.to_string().contains("/version"), "{error}");
    assert_eq!(fixture.log(&scope).await.len(), 0);
    assert!(words(&[]).is_empty());
}
