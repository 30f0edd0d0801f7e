//! What credentials are looked up by: the store's side of `auth`'s port. Across tenants, as the
//! system role, a few columns each.

use async_trait::async_trait;
use custody_auth::{
    ApiKeyRecord, Directory, DirectoryError, IssuedTokenRecord, SecretHash, SessionRecord, SigningKeyRecord,
    TicketRecord,
};
use custody_domain::{KeyId, SessionId, TenantId, TokenId, UserId};
use sqlx::Row as _;

use crate::{Store, StoreError, columns, signing_keys, tickets};

impl From<StoreError> for DirectoryError {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() { Self::unavailable(error) } else { Self::unexpected(error) }
    }
}

#[async_trait]
impl Directory for Store {
    async fn api_key(&self, prefix: &str) -> Result<Option<ApiKeyRecord>, DirectoryError> {
        Ok(api_key(self, prefix).await?)
    }

    async fn session(
        &self,
        session: SessionId,
        tenant: TenantId,
    ) -> Result<Option<SessionRecord>, DirectoryError> {
        Ok(find_session(self, session, tenant).await?)
    }

    async fn issued_token(&self, token: TokenId) -> Result<Option<IssuedTokenRecord>, DirectoryError> {
        Ok(issued_token(self, token).await?)
    }

    async fn tenant_is_live(&self, tenant: TenantId) -> Result<bool, DirectoryError> {
        Ok(tenant_is_live(self, tenant).await?)
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, DirectoryError> {
        Ok(signing_keys::load(self).await?)
    }

    async fn redeem_ticket(&self, hash: &SecretHash) -> Result<Option<TicketRecord>, DirectoryError> {
        Ok(tickets::redeem(self, hash).await?)
    }
}

async fn api_key(store: &Store, prefix: &str) -> Result<Option<ApiKeyRecord>, StoreError> {
    let mut tx = store.system_tx().await?;
    let row = sqlx::query(
        "SELECT k.tenant_id, k.id, k.name, k.role, k.secret_hash, k.expires_at, k.revoked_at,
                t.status <> 'active' AS suspended
         FROM api_keys k JOIN tenants t ON t.id = k.tenant_id WHERE k.prefix = $1",
    )
    .bind(prefix)
    .fetch_optional(tx.connection())
    .await?;
    tx.commit().await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(ApiKeyRecord {
        id: KeyId(row.try_get("id")?),
        name: row.try_get("name")?,
        tenant: TenantId(row.try_get("tenant_id")?),
        role: columns::role(&row, "role")?,
        secret_hash: columns::secret_hash(&row, "secret_hash")?,
        expires_at: row.try_get("expires_at")?,
        revoked_at: row.try_get("revoked_at")?,
        tenant_suspended: row.try_get("suspended")?,
    }))
}

async fn find_session(
    store: &Store,
    session: SessionId,
    tenant: TenantId,
) -> Result<Option<SessionRecord>, StoreError> {
    let mut tx = store.system_tx().await?;
    let row = sqlx::query(
        "SELECT s.user_id, s.must_set_password, s.expires_at, s.ended_at, u.email, m.role, m.row_grant,
                t.status <> 'active' AS suspended
         FROM sessions s
         JOIN users u ON u.id = s.user_id
         JOIN memberships m ON m.user_id = s.user_id AND m.tenant_id = s.tenant_id
         JOIN tenants t ON t.id = m.tenant_id
         WHERE s.id = $1 AND s.tenant_id = $2",
    )
    .bind(session.0)
    .bind(tenant.0)
    .fetch_optional(tx.connection())
    .await?;
    tx.commit().await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(SessionRecord {
        user: UserId(row.try_get("user_id")?),
        email: row.try_get("email")?,
        role: columns::role(&row, "role")?,
        row_grant: columns::row_grant(&row, "row_grant")?,
        expires_at: row.try_get("expires_at")?,
        ended_at: row.try_get("ended_at")?,
        must_set_password: row.try_get("must_set_password")?,
        tenant_suspended: row.try_get("suspended")?,
    }))
}

async fn issued_token(store: &Store, token: TokenId) -> Result<Option<IssuedTokenRecord>, StoreError> {
    let mut tx = store.system_tx().await?;
    let row = sqlx::query(
        "SELECT i.tenant_id, i.name, i.role, i.expires_at, i.revoked_at, t.status <> 'active' AS suspended
         FROM issued_tokens i JOIN tenants t ON t.id = i.tenant_id WHERE i.id = $1",
    )
    .bind(token.0)
    .fetch_optional(tx.connection())
    .await?;
    tx.commit().await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(IssuedTokenRecord {
        name: row.try_get("name")?,
        tenant: TenantId(row.try_get("tenant_id")?),
        role: columns::role(&row, "role")?,
        expires_at: row.try_get("expires_at")?,
        revoked_at: row.try_get("revoked_at")?,
        tenant_suspended: row.try_get("suspended")?,
    }))
}

async fn tenant_is_live(store: &Store, tenant: TenantId) -> Result<bool, StoreError> {
    let mut tx = store.system_tx().await?;
    let live = sqlx::query_scalar("SELECT EXISTS (SELECT FROM tenants WHERE id = $1 AND status = 'active')")
        .bind(tenant.0)
        .fetch_one(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(live)
}
