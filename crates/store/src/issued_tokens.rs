//! The table `issued_tokens`: tokens that stand by themselves, one row each, so that they can be
//! revoked.

use chrono::{DateTime, TimeDelta, Utc};
use custody_auth::{Minted, Role, Scope, TokenError, Tokens, tokens::ISSUED_LIFETIME_MAX};
use custody_domain::{Severity, TokenId};
use serde_json::json;
use sqlx::{Row as _, postgres::PgRow};

use crate::{
    IdentityError, Page, PageRequest, Store, StoreError,
    audit_outbox::{self, Change},
    columns, memberships, names,
    page::new_id,
    signing_keys,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedToken {
    /// The `jti`.
    pub id: TokenId,
    pub name: String,
    pub role: Role,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug)]
pub struct NewIssuedToken {
    pub name: String,
    pub role: Role,
    /// At most 366 days.
    pub lifetime: TimeDelta,
}

/// Makes a token for the scope's tenant. It is good once this has returned.
pub async fn create(
    store: &Store,
    tokens: &Tokens,
    scope: &Scope,
    new: NewIssuedToken,
    now: DateTime<Utc>,
) -> Result<(IssuedToken, Minted), IdentityError> {
    memberships::check_role(scope.tenant(), new.role)?;
    if new.lifetime <= TimeDelta::zero() || new.lifetime > ISSUED_LIFETIME_MAX {
        return Err(IdentityError::invalid("/ttl", "must be positive, and at most 366 days"));
    }
    let id = TokenId(new_id(now));
    let place = (scope.tenant(), new.role);
    let minted = tokens.issued(id, place, now + new.lifetime, now).await.map_err(of_minting)?;
    let token = IssuedToken {
        id,
        name: names::display("/name", &new.name)?,
        role: new.role,
        created_by: scope.principal().to_string(),
        created_at: now,
        expires_at: minted.expires_at,
        revoked_at: None,
    };
    // First, so that the key cannot be forgotten while the token is good.
    signing_keys::keep_until(store, &minted.kid, minted.expires_at).await?;
    let mut tx = store.tenant_tx(scope).await?;
    sqlx::query(
        "INSERT INTO issued_tokens (tenant_id, id, name, role, kid, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(scope.tenant().0)
    .bind(id.0)
    .bind(&token.name)
    .bind(token.role.as_str())
    .bind(&minted.kid)
    .bind(&token.created_by)
    .bind(now)
    .bind(token.expires_at)
    .execute(tx.connection())
    .await?;
    let change = Change::by(scope, "custody.token.issued")
        .on("token", id, Some(&token.name))
        .severity(Severity::Warning)
        .after(json!({"role": token.role, "expires_at": token.expires_at}));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, now).await?;
    tx.commit().await?;
    Ok((token, minted))
}

fn of_minting(error: TokenError) -> IdentityError {
    match error {
        TokenError::Key(error) => error.into(),
        other => IdentityError::Store(StoreError::Unexpected(Box::new(other))),
    }
}

/// The tokens of the scope's tenant, oldest first.
pub async fn list(store: &Store, scope: &Scope, page: PageRequest) -> Result<Page<IssuedToken>, StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let rows = sqlx::query(
        "SELECT id, name, role, created_by, created_at, expires_at, revoked_at FROM issued_tokens
         WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
    )
    .bind(scope.tenant().0)
    .bind(page.after())
    .bind(page.fetch())
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    let tokens = rows.iter().map(from_row).collect::<Result<_, _>>()?;
    Ok(Page::of(tokens, page, |token: &IssuedToken| token.id.0))
}

fn from_row(row: &PgRow) -> Result<IssuedToken, StoreError> {
    Ok(IssuedToken {
        id: TokenId(row.try_get("id")?),
        name: row.try_get("name")?,
        role: columns::role(row, "role")?,
        created_by: row.try_get("created_by")?,
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
        revoked_at: row.try_get("revoked_at")?,
    })
}

/// Revokes a token; [`StoreError::NotFound`] where there is none that is good.
pub async fn revoke(store: &Store, scope: &Scope, id: TokenId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let name: String = sqlx::query_scalar(
        "UPDATE issued_tokens SET revoked_at = $3
         WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING name",
    )
    .bind(scope.tenant().0)
    .bind(id.0)
    .bind(now)
    .fetch_one(tx.connection())
    .await?;
    let change = Change::by(scope, "custody.token.revoked").on("token", id, Some(&name));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, now).await?;
    tx.commit().await
}
