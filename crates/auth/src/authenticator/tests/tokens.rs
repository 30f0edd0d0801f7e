//! Tokens that are not as we make them, and what is no credential at all.

use super::*;

#[tokio::test]
async fn nothing_but_our_own_signature_is_taken() {
    let house = House::new().await;
    let (header, claims) = house.parts(json!({})).await;
    let kid = header.kid.clone().unwrap();
    let public_key = house.directory.change(|rows| rows.signing_keys[0].public_key);
    let body = encoded(&claims);

    for alg in ["none", "None", "NONE", ""] {
        let head = encoded(&json!({"alg": alg, "kid": kid}));
        assert_eq!(house.refused(&format!("{head}.{body}."), now()).await, Refusal::Algorithm);
    }
    // The classic: the public key taken for a shared secret.
    for secret in [&public_key[..], URL_SAFE_NO_PAD.encode(public_key).as_bytes()] {
        let header = Header { kid: Some(kid.clone()), ..Header::new(Algorithm::HS256) };
        let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap();
        assert_eq!(house.refused(&token, now()).await, Refusal::Algorithm);
    }
    // A key of the attacker's own, under our key's name; then under its own, and under none.
    let theirs = signing::encoding_key(&[7; 32]).unwrap();
    for (kid, refusal) in [
        (Some(kid), Refusal::Signature),
        (Some(signing::thumbprint(&signing::public_key(&[7; 32]))), Refusal::UnknownKey),
        (None, Refusal::UnknownKey),
    ] {
        let mut header = Header { kid, ..Header::new(Algorithm::EdDSA) };
        header.jwk = Some(serde_json::from_value(serde_json::to_value(Jwk::of(&[7; 32])).unwrap()).unwrap());
        let token = jsonwebtoken::encode(&header, &claims, &theirs).unwrap();
        assert_eq!(house.refused(&token, now()).await, refusal);
    }
    let good = house.access_token().await;
    let (start, signature) = good.rsplit_once('.').unwrap();
    let flipped =
        format!("{start}.{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]);
    assert_eq!(house.refused(&flipped, now()).await, Refusal::Signature);
    assert_eq!(house.refused(&format!("{start}."), now()).await, Refusal::Signature);
}

struct Jwk;

impl Jwk {
    fn of(seed: &[u8; 32]) -> crate::Jwk {
        crate::Jwk::new("x", &signing::public_key(seed))
    }
}

#[tokio::test]
async fn every_claim_is_checked() {
    let house = House::new().await;
    for (changes, refusal) in [
        (json!({"iss": "log.example.evil"}), Refusal::UnknownIssuer),
        (json!({"iss": ["log.example"]}), Refusal::Malformed),
        (json!({"aud": "somebody"}), Refusal::Audience),
        (json!({"aud": ["somebody"]}), Refusal::Audience),
        (json!({"aud": null}), Refusal::Audience),
        (json!({"exp": null}), Refusal::Malformed),
        (json!({"exp": "9999999999"}), Refusal::Malformed),
        (json!({"exp": 0}), Refusal::Expired),
        (json!({"nbf": 1_800_000_121}), Refusal::NotYetValid),
        (json!({"nbf": i64::MAX}), Refusal::NotYetValid),
        (json!({"tid": OTHER}), Refusal::Unknown),
        (json!({"tid": "acme"}), Refusal::Malformed),
        (json!({"sub": format!("user:{}", Uuid::from_u128(99))}), Refusal::Unknown),
        (json!({"sid": Uuid::from_u128(99)}), Refusal::Unknown),
        // Without a session it would have to be an issued token, of which there must be a row.
        (json!({"sid": null}), Refusal::Unknown),
    ] {
        let token = house.signed(changes.clone()).await;
        let refused = house.refused(&token, now()).await;
        // Which of the two the library says of a missing claim is its own affair.
        let missing = matches!(refusal, Refusal::Audience | Refusal::Malformed)
            && changes.as_object().unwrap().values().any(serde_json::Value::is_null);
        assert!(refused == refusal || (missing && refused == Refusal::Malformed), "{changes}: {refused}");
    }
    house.authenticator.authenticate(&house.signed(json!({})).await, now()).await.unwrap();
}

#[tokio::test]
async fn what_is_no_credential_is_refused() {
    let house = House::new().await;
    let good = house.access_token().await;
    for bad in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "Bearer x",
        "\u{0}",
        "🦀.🦀.🦀",
        &good[1..],
        &good[..good.rfind('.').unwrap()],
        &format!("{good}.x"),
        &format!("{good}="),
        &format!(" {good}"),
        &"x".repeat(100_000),
    ] {
        assert!(house.authenticator.authenticate(bad, now()).await.is_err(), "{bad}");
    }
}

/// Well signed, and asking for what we do not do.
#[tokio::test]
async fn a_header_that_must_be_understood_and_is_not_is_refused() {
    use ed25519_dalek::Signer as _;
    let house = House::new().await;
    let (header, claims) = house.parts(json!({})).await;
    let sealed = house.directory.change(|rows| rows.signing_keys[0].sealed_seed.clone());
    let seed = house.keys.open(signing::PURPOSE, &sealed).await.unwrap();
    let key = ed25519_dalek::SigningKey::from_bytes(seed.as_slice().try_into().unwrap());
    let token = |extra: serde_json::Value| {
        let mut head = json!({"alg": "EdDSA", "kid": header.kid});
        head.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let message = format!("{}.{}", encoded(&head), encoded(&claims));
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()).to_bytes()))
    };
    for good in [json!({}), json!({"typ": "at+JWT"}), json!({"x": 1})] {
        house.authenticator.authenticate(&token(good), now()).await.unwrap();
    }
    for bad in [json!({"crit": ["x"], "x": 1}), json!({"crit": []}), json!({"typ": "JWE"})] {
        assert_eq!(house.refused(&token(bad), now()).await, Refusal::Malformed);
    }
}

proptest::proptest! {
    #[test]
    fn garbage_neither_passes_nor_panics(text in "[ -~]{0,80}", dots in "[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let house = House::new().await;
            assert!(house.authenticator.authenticate(&text, now()).await.is_err());
            assert!(house.authenticator.authenticate(&dots, now()).await.is_err());
        });
    }
}
