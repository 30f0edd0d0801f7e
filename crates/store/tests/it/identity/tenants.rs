//! Tenants: who makes them, who sees which, and what they are called.

use custody_auth::{Operation, Role};
use custody_domain::TenantId;
use custody_store::{
    IdentityError, PageRequest, StoreError,
    api_keys::{self, NewApiKey},
    tenants::{self, NewTenant, Tenant},
    users,
};
use uuid::Uuid;

use super::house::{House, PASSWORD, authority, now, tenant};
use crate::fixture::scope;

fn names(tenants: &[Tenant]) -> Vec<&str> {
    tenants.iter().map(|tenant| tenant.name.as_str()).collect()
}

#[tokio::test]
async fn a_new_tenant_s_first_admin_comes_in_by_invitation() {
    let house = House::new().await;
    let new = NewTenant {
        name: "beta".to_owned(),
        title: " Beta GmbH ".to_owned(),
        admin_email: Some("boss@beta.example".to_owned()),
    };
    let made = tenants::create(house.store(), &scope(TenantId::RESERVED), new, now()).await.unwrap();
    assert_eq!(made.tenant.title, "Beta GmbH");
    let accepted = house.accept(&made.invitation.unwrap().secret.text, PASSWORD).await.unwrap();
    assert_eq!((accepted.tenant, accepted.role), (made.tenant.id, Role::Admin));
    let log = house.actions(made.tenant.id).await;
    assert_eq!(log, ["custody.tenant.created", "custody.invitation.created", "custody.invitation.accepted"]);
    assert_eq!(house.actions(TenantId::RESERVED).await.last().unwrap(), "custody.tenant.created");
}

#[tokio::test]
async fn names_that_cannot_be_are_refused_and_leave_nothing() {
    let house = House::new().await;
    let good = NewTenant { name: "beta".to_owned(), title: "Beta".to_owned(), admin_email: None };
    let create = async |new| tenants::create(house.store(), &scope(TenantId::RESERVED), new, now()).await;
    for (new, pointer) in [
        (NewTenant { name: "Beta".to_owned(), ..good.clone() }, "/name"),
        (NewTenant { name: "custody".to_owned(), ..good.clone() }, "/name"),
        (NewTenant { name: house.acme.id.to_string(), ..good.clone() }, "/name"),
        (NewTenant { name: "\u{0}".to_owned(), ..good.clone() }, "/name"),
        (NewTenant { admin_email: Some("nobody".to_owned()), ..good.clone() }, "/admin_email"),
    ] {
        let error = create(new).await.unwrap_err();
        assert!(matches!(error, IdentityError::Invalid { pointer: p, .. } if p == pointer), "{error}");
    }
    create(good.clone()).await.unwrap();
    assert!(matches!(create(good).await, Err(IdentityError::Taken(_))));
}

#[tokio::test]
async fn each_sees_the_tenants_that_concern_them() {
    let house = House::new().await;
    let (store, page) = (house.store(), PageRequest::first());
    house.person(&house.acme, "ada@example.com", Role::User).await;
    let beta = tenant(store, "beta").await;
    house.person(&beta, "ada@example.com", Role::User).await;
    let person = house.sign_in("ada@example.com", &house.acme).await;
    let person = house.scope_of(&person, Operation::ListTenants).await;
    assert_eq!(names(&tenants::list(store, &person, page).await.unwrap().items), ["acme", "beta"]);

    let new = NewApiKey { name: "k".to_owned(), role: Role::Admin, expires_at: None };
    let key = api_keys::create(store, &scope(house.acme.id), new, now()).await.unwrap();
    let key = house.show(key.text.reveal(), now()).await.unwrap();
    let key = key.permit(Operation::ListTenants, None).unwrap();
    assert_eq!(names(&tenants::list(store, &key, page).await.unwrap().items), ["acme"]);

    let operator = users::NewUser {
        email: "op@example.com".to_owned(),
        tenant: TenantId::RESERVED,
        role: Role::Operator,
        row_grant: None,
    };
    let made = users::create(store, &scope(TenantId::RESERVED), authority(), operator, now()).await.unwrap();
    let secret = made.one_time_secret.unwrap().text;
    let operator = house.try_sign_in("op@example.com", &secret, None).await.unwrap();
    let checks = (super::house::passwords(), &house.limits);
    let own = house.scope_of(&operator, Operation::SetPassword).await;
    users::set_password(store, checks, &own, None, PASSWORD, now()).await.unwrap();
    let operator = house.scope_of(&operator, Operation::ListTenants).await;
    let all = tenants::list(store, &operator, page).await.unwrap().items;
    assert_eq!(names(&all)[0], "custody");
    assert_eq!(all.len(), 4);

    for (scope, id, seen) in [
        (&person, house.acme.id, true),
        (&person, beta.id, true),
        (&person, house.other.id, false),
        (&person, TenantId::RESERVED, false),
        (&key, house.acme.id, true),
        (&key, beta.id, false),
        (&operator, house.other.id, true),
        (&operator, TenantId(Uuid::from_u128(5)), false),
    ] {
        let got = tenants::get(store, scope, id).await;
        assert!(
            got.as_ref().map_or_else(|e| !seen && matches!(e, StoreError::NotFound), |t| seen && t.id == id),
            "{id}: {got:?}"
        );
    }
}

#[tokio::test]
async fn pages_of_tenants_and_members_go_through_all_once() {
    let house = House::new().await;
    let mut expected = Vec::new();
    for n in 0..5 {
        expected.push(house.person(&house.acme, &format!("p{n}@example.com"), Role::User).await);
    }
    house.person(&house.other, "foreign@example.com", Role::User).await;
    expected.sort();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let request = PageRequest::new(2, after);
        let page = users::list(house.store(), &scope(house.acme.id), request).await.unwrap();
        assert!(page.items.len() <= 2 && page.items.iter().all(|m| m.email.starts_with('p')));
        seen.extend(page.items.iter().map(|m| m.user));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, expected);
    let all = tenants::list_all(house.store(), authority(), PageRequest::new(1, None)).await.unwrap();
    assert_eq!((all.items.len(), all.next), (1, Some(TenantId::RESERVED.0)));
    for (name, found) in [("acme", true), ("nowhere", false), ("", false), ("\u{0}", false)] {
        assert_eq!(tenants::find(house.store(), authority(), name).await.is_ok(), found);
    }
    let id = house.acme.id.to_string();
    assert_eq!(tenants::find(house.store(), authority(), &id).await.unwrap(), house.acme);
}

#[tokio::test]
async fn a_member_is_seen_by_their_own_tenant() {
    let house = House::new().await;
    let ada = house.person(&house.acme, "ada@example.com", Role::User).await;
    let member = users::get(house.store(), &scope(house.acme.id), ada).await.unwrap();
    assert_eq!((member.email.as_str(), member.role), ("ada@example.com", Role::User));
    let foreign = users::get(house.store(), &scope(house.other.id), ada).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)));
}
