//! The table `tenants`.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use custody_auth::{Principal, Role, Scope, SystemAuthority};
use custody_domain::{Severity, TenantId, UserId};
use serde_json::json;
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    CreatedInvitation, IdentityError, Page, PageRequest, Store, StoreError, SystemTx,
    audit_outbox::{self, Change},
    heads, invitations, names,
    page::new_id,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    /// What people type: small letters, digits and hyphens, at most 63.
    pub name: String,
    /// What people read.
    pub title: String,
    pub status: TenantStatus,
    pub created_at: DateTime<Utc>,
}

/// A suspended tenant's credentials are not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantStatus {
    Active,
    Suspended,
}

impl TenantStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

impl fmt::Display for TenantStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TenantStatus {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Active, Self::Suspended]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| StoreError::unexpected("a tenant's status is unknown"))
    }
}

#[derive(Clone, Debug)]
pub struct NewTenant {
    pub name: String,
    pub title: String,
    /// Invited as the first admin: an operator has no rights within the tenant.
    pub admin_email: Option<String>,
}

#[derive(Clone, Debug)]
pub struct CreatedTenant {
    pub tenant: Tenant,
    pub invitation: Option<CreatedInvitation>,
}

pub(crate) fn from_row(row: &PgRow) -> Result<Tenant, StoreError> {
    Ok(Tenant {
        id: TenantId(row.try_get("id")?),
        name: row.try_get("name")?,
        title: row.try_get("title")?,
        status: row.try_get::<&str, _>("status")?.parse()?,
        created_at: row.try_get("created_at")?,
    })
}

/// Makes a tenant, its empty log, and the invitation of its first admin. The scope is an
/// operator's, in the reserved tenant; both logs tell of it.
pub async fn create(
    store: &Store,
    scope: &Scope,
    new: NewTenant,
    now: DateTime<Utc>,
) -> Result<CreatedTenant, IdentityError> {
    let tenant = Tenant {
        id: TenantId(new_id(now)),
        name: names::tenant(&new.name)?,
        title: names::display("/title", &new.title)?,
        status: TenantStatus::Active,
        created_at: now,
    };
    let mut tx = store.system_tx().await?;
    sqlx::query("INSERT INTO tenants (id, name, title, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)")
        .bind(tenant.id.0)
        .bind(&tenant.name)
        .bind(&tenant.title)
        .bind(now)
        .execute(tx.connection())
        .await
        .map_err(taken)?;
    heads::create(&mut tx, tenant.id).await?;
    let change = Change::by(scope, "custody.tenant.created")
        .on("tenant", tenant.id, Some(&tenant.name))
        .after(json!({"name": tenant.name, "title": tenant.title}));
    audit_outbox::write(tx.connection(), tenant.id, &change, now).await?;
    if scope.tenant() != tenant.id {
        audit_outbox::write(tx.connection(), scope.tenant(), &change, now).await?;
    }
    let invitation = match &new.admin_email {
        Some(email) => Some(invitations::create_first(&mut tx, scope, tenant.id, email, now).await?),
        None => None,
    };
    tx.commit().await?;
    Ok(CreatedTenant { tenant, invitation })
}

fn taken(error: sqlx::Error) -> IdentityError {
    match StoreError::from(error) {
        StoreError::Conflict { constraint } if constraint == "tenants_name_key" => {
            IdentityError::Taken("a tenant with this name is there already".to_owned())
        }
        other => other.into(),
    }
}

/// The tenants that the scope's holder may know of: an operator all, a person those that they
/// belong to, a key or a token its own.
pub async fn list(store: &Store, scope: &Scope, page: PageRequest) -> Result<Page<Tenant>, StoreError> {
    match (scope.role(), scope.principal()) {
        (Role::Operator, _) => list_every(store, page).await,
        (_, Principal::User(user)) => list_for_user(store, *user, page).await,
        _ => Ok(Page { items: vec![own(store, scope).await?], next: None }),
    }
}

/// One of those that [`list`] would show; else [`StoreError::NotFound`], whether it is there or not.
pub async fn get(store: &Store, scope: &Scope, id: TenantId) -> Result<Tenant, StoreError> {
    match (scope.role(), scope.principal()) {
        (Role::Operator, _) => by_id(store, id).await,
        (_, Principal::User(user)) => {
            let mut tx = store.system_tx().await?;
            let row = sqlx::query(
                "SELECT t.id, t.name, t.title, t.status, t.created_at
                 FROM memberships m JOIN tenants t ON t.id = m.tenant_id
                 WHERE m.user_id = $1 AND m.tenant_id = $2 AND t.status = 'active'",
            )
            .bind(user.0)
            .bind(id.0)
            .fetch_one(tx.connection())
            .await?;
            tx.commit().await?;
            from_row(&row)
        }
        _ if id == scope.tenant() => own(store, scope).await,
        _ => Err(StoreError::NotFound),
    }
}

/// The scope's own tenant.
pub async fn own(store: &Store, scope: &Scope) -> Result<Tenant, StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let row = sqlx::query("SELECT id, name, title, status, created_at FROM tenants WHERE id = $1")
        .bind(scope.tenant().0)
        .fetch_one(tx.connection())
        .await?;
    tx.commit().await?;
    from_row(&row)
}

/// Every tenant of the installation, the reserved one first.
pub async fn list_all(
    store: &Store,
    _authority: &SystemAuthority,
    page: PageRequest,
) -> Result<Page<Tenant>, StoreError> {
    list_every(store, page).await
}

async fn list_every(store: &Store, page: PageRequest) -> Result<Page<Tenant>, StoreError> {
    let mut tx = store.system_tx().await?;
    let sql = "SELECT id, name, title, status, created_at FROM tenants WHERE id > $1 ORDER BY id LIMIT $2";
    let rows = sqlx::query(sql).bind(page.after()).bind(page.fetch()).fetch_all(tx.connection()).await?;
    tx.commit().await?;
    paged(&rows, page)
}

/// The active tenants that a person belongs to.
pub async fn list_for_user(
    store: &Store,
    user: UserId,
    page: PageRequest,
) -> Result<Page<Tenant>, StoreError> {
    let mut tx = store.system_tx().await?;
    let rows = sqlx::query(
        "SELECT t.id, t.name, t.title, t.status, t.created_at
         FROM memberships m JOIN tenants t ON t.id = m.tenant_id
         WHERE m.user_id = $1 AND t.id > $2 AND t.status = 'active' ORDER BY t.id LIMIT $3",
    )
    .bind(user.0)
    .bind(page.after())
    .bind(page.fetch())
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    paged(&rows, page)
}

fn paged(rows: &[PgRow], page: PageRequest) -> Result<Page<Tenant>, StoreError> {
    let tenants = rows.iter().map(from_row).collect::<Result<_, _>>()?;
    Ok(Page::of(tenants, page, |tenant: &Tenant| tenant.id.0))
}

/// A tenant by its name or its id, for the operator's command line.
pub async fn find(
    store: &Store,
    _authority: &SystemAuthority,
    name_or_id: &str,
) -> Result<Tenant, StoreError> {
    let mut tx = store.system_tx().await?;
    let found = find_in(&mut tx, name_or_id).await?;
    tx.commit().await?;
    found.ok_or(StoreError::NotFound)
}

pub(crate) async fn find_in(tx: &mut SystemTx, name_or_id: &str) -> Result<Option<Tenant>, StoreError> {
    if name_or_id.contains('\0') {
        return Ok(None);
    }
    let sql = "SELECT id, name, title, status, created_at FROM tenants WHERE name = $1 OR id = $2 ORDER BY id LIMIT 1";
    let row = sqlx::query(sql)
        .bind(name_or_id)
        .bind(Uuid::parse_str(name_or_id).ok())
        .fetch_optional(tx.connection())
        .await?;
    row.as_ref().map(from_row).transpose()
}

async fn by_id(store: &Store, id: TenantId) -> Result<Tenant, StoreError> {
    let mut tx = store.system_tx().await?;
    let sql = "SELECT id, name, title, status, created_at FROM tenants WHERE id = $1";
    let row = sqlx::query(sql).bind(id.0).fetch_one(tx.connection()).await?;
    tx.commit().await?;
    from_row(&row)
}

/// Suspends a tenant or lets it in again. The scope is an operator's or the system's.
pub async fn set_status(
    store: &Store,
    scope: &Scope,
    id: TenantId,
    status: TenantStatus,
    now: DateTime<Utc>,
) -> Result<(), IdentityError> {
    if id == TenantId::RESERVED {
        return Err(IdentityError::invalid("/status", "the reserved tenant is always active"));
    }
    let mut tx = store.system_tx().await?;
    let sql = "SELECT name, status FROM tenants WHERE id = $1 FOR UPDATE";
    let row = sqlx::query(sql).bind(id.0).fetch_one(tx.connection()).await?;
    let (name, before): (String, String) = (row.try_get("name")?, row.try_get("status")?);
    if before == status.as_str() {
        return Ok(tx.rollback().await?);
    }
    sqlx::query("UPDATE tenants SET status = $2, updated_at = $3 WHERE id = $1")
        .bind(id.0)
        .bind(status.as_str())
        .bind(now)
        .execute(tx.connection())
        .await?;
    let action = match status {
        TenantStatus::Active => "custody.tenant.resumed",
        TenantStatus::Suspended => "custody.tenant.suspended",
    };
    let change = Change::by(scope, action)
        .on("tenant", id, Some(&name))
        .severity(Severity::Warning)
        .before(json!({"status": before}))
        .after(json!({"status": status.as_str()}));
    audit_outbox::write(tx.connection(), id, &change, now).await?;
    audit_outbox::write(tx.connection(), TenantId::RESERVED, &change, now).await?;
    Ok(tx.commit().await?)
}
