#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use custody_domain::{KeyId, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::{
    IssuerKey, Mapping, NewSigningKey, Operation, SecretHash, SigningKeyRecord, TicketRecord, signing,
};

/// A directory in memory, that counts how often it is asked.
#[derive(Debug, Default)]
struct Memory(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    asked: usize,
    fails: bool,
    api_keys: BTreeMap<String, ApiKeyRecord>,
    sessions: BTreeMap<(SessionId, TenantId), SessionRecord>,
    issued: BTreeMap<TokenId, IssuedTokenRecord>,
    suspended: Vec<TenantId>,
    signing_keys: Vec<SigningKeyRecord>,
    tickets: Vec<(SecretHash, TicketRecord)>,
}

impl Memory {
    fn answer<T>(&self, read: impl FnOnce(&mut Rows) -> T) -> Result<T, DirectoryError> {
        let mut rows = self.0.lock().unwrap();
        rows.asked += 1;
        if rows.fails {
            return Err(DirectoryError::unavailable(std::io::Error::other("away")));
        }
        Ok(read(&mut rows))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Rows) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }
}

#[async_trait]
impl Directory for Memory {
    async fn api_key(&self, prefix: &str) -> Result<Option<ApiKeyRecord>, DirectoryError> {
        self.answer(|rows| rows.api_keys.get(prefix).cloned())
    }

    async fn session(
        &self,
        session: SessionId,
        tenant: TenantId,
    ) -> Result<Option<SessionRecord>, DirectoryError> {
        self.answer(|rows| rows.sessions.get(&(session, tenant)).cloned())
    }

    async fn issued_token(&self, token: TokenId) -> Result<Option<IssuedTokenRecord>, DirectoryError> {
        self.answer(|rows| rows.issued.get(&token).cloned())
    }

    async fn tenant_is_live(&self, tenant: TenantId) -> Result<bool, DirectoryError> {
        self.answer(|rows| !rows.suspended.contains(&tenant))
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, DirectoryError> {
        self.answer(|rows| rows.signing_keys.clone())
    }

    async fn redeem_ticket(&self, hash: &SecretHash) -> Result<Option<TicketRecord>, DirectoryError> {
        self.answer(|rows| {
            let at = rows.tickets.iter().position(|(h, _)| h == hash)?;
            Some(rows.tickets.remove(at).1)
        })
    }
}

struct House {
    _dir: tempfile::TempDir,
    keys: Keys,
    directory: Arc<Memory>,
    authenticator: Authenticator,
    tokens: Tokens,
    user: UserId,
    session: SessionId,
}

const ACME: TenantId = TenantId(Uuid::from_u128(0xa));
const OTHER: TenantId = TenantId(Uuid::from_u128(0xb));

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn secs(n: i64) -> TimeDelta {
    TimeDelta::seconds(n)
}

fn record(new: NewSigningKey, created_at: DateTime<Utc>) -> SigningKeyRecord {
    SigningKeyRecord {
        kid: new.kid,
        public_key: new.public_key,
        sealed_seed: new.sealed_seed,
        created_at,
        retired_at: None,
        verifies_until: created_at,
    }
}

impl House {
    async fn new() -> Self {
        Self::believing(Vec::new()).await
    }

    async fn believing(outside: Vec<Issuer>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::local(&dir.path().join("key")).unwrap();
        let directory = Arc::new(Memory::default());
        let (user, session) = (UserId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)));
        let key = record(NewSigningKey::generate(&keys).await.unwrap(), now());
        directory.change(|rows| {
            rows.signing_keys.push(key);
            rows.sessions.insert((session, ACME), member(user, Role::Admin));
        });
        let config = AuthConfig { issuer: "log.example".to_owned(), outside };
        let authenticator = Authenticator::new(config, Arc::clone(&directory) as Arc<dyn Directory>);
        let tokens = authenticator.tokens(keys.clone());
        Self { _dir: dir, keys, directory, authenticator, tokens, user, session }
    }

    async fn access_token(&self) -> String {
        let ends = now() + TimeDelta::days(30);
        let minted = self.tokens.access((self.session, self.user), (ACME, Role::Admin), ends, now()).await;
        minted.unwrap().token.to_string()
    }

    fn add_api_key(&self, change: impl FnOnce(&mut ApiKeyRecord)) -> ApiKeyText {
        let text = ApiKeyText::generate();
        let mut record = ApiKeyRecord {
            id: KeyId(Uuid::from_u128(7)),
            name: "billing".to_owned(),
            tenant: ACME,
            role: Role::Writer,
            secret_hash: text.secret_hash(),
            expires_at: None,
            revoked_at: None,
            tenant_suspended: false,
        };
        change(&mut record);
        self.directory.change(|rows| rows.api_keys.insert(text.prefix().to_owned(), record));
        text
    }

    async fn refused(&self, bearer: &str, at: DateTime<Utc>) -> Refusal {
        match self.authenticator.authenticate(bearer, at).await {
            Err(AuthError::Invalid(refusal)) => refusal,
            other => panic!("{bearer}: {other:?}"),
        }
    }

    /// A token with these claims over the good ones, signed with the good key.
    async fn signed(&self, changes: serde_json::Value) -> String {
        let (header, claims) = self.parts(changes).await;
        let (_, key) = self.authenticator.ring.signing(&self.keys, now()).await.unwrap();
        jsonwebtoken::encode(&header, &claims, &key).unwrap()
    }

    async fn parts(&self, changes: serde_json::Value) -> (Header, serde_json::Value) {
        let token = self.access_token().await;
        let kid = jsonwebtoken::decode_header(&token).unwrap().kid;
        let mut claims: serde_json::Value = jsonwebtoken::dangerous::insecure_decode(&token).unwrap().claims;
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        (Header { kid, ..Header::new(Algorithm::EdDSA) }, claims)
    }
}

fn member(user: UserId, role: Role) -> SessionRecord {
    SessionRecord {
        user,
        email: "ada@example.com".to_owned(),
        role,
        row_grant: None,
        expires_at: now() + TimeDelta::days(30),
        ended_at: None,
        must_set_password: false,
        tenant_suspended: false,
    }
}

fn encoded(part: &serde_json::Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

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
