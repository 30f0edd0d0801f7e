//! API keys, issued tokens, and the keys that sign.

use custody_auth::{Principal, Refusal, Role};
use custody_domain::{KeyId, TenantId, TokenId};
use custody_store::{
    IdentityError, PageRequest, StoreError,
    api_keys::{self, CreatedApiKey, NewApiKey},
    issued_tokens::{self, NewIssuedToken},
    signing_keys::{self, Rotation},
};
use uuid::Uuid;

use super::house::{House, authority, now, secs, server};
use crate::fixture::{keys, scope};

async fn key(house: &House, tenant: TenantId, name: &str) -> CreatedApiKey {
    let new = NewApiKey { name: name.to_owned(), role: Role::Writer, expires_at: Some(now() + secs(60)) };
    api_keys::create(house.store(), &scope(tenant), new, now()).await.unwrap()
}

#[tokio::test]
async fn a_key_works_until_it_expires_or_is_revoked() {
    let house = House::new().await;
    let made = key(&house, house.acme.id, "billing").await;
    let who = house.show(made.text.reveal(), now()).await.unwrap();
    assert_eq!(who.principal(), &Principal::Key(made.key.id));
    assert_eq!((who.tenant(), who.role()), (house.acme.id, Role::Writer));
    assert_eq!(house.show(made.text.reveal(), now() + secs(60)).await.unwrap_err(), Refusal::Expired);

    // Another server has the key in its cache, for five seconds and no longer.
    let (elsewhere, _) = server(house.store());
    elsewhere.authenticate(made.text.reveal(), now()).await.unwrap();
    api_keys::revoke(house.store(), &scope(house.acme.id), made.key.id, now()).await.unwrap();
    elsewhere.authenticate(made.text.reveal(), now() + secs(4)).await.unwrap();
    assert!(elsewhere.authenticate(made.text.reveal(), now() + secs(5)).await.is_err());
    assert_eq!(house.show(made.text.reveal(), now()).await.unwrap_err(), Refusal::Revoked);
    api_keys::revoke(house.store(), &scope(house.acme.id), made.key.id, now()).await.unwrap();
    let actions = house.actions(house.acme.id).await;
    assert_eq!(actions.iter().filter(|a| *a == "custody.api_key.revoked").count(), 1);
}

#[tokio::test]
async fn keys_are_listed_by_their_tenant_alone_and_found_by_prefix() {
    let house = House::new().await;
    let mut made = Vec::new();
    for name in ["one", "two", "three"] {
        made.push(key(&house, house.acme.id, name).await.key);
    }
    let foreign = key(&house, house.other.id, "theirs").await.key;
    let (store, acme) = (house.store(), scope(house.acme.id));
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = api_keys::list(store, &acme, None, PageRequest::new(2, after)).await.unwrap();
        seen.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    made.sort_by_key(|key| key.id);
    assert_eq!(seen, made);
    let found = api_keys::list(store, &acme, Some(&made[1].prefix[..6]), PageRequest::first()).await.unwrap();
    assert_eq!(found.items, [made[1].clone()]);
    for prefix in ["%", "_", "\u{0}", "ZZ"] {
        let none = api_keys::list(store, &acme, Some(prefix), PageRequest::first()).await.unwrap();
        assert_eq!((none.items.len(), none.next), (0, None), "{prefix:?}");
    }
    for id in [foreign.id, KeyId(Uuid::from_u128(1))] {
        assert!(matches!(api_keys::get(store, &acme, id).await, Err(StoreError::NotFound)));
        assert!(matches!(api_keys::revoke(store, &acme, id, now()).await, Err(StoreError::NotFound)));
    }
    assert_eq!(api_keys::get(store, &scope(house.other.id), foreign.id).await.unwrap(), foreign);
}

#[tokio::test]
async fn what_is_no_key_is_refused_in_words() {
    let house = House::new().await;
    let good = NewApiKey { name: "k".to_owned(), role: Role::User, expires_at: None };
    for (tenant, new, pointer) in [
        (house.acme.id, NewApiKey { role: Role::Operator, ..good.clone() }, "/role"),
        (TenantId::RESERVED, good.clone(), "/role"),
        (house.acme.id, NewApiKey { name: String::new(), ..good.clone() }, "/name"),
        (house.acme.id, NewApiKey { name: "a\u{0}".to_owned(), ..good.clone() }, "/name"),
        (house.acme.id, NewApiKey { expires_at: Some(now()), ..good.clone() }, "/expires_at"),
    ] {
        let error = api_keys::create(house.store(), &scope(tenant), new, now()).await.unwrap_err();
        assert!(matches!(error, IdentityError::Invalid { pointer: p, .. } if p == pointer), "{error}");
    }
    api_keys::create(house.store(), &scope(house.acme.id), good, now()).await.unwrap();
}

#[tokio::test]
async fn an_issued_token_is_good_in_its_tenant_until_it_is_revoked() {
    let house = House::new().await;
    let issue = async |tenant, role, lifetime| {
        let new = NewIssuedToken { name: "ci".to_owned(), role, lifetime };
        issued_tokens::create(house.store(), &house.tokens, &scope(tenant), new, now()).await
    };
    let (token, minted) = issue(house.acme.id, Role::Auditor, secs(3600)).await.unwrap();
    let who = house.show(&minted.token, now()).await.unwrap();
    assert_eq!(who.principal(), &Principal::Token(token.id));
    assert_eq!((who.tenant(), who.role()), (house.acme.id, Role::Auditor));
    let others = scope(house.other.id);
    for id in [token.id, TokenId(Uuid::from_u128(1))] {
        let revoked = issued_tokens::revoke(house.store(), &others, id, now()).await;
        assert!(matches!(revoked, Err(StoreError::NotFound)));
    }
    house.show(&minted.token, now()).await.unwrap();
    let acme = scope(house.acme.id);
    issued_tokens::revoke(house.store(), &acme, token.id, now()).await.unwrap();
    assert_eq!(house.show(&minted.token, now()).await.unwrap_err(), Refusal::Revoked);
    let listed = issued_tokens::list(house.store(), &acme, PageRequest::first()).await.unwrap();
    assert_eq!(listed.items[0].revoked_at, Some(now()));

    let (_, operator) = issue(TenantId::RESERVED, Role::Operator, secs(60)).await.unwrap();
    assert_eq!(house.show(&operator.token, now()).await.unwrap().role(), Role::Operator);
    for (tenant, role, lifetime) in [
        (house.acme.id, Role::Operator, secs(60)),
        (TenantId::RESERVED, Role::Admin, secs(60)),
        (house.acme.id, Role::Admin, secs(0)),
        (house.acme.id, Role::Admin, secs(367 * 86_400)),
    ] {
        assert!(matches!(issue(tenant, role, lifetime).await, Err(IdentityError::Invalid { .. })));
    }
}

#[tokio::test]
async fn keys_rotate_without_breaking_a_token_and_a_stolen_one_breaks_all() {
    let house = House::new().await;
    let issue = async || {
        let new = NewIssuedToken { name: "ci".to_owned(), role: Role::Auditor, lifetime: secs(86_400) };
        let acme = scope(house.acme.id);
        let made = issued_tokens::create(house.store(), &house.tokens, &acme, new, now());
        made.await.unwrap().1
    };
    let rotate = async |rotation, at| {
        let system = scope(TenantId::RESERVED);
        let made = signing_keys::rotate(house.store(), keys(), &system, authority(), rotation, at).await;
        house.authenticator.forget();
        made.unwrap()
    };
    let long = issue().await;
    let first_kid = long.kid.clone();
    let second = rotate(Rotation::Regular, now()).await;
    assert_ne!(first_kid, second);
    assert_eq!(issue().await.kid, second);
    let third = rotate(Rotation::Regular, now() + secs(3600)).await;
    // The first key still has a token out; the tokens of the day before have all expired tomorrow.
    house.show(&long.token, now() + secs(86_399)).await.unwrap();
    assert_eq!(house.authenticator.jwks(now() + secs(3600)).await.unwrap().keys.len(), 3);
    let tomorrow = now() + secs(86_400);
    house.authenticator.forget();
    let left = house.authenticator.jwks(tomorrow).await.unwrap().keys;
    assert_eq!(left.iter().map(|key| &key.kid).collect::<Vec<_>>(), [&third]);

    let stolen = issue().await;
    house.show(&stolen.token, now()).await.unwrap();
    rotate(Rotation::DistrustOld, now() + secs(1)).await;
    assert_eq!(house.show(&stolen.token, now() + secs(1)).await.unwrap_err(), Refusal::UnknownKey);
    assert_eq!(house.show(&long.token, now() + secs(1)).await.unwrap_err(), Refusal::UnknownKey);
    house.show(&issue().await.token, now() + secs(1)).await.unwrap();
}

#[tokio::test]
async fn servers_that_start_together_sign_with_one_key() {
    let fixture = crate::fixture::Fixture::new().await;
    let starts = (0..4).map(|_| signing_keys::load_or_create(&fixture.store, keys(), now()));
    for loaded in futures::future::join_all(starts).await {
        assert_eq!(loaded.unwrap().len(), 1);
    }
}
