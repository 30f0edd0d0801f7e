//! The table `memberships`: who belongs to a tenant, as what, and which entries they may read.

use chrono::{DateTime, Utc};
use custody_auth::{Role, RowGrant, Scope};
use custody_domain::{TenantId, UserId};
use serde_json::{Value, json};

use crate::{
    IdentityError, Store, StoreError, SystemTx, TenantTx,
    audit_outbox::{self, Change},
    columns, users,
};

/// What a member may do. What is none stays.
#[derive(Clone, Debug, Default)]
pub struct MemberChange {
    pub role: Option<Role>,
    /// Of an auditor: the entries that they may read, or none for all. With another role it ends.
    pub row_grant: Option<Option<RowGrant>>,
}

impl From<Role> for MemberChange {
    fn from(role: Role) -> Self {
        Self { role: Some(role), row_grant: None }
    }
}

#[derive(PartialEq)]
struct Standing {
    role: Role,
    row_grant: Option<RowGrant>,
}

impl Standing {
    fn after(&self, change: MemberChange) -> Result<Self, IdentityError> {
        let role = change.role.unwrap_or(self.role);
        let kept = self.row_grant.clone().filter(|_| role == Role::Auditor);
        let row_grant = change.row_grant.unwrap_or(kept);
        check_row_grant(role, row_grant.as_ref())?;
        Ok(Self { role, row_grant })
    }

    fn told(&self) -> Value {
        told(self.role, self.row_grant.as_ref())
    }
}

/// As the log tells of it.
pub(crate) fn told(role: Role, row_grant: Option<&RowGrant>) -> Value {
    let mut told = json!({"role": role});
    if let Some(grant) = row_grant {
        told["grant"] = json!(grant.text());
    }
    told
}

/// Changes what a member may do.
pub async fn change(
    store: &Store,
    scope: &Scope,
    user: UserId,
    change: MemberChange,
    now: DateTime<Utc>,
) -> Result<(), IdentityError> {
    if let Some(role) = change.role {
        check_role(scope.tenant(), role)?;
    }
    let mut tx = store.tenant_tx(scope).await?;
    let before = lock(&mut tx, user).await?;
    let after = before.after(change)?;
    if before == after {
        return Ok(tx.rollback().await?);
    }
    let email = users::email(store, user).await?;
    sqlx::query(
        "UPDATE memberships SET role = $3, row_grant = $4, updated_at = $5 WHERE tenant_id = $1 AND user_id = $2",
    )
    .bind(tx.tenant().0)
    .bind(user.0)
    .bind(after.role.as_str())
    .bind(after.row_grant.as_ref().map(RowGrant::text))
    .bind(now)
    .execute(tx.connection())
    .await?;
    let change = Change::by(scope, "custody.membership.updated")
        .on("user", user, email.as_deref())
        .before(before.told())
        .after(after.told());
    finish(tx, before.role, &change, now).await
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
        .before(before.told());
    finish(tx, before.role, &change, now).await
}

/// How the member stands. Locks the tenant's keepers (admins; operators in the reserved tenant) in one
/// order first, so that two changes at once cannot each take what the other counts on.
async fn lock(tx: &mut TenantTx, user: UserId) -> Result<Standing, StoreError> {
    let tenant = tx.tenant();
    sqlx::query(
        "SELECT FROM memberships WHERE tenant_id = $1 AND role IN ('admin', 'operator')
         ORDER BY user_id FOR UPDATE",
    )
    .bind(tenant.0)
    .execute(tx.connection())
    .await?;
    let row = sqlx::query(
        "SELECT role, row_grant FROM memberships WHERE tenant_id = $1 AND user_id = $2 FOR UPDATE",
    )
    .bind(tenant.0)
    .bind(user.0)
    .fetch_one(tx.connection())
    .await?;
    Ok(Standing { role: columns::role(&row, "role")?, row_grant: columns::row_grant(&row, "row_grant")? })
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

/// Adds a member with what was promised them; false where the person was one already, whose role then stays.
pub(crate) async fn add(
    tx: &mut SystemTx,
    tenant: TenantId,
    user: UserId,
    (role, row_grant): (Role, Option<&RowGrant>),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO memberships (tenant_id, user_id, role, row_grant, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (tenant_id, user_id) DO NOTHING",
    )
    .bind(tenant.0)
    .bind(user.0)
    .bind(role.as_str())
    .bind(row_grant.map(RowGrant::text))
    .bind(now)
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Other roles read everything, what they wrote, or nothing.
pub(crate) fn check_row_grant(role: Role, row_grant: Option<&RowGrant>) -> Result<(), IdentityError> {
    if row_grant.is_none() || role == Role::Auditor {
        return Ok(());
    }
    Err(IdentityError::invalid("/grant", "is for the role auditor alone"))
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
