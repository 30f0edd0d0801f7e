//! Tickets, and what goes on after its request.

use super::*;

#[tokio::test]
async fn a_ticket_works_once_and_is_no_better_than_what_it_stands_for() {
    let house = House::new().await;
    let issue = |credential: Credential, tenant| {
        let ticket = SecretKind::Ticket.generate();
        let record = TicketRecord { tenant, credential, expires_at: now() + secs(30) };
        house.directory.change(|rows| rows.tickets.push((ticket.hash, record)));
        ticket.text
    };
    let session = Credential::Session(house.session);
    let ticket = issue(session.clone(), ACME);
    let who = house.authenticator.redeem(&ticket, now()).await.unwrap();
    assert_eq!((who.user(), who.tenant()), (Some(house.user), ACME));
    assert!(house.authenticator.redeem(&ticket, now()).await.is_err());

    let late = issue(session.clone(), ACME);
    assert!(house.authenticator.redeem(&late, now() + secs(30)).await.is_err());
    let elsewhere = issue(session.clone(), OTHER);
    assert!(house.authenticator.redeem(&elsewhere, now()).await.is_err());
    let key = house.add_api_key(|key| key.revoked_at = Some(now()));
    let credential = Credential::ApiKey { id: KeyId(Uuid::nil()), prefix: key.prefix().to_owned() };
    assert!(house.authenticator.redeem(&issue(credential, ACME), now()).await.is_err());
    assert!(house.authenticator.redeem("custt_x", now()).await.is_err());
    // A ticket is no bearer token.
    assert!(house.authenticator.authenticate(&issue(session, ACME), now()).await.is_err());
}

#[tokio::test]
async fn what_goes_on_after_its_request_is_asked_for_its_credential_again() {
    let house = House::new().await;
    let who = house.authenticator.authenticate(&house.access_token().await, now()).await.unwrap();
    let later = house.authenticator.still(&who, now() + secs(10)).await.unwrap();
    assert_eq!((later.expires_at(), later.role()), (who.expires_at(), who.role()));
    // The access token, though its session would go on.
    let end = who.expires_at().unwrap();
    assert!(house.authenticator.still(&who, end).await.is_err());
    house
        .directory
        .change(|rows| rows.sessions.get_mut(&(house.session, ACME)).unwrap().ended_at = Some(now()));
    assert!(house.authenticator.still(&who, now() + secs(20)).await.is_err());
}
