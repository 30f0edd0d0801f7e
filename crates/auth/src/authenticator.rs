//! From a bearer credential to somebody: API keys, our JWTs, those of outside issuers, tickets.

use std::{fmt, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use custody_domain::{SessionId, TenantId, TokenId};
use custody_keys::Keys;

use crate::{
    ApiKeyRecord, ApiKeyText, AuthError, Authenticated, Credential, Directory, DirectoryError,
    IssuedTokenRecord, Issuer, JwkSet, Principal, Refusal, Role, SecretKind, SessionRecord, Tokens,
    claims::{AUDIENCE, Claims},
    fresh::Fresh,
    issuer::{self, Unverified},
    key_ring::KeyRing,
    proven::{Proof, Proven},
};

/// How long a credential that was found good may be taken for good: how fast a revocation acts.
pub const AGE_MAX: TimeDelta = TimeDelta::seconds(5);
/// Bounds the memory of each cache; what falls out is looked up again.
const CACHED_MAX: u64 = 50_000;

/// Who we are as an issuer, and who else is believed.
#[derive(Clone, Debug)]
pub struct AuthConfig {
    /// Our own `iss`.
    pub issuer: String,
    pub outside: Vec<Issuer>,
}

/// Verifies credentials; one per process, shared.
pub struct Authenticator {
    config: AuthConfig,
    directory: Arc<dyn Directory>,
    ring: Arc<KeyRing>,
    proven: Proven,
    api_keys: Fresh<String, Option<Arc<ApiKeyRecord>>>,
    sessions: Fresh<(SessionId, TenantId), Option<Arc<SessionRecord>>>,
    issued: Fresh<TokenId, Option<Arc<IssuedTokenRecord>>>,
    tenants: Fresh<TenantId, bool>,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authenticator({})", self.config.issuer)
    }
}

impl Authenticator {
    pub fn new(config: AuthConfig, directory: Arc<dyn Directory>) -> Self {
        Self {
            config,
            ring: Arc::new(KeyRing::new(Arc::clone(&directory))),
            directory,
            proven: Proven::new(),
            api_keys: Fresh::new(CACHED_MAX),
            sessions: Fresh::new(CACHED_MAX),
            issued: Fresh::new(CACHED_MAX),
            tenants: Fresh::new(CACHED_MAX),
        }
    }

    /// What mints the tokens that this verifies.
    pub fn tokens(&self, keys: Keys) -> Tokens {
        Tokens::new(self.config.issuer.clone(), keys, Arc::clone(&self.ring))
    }

    /// The keys that verify our tokens now.
    pub async fn jwks(&self, now: DateTime<Utc>) -> Result<JwkSet, DirectoryError> {
        self.ring.jwks(now).await
    }

    /// Looks everything up anew from now on: called after a revocation, which then acts in this
    /// process at once.
    pub fn forget(&self) {
        self.api_keys.forget();
        self.sessions.forget();
        self.issued.forget();
        self.tenants.forget();
        self.ring.forget();
    }

    /// What `Authorization: Bearer …` carried: an API key or a JWT.
    pub async fn authenticate(&self, bearer: &str, now: DateTime<Utc>) -> Result<Authenticated, AuthError> {
        let who = match ApiKeyText::parse(bearer) {
            Some(key) => {
                let record = self.api_key(key.prefix(), now).await?;
                if record.secret_hash != key.secret_hash() {
                    return Err(Refusal::Unknown.into());
                }
                of_api_key(&record, key.prefix(), now)?
            }
            None => self.jwt(bearer, now).await?,
        };
        checked(who)
    }

    /// What a ticket (one use) stood for, if that is still good.
    pub async fn redeem(&self, ticket: &str, now: DateTime<Utc>) -> Result<Authenticated, AuthError> {
        let hash = SecretKind::Ticket.parse(ticket).ok_or(Refusal::Malformed)?;
        let record = self.directory.redeem_ticket(&hash).await?.ok_or(Refusal::Unknown)?;
        if record.expires_at <= now {
            return Err(Refusal::Expired.into());
        }
        self.of(&record.credential, record.tenant, now).await
    }

    /// The same somebody at a later moment, as they stand then: for what goes on after its request.
    pub async fn still(&self, who: &Authenticated, now: DateTime<Utc>) -> Result<Authenticated, AuthError> {
        if who.expires_at.is_some_and(|at| at <= now) {
            return Err(Refusal::Expired.into());
        }
        if who.credential == Credential::Outside {
            let live = self.directory.tenant_is_live(who.tenant);
            if !self.tenants.get(who.tenant, now, AGE_MAX, live).await? {
                return Err(Refusal::Suspended.into());
            }
            return Ok(who.clone());
        }
        let found = self.of(&who.credential, who.tenant, now).await?;
        // What was shown may end sooner than what it stands for.
        Ok(Authenticated { expires_at: who.expires_at, ..found })
    }

    async fn of(
        &self,
        credential: &Credential,
        tenant: TenantId,
        now: DateTime<Utc>,
    ) -> Result<Authenticated, AuthError> {
        let who = match credential {
            Credential::ApiKey { prefix, .. } => of_api_key(&*self.api_key(prefix, now).await?, prefix, now)?,
            Credential::Session(id) => self.session(*id, tenant, None, now).await?,
            Credential::IssuedToken(id) => self.issued(*id, tenant, now).await?,
            Credential::Outside => return Err(Refusal::Unknown.into()),
        };
        if who.tenant != tenant {
            return Err(Refusal::Unknown.into());
        }
        checked(who)
    }

    async fn jwt(&self, token: &str, now: DateTime<Utc>) -> Result<Authenticated, AuthError> {
        if let Some(proof) = self.proven.find(token).await {
            let key = self.ring.verifying(&proof.kid, now).await?;
            if key == Some(proof.public_key) {
                issuer::in_time(proof.claims.exp, Some(proof.claims.nbf), now)?;
                return self.own(&proof.claims, now).await;
            }
        }
        let Unverified { kid, iss } = issuer::peek(token)?;
        if iss == self.config.issuer {
            let public_key = self.ring.verifying(&kid, now).await?.ok_or(Refusal::UnknownKey)?;
            let claims = issuer::verify::<Claims>(token, &public_key, &iss, AUDIENCE, now)?;
            let proof = self.proven.keep(token, Proof { kid, public_key, claims }).await;
            return self.own(&proof.claims, now).await;
        }
        let issuer =
            self.config.outside.iter().find(|issuer| issuer.iss == iss).ok_or(Refusal::UnknownIssuer)?;
        self.outside(issuer, &kid, token, now).await
    }

    /// Whom a token of ours stands for, whose claims are good.
    async fn own(&self, claims: &Claims, now: DateTime<Utc>) -> Result<Authenticated, AuthError> {
        match claims.sid {
            Some(session) => self.session(session, claims.tid, Some(claims), now).await,
            None => self.issued(TokenId(claims.jti), claims.tid, now).await,
        }
    }

    async fn outside(
        &self,
        issuer: &Issuer,
        kid: &str,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Authenticated, AuthError> {
        let key = issuer.keys.iter().find(|key| key.kid == kid);
        let key = key.ok_or(Refusal::UnknownKey)?;
        let claims: serde_json::Map<String, serde_json::Value> =
            issuer::verify(token, &key.public_key, &issuer.iss, &issuer.aud, now)?;
        let subject = claims.get("sub").and_then(|sub| sub.as_str());
        let expires_at = claims.get("exp").and_then(serde_json::Value::as_i64);
        let tenant = issuer.mapping.tenant;
        let live = self.directory.tenant_is_live(tenant);
        if !self.tenants.get(tenant, now, AGE_MAX, live).await? {
            return Err(Refusal::Suspended.into());
        }
        Ok(Authenticated {
            principal: Principal::Oidc {
                issuer: issuer.iss.clone(),
                subject: subject.ok_or(Refusal::Malformed)?.to_owned(),
            },
            name: claims.get("email").and_then(|e| e.as_str()).map(str::to_owned),
            tenant,
            role: issuer.mapping.role(&claims).ok_or(Refusal::NoRole)?,
            row_grant: None,
            credential: Credential::Outside,
            must_set_password: false,
            expires_at: expires_at.and_then(|at| DateTime::from_timestamp(at, 0)),
        })
    }

    async fn api_key(&self, prefix: &str, now: DateTime<Utc>) -> Result<Arc<ApiKeyRecord>, AuthError> {
        let ask = async { Ok(self.directory.api_key(prefix).await?.map(Arc::new)) };
        let found = self.api_keys.get(prefix.to_owned(), now, AGE_MAX, ask).await?;
        Ok(found.ok_or(Refusal::Unknown)?)
    }

    async fn session(
        &self,
        id: SessionId,
        tenant: TenantId,
        claims: Option<&Claims>,
        now: DateTime<Utc>,
    ) -> Result<Authenticated, AuthError> {
        let ask = async { Ok(self.directory.session(id, tenant).await?.map(Arc::new)) };
        let found = self.sessions.get((id, tenant), now, AGE_MAX, ask).await?;
        let record = found.ok_or(Refusal::Unknown)?;
        standing(record.ended_at, Some(record.expires_at), record.tenant_suspended, now)?;
        let principal = Principal::User(record.user);
        if claims.is_some_and(|claims| claims.sub != principal.to_string()) {
            return Err(Refusal::Unknown.into());
        }
        let exp = claims.and_then(|claims| DateTime::from_timestamp(claims.exp, 0));
        Ok(Authenticated {
            principal,
            name: Some(record.email.clone()),
            tenant,
            role: record.role,
            row_grant: record.row_grant.clone(),
            credential: Credential::Session(id),
            must_set_password: record.must_set_password,
            expires_at: Some(exp.unwrap_or(record.expires_at)),
        })
    }

    async fn issued(
        &self,
        id: TokenId,
        tenant: TenantId,
        now: DateTime<Utc>,
    ) -> Result<Authenticated, AuthError> {
        let ask = async { Ok(self.directory.issued_token(id).await?.map(Arc::new)) };
        let found = self.issued.get(id, now, AGE_MAX, ask).await?;
        let record = found.filter(|record| record.tenant == tenant);
        let record = record.ok_or(Refusal::Unknown)?;
        standing(record.revoked_at, Some(record.expires_at), record.tenant_suspended, now)?;
        Ok(Authenticated {
            principal: Principal::Token(id),
            name: Some(record.name.clone()),
            tenant,
            role: record.role,
            row_grant: None,
            credential: Credential::IssuedToken(id),
            must_set_password: false,
            expires_at: Some(record.expires_at),
        })
    }
}

fn of_api_key(record: &ApiKeyRecord, prefix: &str, now: DateTime<Utc>) -> Result<Authenticated, Refusal> {
    standing(record.revoked_at, record.expires_at, record.tenant_suspended, now)?;
    Ok(Authenticated {
        principal: Principal::Key(record.id),
        name: Some(record.name.clone()),
        tenant: record.tenant,
        role: record.role,
        row_grant: None,
        credential: Credential::ApiKey { id: record.id, prefix: prefix.to_owned() },
        must_set_password: false,
        expires_at: record.expires_at,
    })
}

fn standing(
    revoked_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    tenant_suspended: bool,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    if revoked_at.is_some() {
        return Err(Refusal::Revoked);
    }
    if expires_at.is_some_and(|at| at <= now) {
        return Err(Refusal::Expired);
    }
    if tenant_suspended {
        return Err(Refusal::Suspended);
    }
    Ok(())
}

/// The reserved tenant is for operators, and operators are for the reserved tenant: whatever the
/// directory or an outside issuer's mapping may say.
fn checked(who: Authenticated) -> Result<Authenticated, AuthError> {
    if (who.role == Role::Operator) != (who.tenant == TenantId::RESERVED) {
        return Err(Refusal::NoRole.into());
    }
    Ok(who)
}

#[cfg(test)]
mod tests;
