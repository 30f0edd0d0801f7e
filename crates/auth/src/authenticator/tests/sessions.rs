//! What a person may do who signed in: for as long as session, role and tenant stand.

use super::*;

#[tokio::test]
async fn a_session_s_token_is_its_person_in_one_tenant() {
    let house = House::new().await;
    let token = house.access_token().await;
    let who = house.authenticator.authenticate(&token, now()).await.unwrap();
    assert_eq!(who.principal(), &Principal::User(house.user));
    assert_eq!((who.tenant(), who.role(), who.session()), (ACME, Role::Admin, Some(house.session)));
    let scope = who.permit(Operation::CreateApiKey, None).unwrap();
    assert_eq!((scope.tenant(), scope.via()), (ACME, "POST /api/v1/api-keys"));
    assert_eq!(scope.actor_name(), Some("ada@example.com"));
    assert_eq!(scope.credential_id(), Some(house.session.0));
}

#[tokio::test]
async fn the_role_that_counts_is_the_one_that_stands_in_the_directory() {
    let house = House::new().await;
    let token = house.access_token().await;
    house.directory.change(|rows| {
        rows.sessions.insert((house.session, ACME), member(house.user, Role::Auditor));
    });
    let who = house.authenticator.authenticate(&token, now()).await.unwrap();
    assert_eq!(who.role(), Role::Auditor);
    assert!(matches!(who.permit(Operation::CreateApiKey, None), Err(crate::Denied::Role { .. })));
}

#[tokio::test]
async fn a_token_is_good_from_nbf_until_exp() {
    let house = House::new().await;
    let token = house.access_token().await;
    // Issued by a server whose clock is ahead of ours.
    for at in [-120, 0, 599] {
        house.authenticator.authenticate(&token, now() + secs(at)).await.unwrap();
    }
    for at in [600, 601, 100_000] {
        assert_eq!(house.refused(&token, now() + secs(at)).await, Refusal::Expired);
    }
    assert_eq!(house.refused(&token, now() - secs(121)).await, Refusal::NotYetValid);
}

#[tokio::test]
async fn ended_sessions_and_suspended_tenants_are_refused() {
    let house = House::new().await;
    let token = house.access_token().await;
    let set = |change: fn(&mut SessionRecord)| {
        house.directory.change(|rows| change(rows.sessions.get_mut(&(house.session, ACME)).unwrap()));
        house.authenticator.forget();
    };
    set(|record| record.ended_at = Some(now()));
    assert_eq!(house.refused(&token, now()).await, Refusal::Revoked);
    set(|record| (record.ended_at, record.tenant_suspended) = (None, true));
    assert_eq!(house.refused(&token, now()).await, Refusal::Suspended);
    set(|record| (record.tenant_suspended, record.expires_at) = (false, now()));
    assert_eq!(house.refused(&token, now()).await, Refusal::Expired);
    let key = house.add_api_key(|key| key.tenant_suspended = true);
    assert_eq!(house.refused(key.reveal(), now()).await, Refusal::Suspended);
}

#[tokio::test]
async fn signed_in_with_a_one_time_secret_nothing_works_but_setting_a_password() {
    let house = House::new().await;
    house.directory.change(|rows| {
        rows.sessions.get_mut(&(house.session, ACME)).unwrap().must_set_password = true;
    });
    let who = house.authenticator.authenticate(&house.access_token().await, now()).await.unwrap();
    for &operation in Operation::ALL {
        let open = matches!(operation, Operation::SetPassword | Operation::GetMe | Operation::Logout);
        assert_eq!(who.permit(operation, None).is_ok(), open, "{operation:?}");
    }
}

/// What is remembered of a token is its signature under one key, and nothing that can change.
#[tokio::test]
async fn a_token_that_was_good_is_asked_everything_else_again() {
    let house = House::new().await;
    let token = house.access_token().await;
    house.authenticator.authenticate(&token, now()).await.unwrap();
    assert_eq!(house.refused(&token, now() + secs(100_000)).await, Refusal::Expired);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut other = signature.as_bytes().to_vec();
    other[10] = if other[10] == b'A' { b'B' } else { b'A' };
    let other = format!("{signed}.{}", String::from_utf8(other).unwrap());
    assert_eq!(house.refused(&other, now()).await, Refusal::Signature);
}
