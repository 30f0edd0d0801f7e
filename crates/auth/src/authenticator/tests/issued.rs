//! Tokens that were issued to programs.

use super::*;

#[tokio::test]
async fn an_issued_token_stands_by_its_row() {
    let house = House::new().await;
    let id = TokenId(Uuid::from_u128(3));
    let mint = house.tokens.issued(id, (ACME, Role::Auditor), now() + secs(3600), now());
    let token = mint.await.unwrap().token;
    assert_eq!(house.refused(&token, now()).await, Refusal::Unknown);
    let record = |tenant, role| IssuedTokenRecord {
        name: "ci".to_owned(),
        tenant,
        role,
        expires_at: now() + secs(3600),
        revoked_at: None,
        tenant_suspended: false,
    };
    let put = |record| {
        house.directory.change(|rows| rows.issued.insert(id, record));
        house.authenticator.forget();
    };
    put(record(ACME, Role::Auditor));
    let who = house.authenticator.authenticate(&token, now()).await.unwrap();
    assert_eq!((who.principal(), who.role()), (&Principal::Token(id), Role::Auditor));
    put(record(OTHER, Role::Auditor));
    assert_eq!(house.refused(&token, now()).await, Refusal::Unknown);
    put(IssuedTokenRecord { revoked_at: Some(now()), ..record(ACME, Role::Auditor) });
    assert_eq!(house.refused(&token, now()).await, Refusal::Revoked);
    // Whatever the rows say, an operator is one in the reserved tenant alone.
    put(record(ACME, Role::Operator));
    assert_eq!(house.refused(&token, now()).await, Refusal::NoRole);
}
