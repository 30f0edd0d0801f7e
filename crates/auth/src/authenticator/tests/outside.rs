//! Tokens of other issuers.

use super::*;

fn outside() -> Issuer {
    Issuer {
        iss: "https://id.example".to_owned(),
        aud: "custody-prod".to_owned(),
        keys: vec![IssuerKey { kid: "their-1".to_owned(), public_key: signing::public_key(&[9; 32]) }],
        mapping: Mapping {
            tenant: ACME,
            role_claim: "groups".to_owned(),
            roles: [("sec-admins", Role::Admin), ("sec-readers", Role::Auditor)]
                .map(|(name, role)| (name.to_owned(), role))
                .into(),
        },
    }
}

fn of_outside(changes: &serde_json::Value) -> String {
    let header = Header { kid: Some("their-1".to_owned()), ..Header::new(Algorithm::EdDSA) };
    let mut claims = json!({
        "iss": "https://id.example", "aud": ["x", "custody-prod"], "sub": "0815", "email": "eve@corp.example",
        "exp": now().timestamp() + 60, "groups": ["all", "sec-readers"],
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    jsonwebtoken::encode(&header, &claims, &signing::encoding_key(&[9; 32]).unwrap()).unwrap()
}

#[tokio::test]
async fn another_issuer_is_believed_only_when_it_is_configured() {
    let token = of_outside(&json!({}));
    assert_eq!(House::new().await.refused(&token, now()).await, Refusal::UnknownIssuer);

    let house = House::believing(vec![outside()]).await;
    let who = house.authenticator.authenticate(&token, now()).await.unwrap();
    assert_eq!(who.principal().to_string(), "oidc:https://id.example#0815");
    assert_eq!((who.tenant(), who.role()), (ACME, Role::Auditor));
    assert_eq!((who.credential_id(), who.name()), (None, Some("eve@corp.example")));
    for (changes, refusal) in [
        (json!({"aud": "custody"}), Refusal::Audience),
        (json!({"groups": ["all"]}), Refusal::NoRole),
        (json!({"groups": null}), Refusal::NoRole),
        (json!({"exp": now().timestamp()}), Refusal::Expired),
        // It cannot speak for us, whatever it signs.
        (json!({"iss": "log.example", "aud": "custody", "tid": ACME}), Refusal::UnknownKey),
    ] {
        assert_eq!(house.refused(&of_outside(&changes), now()).await, refusal, "{changes}");
    }
    let both = of_outside(&json!({"groups": ["sec-readers", "sec-admins"]}));
    assert_eq!(house.authenticator.authenticate(&both, now()).await.unwrap().role(), Role::Admin);
    house.directory.change(|rows| rows.suspended.push(ACME));
    assert_eq!(house.refused(&token, now() + secs(5)).await, Refusal::Suspended);
}

#[tokio::test]
async fn an_outside_issuer_cannot_make_operators_of_a_tenant_s_people() {
    let mut issuer = outside();
    issuer.mapping.roles.insert("sec-readers".to_owned(), Role::Operator);
    let house = House::believing(vec![issuer]).await;
    assert_eq!(house.refused(&of_outside(&json!({})), now()).await, Refusal::NoRole);
}
