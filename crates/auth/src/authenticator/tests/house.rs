//! A directory in memory, and an authenticator that asks it.

use super::*;

/// A directory in memory, that counts how often it is asked.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Rows>);

#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) asked: usize,
    pub(super) fails: bool,
    pub(super) api_keys: BTreeMap<String, ApiKeyRecord>,
    pub(super) sessions: BTreeMap<(SessionId, TenantId), SessionRecord>,
    pub(super) issued: BTreeMap<TokenId, IssuedTokenRecord>,
    pub(super) suspended: Vec<TenantId>,
    pub(super) signing_keys: Vec<SigningKeyRecord>,
    pub(super) tickets: Vec<(SecretHash, TicketRecord)>,
}

impl Memory {
    pub(super) fn answer<T>(&self, read: impl FnOnce(&mut Rows) -> T) -> Result<T, DirectoryError> {
        let mut rows = self.0.lock().unwrap();
        rows.asked += 1;
        if rows.fails {
            return Err(DirectoryError::unavailable(std::io::Error::other("away")));
        }
        Ok(read(&mut rows))
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Rows) -> T) -> T {
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

pub(super) struct House {
    _dir: tempfile::TempDir,
    pub(super) keys: Keys,
    pub(super) directory: Arc<Memory>,
    pub(super) authenticator: Authenticator,
    pub(super) tokens: Tokens,
    pub(super) user: UserId,
    pub(super) session: SessionId,
}

pub(super) const ACME: TenantId = TenantId(Uuid::from_u128(0xa));
pub(super) const OTHER: TenantId = TenantId(Uuid::from_u128(0xb));

pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

pub(super) fn secs(n: i64) -> TimeDelta {
    TimeDelta::seconds(n)
}

pub(super) fn record(new: NewSigningKey, created_at: DateTime<Utc>) -> SigningKeyRecord {
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
    pub(super) async fn new() -> Self {
        Self::believing(Vec::new()).await
    }

    pub(super) async fn believing(outside: Vec<Issuer>) -> Self {
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

    pub(super) async fn access_token(&self) -> String {
        let ends = now() + TimeDelta::days(30);
        let minted = self.tokens.access((self.session, self.user), (ACME, Role::Admin), ends, now()).await;
        minted.unwrap().token.to_string()
    }

    pub(super) fn add_api_key(&self, change: impl FnOnce(&mut ApiKeyRecord)) -> ApiKeyText {
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

    pub(super) async fn refused(&self, bearer: &str, at: DateTime<Utc>) -> Refusal {
        match self.authenticator.authenticate(bearer, at).await {
            Err(AuthError::Invalid(refusal)) => refusal,
            other => panic!("{bearer}: {other:?}"),
        }
    }

    /// A token with these claims over the good ones, signed with the good key.
    pub(super) async fn signed(&self, changes: serde_json::Value) -> String {
        let (header, claims) = self.parts(changes).await;
        let (_, key) = self.authenticator.ring.signing(&self.keys, now()).await.unwrap();
        jsonwebtoken::encode(&header, &claims, &key).unwrap()
    }

    pub(super) async fn parts(&self, changes: serde_json::Value) -> (Header, serde_json::Value) {
        let token = self.access_token().await;
        let kid = jsonwebtoken::decode_header(&token).unwrap().kid;
        let mut claims: serde_json::Value = jsonwebtoken::dangerous::insecure_decode(&token).unwrap().claims;
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        (Header { kid, ..Header::new(Algorithm::EdDSA) }, claims)
    }
}

pub(super) fn member(user: UserId, role: Role) -> SessionRecord {
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

pub(super) fn encoded(part: &serde_json::Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}
