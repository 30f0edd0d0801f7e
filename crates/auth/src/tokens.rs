//! Minting our own JWTs: EdDSA, one tenant, a few minutes; longer for a token that was issued.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use custody_domain::{SessionId, TenantId, TokenId, UserId};
use custody_keys::{KeyError, Keys};
use jsonwebtoken::{Algorithm, Header};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    DirectoryError, Principal, Role,
    claims::{AUDIENCE, Claims},
    key_ring::KeyRing,
};

/// Of a session's access token. Long enough to be worth it, short enough that a stolen one is
/// soon stale; revocation does not wait for it.
pub const ACCESS_LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// The longest that a token can be issued for.
pub const ISSUED_LIFETIME_MAX: TimeDelta = TimeDelta::days(366);

/// A token as its holder gets it.
#[derive(Clone)]
pub struct Minted {
    pub token: Zeroizing<String>,
    pub expires_at: DateTime<Utc>,
    /// The key that signed.
    pub kid: String,
}

impl std::fmt::Debug for Minted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Minted(until {})", self.expires_at)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("there is no signing key")]
    NoKey,
    #[error("the signing key is damaged")]
    BadKey,
    #[error("the token cannot be signed: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Signs tokens with the newest key of the directory.
#[derive(Clone, Debug)]
pub struct Tokens {
    issuer: String,
    keys: Keys,
    ring: Arc<KeyRing>,
}

impl Tokens {
    pub(crate) fn new(issuer: String, keys: Keys, ring: Arc<KeyRing>) -> Self {
        Self { issuer, keys, ring }
    }

    /// A session's token for one tenant. `session_ends` bounds it.
    pub async fn access(
        &self,
        (session, user): (SessionId, UserId),
        (tenant, role): (TenantId, Role),
        session_ends: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Minted, TokenError> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: Principal::User(user).to_string(),
            exp: session_ends.min(now + ACCESS_LIFETIME).timestamp(),
            nbf: now.timestamp(),
            iat: now.timestamp(),
            jti: Uuid::new_v4(),
            tid: tenant,
            role,
            sid: Some(session),
        };
        self.sign(&claims, now).await
    }

    /// A token that stands by its own row, `jti`. It must be stored before it is handed out.
    pub async fn issued(
        &self,
        jti: TokenId,
        (tenant, role): (TenantId, Role),
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Minted, TokenError> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: Principal::Token(jti).to_string(),
            exp: expires_at.min(now + ISSUED_LIFETIME_MAX).timestamp(),
            nbf: now.timestamp(),
            iat: now.timestamp(),
            jti: jti.0,
            tid: tenant,
            role,
            sid: None,
        };
        self.sign(&claims, now).await
    }

    async fn sign(&self, claims: &Claims, now: DateTime<Utc>) -> Result<Minted, TokenError> {
        let (kid, key) = self.ring.signing(&self.keys, now).await?;
        let header = Header { kid: Some(kid.clone()), ..Header::new(Algorithm::EdDSA) };
        Ok(Minted {
            token: Zeroizing::new(jsonwebtoken::encode(&header, claims, &key)?),
            expires_at: DateTime::from_timestamp(claims.exp, 0).unwrap_or(now),
            kid,
        })
    }
}
