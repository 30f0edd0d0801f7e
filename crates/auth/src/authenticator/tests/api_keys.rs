//! API keys; and a directory that is away, or a clock that is set back.

use super::*;

#[tokio::test]
async fn an_api_key_is_good_until_it_expires() {
    let house = House::new().await;
    let key = house.add_api_key(|key| key.expires_at = Some(now() + secs(3)));
    let who = house.authenticator.authenticate(key.reveal(), now()).await.unwrap();
    assert_eq!(who.principal(), &Principal::Key(KeyId(Uuid::from_u128(7))));
    assert_eq!((who.role(), who.name()), (Role::Writer, Some("billing")));
    // Cached, and yet over at its own time.
    house.authenticator.authenticate(key.reveal(), now() + secs(2)).await.unwrap();
    assert_eq!(house.refused(key.reveal(), now() + secs(3)).await, Refusal::Expired);
}

#[tokio::test]
async fn a_revoked_key_is_refused_within_five_seconds_and_at_once_where_it_was_revoked() {
    let house = House::new().await;
    let key = house.add_api_key(|_| ());
    house.authenticator.authenticate(key.reveal(), now()).await.unwrap();
    let revoke = |rows: &mut Rows| rows.api_keys.get_mut(key.prefix()).unwrap().revoked_at = Some(now());
    house.directory.change(revoke);
    let asked = house.directory.change(|rows| rows.asked);
    house.authenticator.authenticate(key.reveal(), now() + secs(4)).await.unwrap();
    assert_eq!(house.directory.change(|rows| rows.asked), asked, "from the cache");
    assert_eq!(house.refused(key.reveal(), now() + secs(5)).await, Refusal::Revoked);

    let other = house.add_api_key(|_| ());
    house.authenticator.authenticate(other.reveal(), now()).await.unwrap();
    house.directory.change(|rows| rows.api_keys.get_mut(other.prefix()).unwrap().revoked_at = Some(now()));
    house.authenticator.forget();
    assert_eq!(house.refused(other.reveal(), now()).await, Refusal::Revoked);
}

#[tokio::test]
async fn a_known_prefix_with_another_secret_is_nothing() {
    let house = House::new().await;
    let key = house.add_api_key(|_| ());
    let forged = format!("cust_{}_{}", key.prefix(), &ApiKeyText::generate().reveal()[18..]);
    assert_eq!(house.refused(&forged, now()).await, Refusal::Unknown);
    assert_eq!(house.refused(ApiKeyText::generate().reveal(), now()).await, Refusal::Unknown);
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_keep_an_old_answer_alive() {
    let house = House::new().await;
    let key = house.add_api_key(|_| ());
    house.authenticator.authenticate(key.reveal(), now()).await.unwrap();
    house.directory.change(|rows| rows.api_keys.clear());
    assert_eq!(house.refused(key.reveal(), now() - secs(3600)).await, Refusal::Unknown);
}

#[tokio::test]
async fn a_directory_that_is_away_says_nothing_about_a_credential_and_comes_back() {
    let house = House::new().await;
    let key = house.add_api_key(|_| ());
    house.directory.change(|rows| rows.fails = true);
    let error = house.authenticator.authenticate(key.reveal(), now()).await.unwrap_err();
    assert!(matches!(error, AuthError::Directory(DirectoryError::Unavailable(_))));
    house.directory.change(|rows| rows.fails = false);
    house.authenticator.authenticate(key.reveal(), now()).await.unwrap();
}
