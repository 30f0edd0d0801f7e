//! Scopes of readers who may not read everything.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::Utc;
use custody_auth::{
    ApiKeyRecord, ApiKeyText, AuthConfig, Authenticator, Directory, DirectoryError, IssuedTokenRecord,
    Operation, Role, Scope, SecretHash, SessionRecord, SigningKeyRecord, TicketRecord,
};
use custody_domain::{KeyId, SessionId, TenantId, TokenId};
use uuid::Uuid;

/// Knows one API key of the role `user`.
#[derive(Debug)]
struct OneKey {
    text: ApiKeyText,
    id: KeyId,
    tenant: TenantId,
}

#[async_trait]
impl Directory for OneKey {
    async fn api_key(&self, _: &str) -> Result<Option<ApiKeyRecord>, DirectoryError> {
        Ok(Some(ApiKeyRecord {
            id: self.id,
            name: "shop".to_owned(),
            tenant: self.tenant,
            role: Role::User,
            secret_hash: self.text.secret_hash(),
            expires_at: None,
            revoked_at: None,
            tenant_suspended: false,
        }))
    }

    async fn session(&self, _: SessionId, _: TenantId) -> Result<Option<SessionRecord>, DirectoryError> {
        Ok(None)
    }

    async fn issued_token(&self, _: TokenId) -> Result<Option<IssuedTokenRecord>, DirectoryError> {
        Ok(None)
    }

    async fn tenant_is_live(&self, _: TenantId) -> Result<bool, DirectoryError> {
        Ok(true)
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, DirectoryError> {
        Ok(Vec::new())
    }

    async fn redeem_ticket(&self, _: &SecretHash) -> Result<Option<TicketRecord>, DirectoryError> {
        Ok(None)
    }
}

/// Somebody of the role `user`, another one for each `n`.
pub(crate) async fn user(tenant: TenantId, n: u128) -> Scope {
    let text = ApiKeyText::generate();
    let directory = OneKey { text: text.clone(), id: KeyId(Uuid::from_u128(n)), tenant };
    let config = AuthConfig { issuer: "custody.test".to_owned(), outside: Vec::new() };
    let authenticator = Authenticator::new(config, Arc::new(directory));
    let who = authenticator.authenticate(text.reveal(), Utc::now()).await.unwrap();
    who.permit(Operation::ListEntries, None).unwrap()
}
