//! The table `api_keys`.

use chrono::{DateTime, Utc};
use custody_auth::{ApiKeyText, Role, Scope};
use custody_domain::{KeyId, TenantId};
use serde_json::json;
use sqlx::{Row as _, postgres::PgRow};

use crate::{
    IdentityError, Page, PageRequest, Store, StoreError,
    audit_outbox::{self, Change},
    columns, names,
    page::new_id,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub id: KeyId,
    pub name: String,
    /// The public part of the key's text.
    pub prefix: String,
    pub role: Role,
    /// The principal that made it.
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug)]
pub struct NewApiKey {
    pub name: String,
    pub role: Role,
    /// Without one it is good until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug)]
pub struct CreatedApiKey {
    pub key: ApiKey,
    /// Shown once.
    pub text: ApiKeyText,
}

pub async fn create(
    store: &Store,
    scope: &Scope,
    new: NewApiKey,
    now: DateTime<Utc>,
) -> Result<CreatedApiKey, IdentityError> {
    let tenant = scope.tenant();
    if tenant == TenantId::RESERVED || new.role == Role::Operator {
        return Err(IdentityError::invalid("/role", "operators have no API keys; issue a token"));
    }
    if new.expires_at.is_some_and(|at| at <= now) {
        return Err(IdentityError::invalid("/expires_at", "must lie in the future"));
    }
    let text = ApiKeyText::generate();
    let key = ApiKey {
        id: KeyId(new_id(now)),
        name: names::display("/name", &new.name)?,
        prefix: text.prefix().to_owned(),
        role: new.role,
        created_by: scope.principal().to_string(),
        created_at: now,
        expires_at: new.expires_at,
        revoked_at: None,
    };
    let mut tx = store.tenant_tx(scope).await?;
    sqlx::query(
        "INSERT INTO api_keys (tenant_id, id, name, prefix, secret_hash, role, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(tenant.0)
    .bind(key.id.0)
    .bind(&key.name)
    .bind(&key.prefix)
    .bind(&text.secret_hash().0[..])
    .bind(key.role.as_str())
    .bind(&key.created_by)
    .bind(now)
    .bind(key.expires_at)
    .execute(tx.connection())
    .await?;
    let change = Change::by(scope, "custody.api_key.created")
        .on("api_key", key.id, Some(&key.name))
        .after(json!({"prefix": key.prefix, "role": key.role, "expires_at": key.expires_at}));
    audit_outbox::write(tx.connection(), tenant, &change, now).await?;
    tx.commit().await?;
    Ok(CreatedApiKey { key, text })
}

/// The keys of the scope's tenant, oldest first; those alone whose public part begins with `prefix`.
pub async fn list(
    store: &Store,
    scope: &Scope,
    prefix: Option<&str>,
    page: PageRequest,
) -> Result<Page<ApiKey>, StoreError> {
    if prefix.is_some_and(|prefix| prefix.contains('\0')) {
        return Ok(Page::of(Vec::new(), page, |key| key.id.0));
    }
    let mut tx = store.tenant_tx(scope).await?;
    let rows = sqlx::query(
        "SELECT id, name, prefix, role, created_by, created_at, expires_at, revoked_at FROM api_keys
         WHERE tenant_id = $1 AND id > $2 AND starts_with(prefix, $3) ORDER BY id LIMIT $4",
    )
    .bind(scope.tenant().0)
    .bind(page.after())
    .bind(prefix.unwrap_or_default())
    .bind(page.fetch())
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    let keys = rows.iter().map(from_row).collect::<Result<_, _>>()?;
    Ok(Page::of(keys, page, |key: &ApiKey| key.id.0))
}

pub async fn get(store: &Store, scope: &Scope, id: KeyId) -> Result<ApiKey, StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let row = sqlx::query(
        "SELECT id, name, prefix, role, created_by, created_at, expires_at, revoked_at FROM api_keys
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(scope.tenant().0)
    .bind(id.0)
    .fetch_one(tx.connection())
    .await?;
    tx.commit().await?;
    from_row(&row)
}

fn from_row(row: &PgRow) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: KeyId(row.try_get("id")?),
        name: row.try_get("name")?,
        prefix: row.try_get("prefix")?,
        role: columns::role(row, "role")?,
        created_by: row.try_get("created_by")?,
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
        revoked_at: row.try_get("revoked_at")?,
    })
}

/// Revokes a key; one that is revoked already stays as it is.
pub async fn revoke(store: &Store, scope: &Scope, id: KeyId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let revoked = sqlx::query(
        "UPDATE api_keys SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL
         RETURNING name, prefix",
    )
    .bind(scope.tenant().0)
    .bind(id.0)
    .bind(now)
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = revoked else {
        tx.rollback().await?;
        return get(store, scope, id).await.map(|_| ());
    };
    let change = Change::by(scope, "custody.api_key.revoked")
        .on("api_key", id, Some(row.try_get("name")?))
        .before(json!({"prefix": row.try_get::<&str, _>("prefix")?}));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, now).await?;
    tx.commit().await
}
