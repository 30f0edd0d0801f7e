//! The outbox of our own changes, and the mask policy as one of them.

use custody_auth::{Operation, Role};
use custody_domain::TenantId;
use custody_store::{audit_outbox, mask_policies};
use serde_json::json;

use super::house::{House, now, secs};
use crate::fixture::scope;

#[tokio::test]
async fn a_change_waits_with_all_that_an_entry_needs() {
    let house = House::new().await;
    house.person(&house.acme, "ada@example.com", Role::Admin).await;
    let started = house.sign_in("ada@example.com", &house.acme).await;
    let ada = house.scope_of(&started, Operation::SetMaskPolicy).await;
    let first = json!({"rules": ["\u{0}"], "z": 1, "a": 2});
    mask_policies::set(house.store(), &ada, first.clone(), now()).await.unwrap();
    mask_policies::set(house.store(), &ada, json!({}), now() + secs(1)).await.unwrap();
    let change = house.outbox(house.acme.id).await.pop().unwrap();
    assert_eq!(change.action, "custody.mask_policy.updated");
    assert_eq!((change.before, change.after), (Some(first), Some(json!({}))));
    assert_eq!(change.actor.id, started.user.to_string());
    assert_eq!(change.actor.name.as_deref(), Some("ada@example.com"));
    assert_eq!(change.recorded_by.principal, format!("user:{}", started.user));
    assert_eq!(change.recorded_by.credential_id, Some(started.session.0));
    assert_eq!(change.recorded_by.via, "PUT /api/v1/mask-policy");
    assert_eq!(change.recorded_by.peer_ip.unwrap().to_string(), "192.0.2.7");
    let stored = mask_policies::get(house.store(), &scope(house.acme.id)).await.unwrap().unwrap();
    assert_eq!((stored.policy, stored.updated_at), (json!({}), now() + secs(1)));
    assert_eq!(mask_policies::get(house.store(), &scope(house.other.id)).await.unwrap(), None);
}

#[tokio::test]
async fn rows_are_drained_by_tenant_in_order_and_no_other_s_can_be_deleted() {
    let house = House::new().await;
    let store = house.store();
    for second in 1..=3 {
        mask_policies::set(store, &scope(house.acme.id), json!({"n": second}), now() + secs(second))
            .await
            .unwrap();
    }
    let pending = audit_outbox::pending_tenants(store, 10).await.unwrap();
    assert_eq!(pending.len(), 3, "the reserved tenant's too: {pending:?}");
    assert!(pending.contains(&TenantId::RESERVED));
    let (waiting, oldest) = audit_outbox::waiting(store).await.unwrap();
    assert_eq!((waiting, oldest), (7, Some(now())));
    let rows = audit_outbox::read(store, &scope(house.acme.id), 3).await.unwrap().rows;
    let times: Vec<_> = rows.iter().map(|row| row.created_at).collect();
    assert_eq!(times, [now(), now() + secs(1), now() + secs(2)]);
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    audit_outbox::delete(store, &scope(house.other.id), &ids).await.unwrap();
    assert_eq!(audit_outbox::read(store, &scope(house.acme.id), 9).await.unwrap().rows.len(), 4);
    for _ in 0..2 {
        audit_outbox::delete(store, &scope(house.acme.id), &ids).await.unwrap();
        assert_eq!(audit_outbox::read(store, &scope(house.acme.id), 9).await.unwrap().rows.len(), 1);
    }
}
