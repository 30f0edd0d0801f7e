//! The table `memberships`: who belongs to a tenant, and as what.

use chrono::{DateTime, Utc};
use custody_auth::{Role, Scope};
use custody_domain::{TenantId, UserId};
use serde_json::json;

use crate::{
    IdentityError, Store, StoreError, SystemTx, TenantTx,
    audit_outbox::{self, Change},
    columns, users,
};

/// Gives a member another role.
pub async fn set_role(
    store: &Store,
    scope: &Scope,
    user: UserId,
    role: Role,
    now: DateTime<Utc>,
) -> Result<(), IdentityError> {
    check_role(scope.tenant(), role)?;
    let mut tx = store.tenant_tx(scope).await?;
    let before = lock(&mut tx, user).await?;
    if before == role {
        return Ok(tx.rollback().await?);
    }
    let email = users::email(store, user).await?;
    sqlx::query("UPDATE memberships SET role = $3, updated_at = $4 WHERE tenant_id = $1 AND user_id = $2")
        .bind(tx.tenant().0)
        .bind(user.0)
        .bind(role.as_str())
        .bind(now)
        .execute(tx.connection())
        .await?;
    let change = Change::by(scope, "custody.membership.updated")
        .on("user", user, email.as_deref())
        .before(json!({"role": before}))
        .after(json!({"role": role}));
    finish(tx, before, &change, now).await
}

/// Takes a member out of the tenant. The person stays, and so do their other tenants.
pub async fn remove(
    store: &Store,
    scope: &Scope,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), IdentityError> {
    let mut tx = store.tenant_tx(scope).await?;
    let before = lock(&mut tx, user).await?;
    let email = users::email(store, user).await?;
    sqlx::query("DELETE FROM memberships WHERE tenant_id = $1 AND user_id = $2")
        .bind(tx.tenant().0)
        .bind(user.0)
        .execute(tx.connection())
        .await?;
    let change = Change::by(scope, "custody.membership.removed")
        .on("user", user, email.as_deref())
        .before(json!({"role": before}));
    finish(tx, before, &change, now).await
}

/// The member's role. Locks the tenant's keepers (admins; operators in the reserved tenant) in one
/// order first, so that two changes at once cannot each take what the other counts on.
async fn lock(tx: &mut TenantTx, user: UserId) -> Result<Role, StoreError> {
    let tenant = tx.tenant();
    sqlx::query(
        "SELECT FROM memberships WHERE tenant_id = $1 AND role IN ('admin', 'operator')
         ORDER BY user_id FOR UPDATE",
    )
    .bind(tenant.0)
    .execute(tx.connection())
    .await?;
    let row = sqlx::query("SELECT role FROM memberships WHERE tenant_id = $1 AND user_id = $2 FOR UPDATE")
        .bind(tenant.0)
        .bind(user.0)
        .fetch_one(tx.connection())
        .await?;
    columns::role(&row, "role")
}

/// Commits, unless a keeper was the last.
async fn finish(
    mut tx: TenantTx,
    before: Role,
    change: &Change,
    now: DateTime<Utc>,
) -> Result<(), IdentityError> {
    let tenant = tx.tenant();
    let left: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM memberships WHERE tenant_id = $1 AND role IN ('admin', 'operator'))",
    )
    .bind(tenant.0)
    .fetch_one(tx.connection())
    .await?;
    // A tenant that has none yet (its first admin is still invited) loses nothing.
    if !left && matches!(before, Role::Admin | Role::Operator) {
        tx.rollback().await?;
        return Err(IdentityError::LastOne);
    }
    audit_outbox::write(tx.connection(), tenant, change, now).await?;
    Ok(tx.commit().await?)
}

/// Adds a member; false where the person was one already, whose role then stays.
pub(crate) async fn add(
    tx: &mut SystemTx,
    tenant: TenantId,
    user: UserId,
    role: Role,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $4) ON CONFLICT (tenant_id, user_id) DO NOTHING",
    )
    .bind(tenant.0)
    .bind(user.0)
    .bind(role.as_str())
    .bind(now)
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Operators run the reserved tenant and no other; nobody else is in it.
pub(crate) fn check_role(tenant: TenantId, role: Role) -> Result<(), IdentityError> {
    if (role == Role::Operator) == (tenant == TenantId::RESERVED) {
        return Ok(());
    }
    let names = if tenant == TenantId::RESERVED { &[Role::Operator][..] } else { &Role::OF_TENANT };
    let names: Vec<_> = names.iter().map(|role| role.as_str()).collect();
    Err(IdentityError::invalid("/role", format!("must be one of {}", names.join(", "))))
}
