//! The port to what is stored about credentials. The store is behind it.

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use custody_domain::{KeyId, SessionId, TenantId, TokenId, UserId};

use crate::{Credential, Role, RowGrant, SecretHash};

/// Looks up credentials across tenants. It answers with what stands there; whether that is still
/// good is decided here, by the clock of the request.
#[async_trait]
pub trait Directory: std::fmt::Debug + Send + Sync {
    async fn api_key(&self, prefix: &str) -> Result<Option<ApiKeyRecord>, DirectoryError>;

    /// The session, if its person is a member of that tenant now.
    async fn session(
        &self,
        session: SessionId,
        tenant: TenantId,
    ) -> Result<Option<SessionRecord>, DirectoryError>;

    async fn issued_token(&self, token: TokenId) -> Result<Option<IssuedTokenRecord>, DirectoryError>;

    /// Whether the tenant is there and not suspended.
    async fn tenant_is_live(&self, tenant: TenantId) -> Result<bool, DirectoryError>;

    /// All keys that sign or still verify, in any order.
    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, DirectoryError>;

    /// Takes the ticket away: the second call with the same hash answers `None`, on any server.
    async fn redeem_ticket(&self, hash: &SecretHash) -> Result<Option<TicketRecord>, DirectoryError>;
}

#[derive(Clone, Debug)]
pub struct ApiKeyRecord {
    pub id: KeyId,
    pub name: String,
    pub tenant: TenantId,
    pub role: Role,
    pub secret_hash: SecretHash,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub tenant_suspended: bool,
}

#[derive(Clone, Debug)]
pub struct SessionRecord {
    pub user: UserId,
    pub email: String,
    /// Of the live membership, not of the day when the token was made.
    pub role: Role,
    /// Of the same membership: which entries an auditor may read; none where that is all of them.
    pub row_grant: Option<RowGrant>,
    pub expires_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Signed in with a one-time secret: may do nothing but set a password.
    pub must_set_password: bool,
    pub tenant_suspended: bool,
}

#[derive(Clone, Debug)]
pub struct IssuedTokenRecord {
    pub name: String,
    pub tenant: TenantId,
    pub role: Role,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub tenant_suspended: bool,
}

#[derive(Clone)]
pub struct SigningKeyRecord {
    /// JWK thumbprint (RFC 7638).
    pub kid: String,
    pub public_key: [u8; 32],
    /// The seed, sealed by the keys port for [`crate::signing::PURPOSE`].
    pub sealed_seed: Vec<u8>,
    pub created_at: DateTime<Utc>,
    /// Signs no more from then on.
    pub retired_at: Option<DateTime<Utc>>,
    /// A retired key verifies until the last token that it signed has expired.
    pub verifies_until: DateTime<Utc>,
}

impl std::fmt::Debug for SigningKeyRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKeyRecord({})", self.kid)
    }
}

/// What a ticket stood for.
#[derive(Clone, Debug)]
pub struct TicketRecord {
    pub tenant: TenantId,
    pub credential: Credential,
    pub expires_at: DateTime<Utc>,
}

/// The directory could not answer. Nothing may be concluded from that about a credential.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Trying again may help.
    #[error("the directory is not available: {0}")]
    Unavailable(Arc<dyn Error + Send + Sync>),
    #[error("the directory failed: {0}")]
    Unexpected(Arc<dyn Error + Send + Sync>),
}

impl DirectoryError {
    pub fn unavailable(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Arc::new(source))
    }

    pub fn unexpected(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Unexpected(Arc::new(source))
    }
}
