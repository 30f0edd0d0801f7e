//! The keys that sign tokens come and go.

use super::*;

#[tokio::test]
async fn a_rotated_key_verifies_until_its_last_token_is_over() {
    let house = House::new().await;
    let old = house.access_token().await;
    let new = record(NewSigningKey::generate(&house.keys).await.unwrap(), now() + secs(10));
    let new_kid = new.kid.clone();
    house.directory.change(|rows| {
        rows.signing_keys[0].retired_at = Some(now() + secs(10));
        rows.signing_keys[0].verifies_until = now() + secs(300);
        rows.signing_keys.push(new);
    });
    let later = now() + secs(10);
    let fresh = house
        .tokens
        .access((house.session, house.user), (ACME, Role::Admin), later + secs(9_999), later)
        .await
        .unwrap();
    assert_eq!(fresh.kid, new_kid);
    house.authenticator.authenticate(&old, later).await.unwrap();
    house.authenticator.authenticate(&fresh.token, later).await.unwrap();
    let kids = |set: JwkSet| set.keys.into_iter().map(|key| key.kid).collect::<Vec<_>>();
    assert_eq!(kids(house.authenticator.jwks(later).await.unwrap()).len(), 2);
    assert_eq!(house.refused(&old, now() + secs(300)).await, Refusal::UnknownKey);
    assert_eq!(kids(house.authenticator.jwks(now() + secs(300)).await.unwrap()), [new_kid]);
}

#[tokio::test]
async fn a_key_that_another_server_just_made_is_found_and_invented_ones_cost_little() {
    let house = House::new().await;
    house.authenticator.authenticate(&house.access_token().await, now()).await.unwrap();
    let new = record(NewSigningKey::generate(&house.keys).await.unwrap(), now());
    let seed = house.keys.open(signing::PURPOSE, &new.sealed_seed).await.unwrap();
    let key = signing::encoding_key(seed.as_slice().try_into().unwrap()).unwrap();
    let (mut header, claims) = house.parts(json!({})).await;
    header.kid = Some(new.kid.clone());
    let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
    house.directory.change(|rows| rows.signing_keys.push(new));
    house.authenticator.authenticate(&token, now() + secs(1)).await.unwrap();

    let asked = house.directory.change(|rows| rows.asked);
    for n in 0..100 {
        header.kid = Some(format!("invented-{n}"));
        let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
        assert_eq!(house.refused(&token, now() + secs(1)).await, Refusal::UnknownKey);
    }
    assert_eq!(house.directory.change(|rows| rows.asked), asked);
}
