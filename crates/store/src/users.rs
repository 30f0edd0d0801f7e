//! The table `users`: people. They are global; what a tenant sees of them are its own members.

use chrono::{DateTime, Utc};
use custody_auth::{Passwords, Role, RowGrant, Scope, SignInLimits, SystemAuthority};
use custody_domain::{TenantId, UserId};
use sqlx::Row as _;
use uuid::Uuid;

use crate::{
    IdentityError, Page, PageRequest, Store, StoreError, SystemTx,
    audit_outbox::{self, Change},
    columns,
    connection::Connection,
    email, memberships, one_time_secrets, sessions,
};

/// A person as a member of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    pub email: String,
    pub role: Role,
    /// Of an auditor: the entries that they may read; none where that is all of them.
    pub row_grant: Option<RowGrant>,
    /// Since when they are a member.
    pub joined_at: DateTime<Utc>,
}

/// The members of the scope's tenant, in no order that means anything.
pub async fn list(store: &Store, scope: &Scope, page: PageRequest) -> Result<Page<Member>, StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let rows = sqlx::query(
        "SELECT user_id, role, row_grant, created_at FROM memberships
         WHERE tenant_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3",
    )
    .bind(scope.tenant().0)
    .bind(page.after())
    .bind(page.fetch())
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    let mut members = Vec::with_capacity(rows.len());
    for row in &rows {
        members.push(Member {
            user: UserId(row.try_get("user_id")?),
            email: String::new(),
            role: columns::role(row, "role")?,
            row_grant: columns::row_grant(row, "row_grant")?,
            joined_at: row.try_get("created_at")?,
        });
    }
    name(store, &mut members).await?;
    Ok(Page::of(members, page, |member| member.user.0))
}

/// One member of the scope's tenant.
pub async fn get(store: &Store, scope: &Scope, user: UserId) -> Result<Member, StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let row = sqlx::query(
        "SELECT role, row_grant, created_at FROM memberships WHERE tenant_id = $1 AND user_id = $2",
    )
    .bind(scope.tenant().0)
    .bind(user.0)
    .fetch_one(tx.connection())
    .await?;
    tx.commit().await?;
    let mut member = [Member {
        user,
        email: String::new(),
        role: columns::role(&row, "role")?,
        row_grant: columns::row_grant(&row, "row_grant")?,
        joined_at: row.try_get("created_at")?,
    }];
    name(store, &mut member).await?;
    let [member] = member;
    Ok(member)
}

/// Adds the addresses. The ids come from the tenant's own memberships, read under row security.
async fn name(store: &Store, members: &mut [Member]) -> Result<(), StoreError> {
    if members.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = members.iter().map(|member| member.user.0).collect();
    let mut tx = store.system_tx().await?;
    let rows = sqlx::query("SELECT id, email FROM users WHERE id = ANY($1)")
        .bind(&ids)
        .fetch_all(tx.connection())
        .await?;
    tx.commit().await?;
    let emails = rows
        .iter()
        .map(|row| Ok((row.try_get("id")?, row.try_get("email")?)))
        .collect::<Result<std::collections::HashMap<Uuid, String>, StoreError>>()?;
    for member in members {
        member.email = emails.get(&member.user.0).cloned().unwrap_or_default();
    }
    Ok(())
}

/// Asked only for who was found to be a member, so that nothing tells who else has an account.
pub(crate) async fn email(store: &Store, user: UserId) -> Result<Option<String>, StoreError> {
    let mut tx = store.system_tx().await?;
    let email = sqlx::query_scalar("SELECT email FROM users WHERE id = $1")
        .bind(user.0)
        .fetch_optional(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(email)
}

#[derive(Clone, Debug)]
pub struct NewUser {
    pub email: String,
    pub tenant: TenantId,
    pub role: Role,
    /// Of an auditor: the entries that they may read; none for all.
    pub row_grant: Option<RowGrant>,
}

#[derive(Debug)]
pub struct CreatedUser {
    pub user: UserId,
    pub email: String,
    /// Signs in once, and leads to setting a password. None for a person who has one.
    pub one_time_secret: Option<custody_auth::NewSecret>,
}

/// Makes a person a member, by the operator's command line: a new one gets a one-time secret.
pub async fn create(
    store: &Store,
    scope: &Scope,
    _authority: &SystemAuthority,
    new: NewUser,
    now: DateTime<Utc>,
) -> Result<CreatedUser, IdentityError> {
    memberships::check_role(new.tenant, new.role)?;
    memberships::check_row_grant(new.role, new.row_grant.as_ref())?;
    let email = email::required(&new.email)?;
    let mut tx = store.system_tx().await?;
    let promised = (new.role, new.row_grant.as_ref());
    let created = create_in(&mut tx, scope, &email, (new.tenant, promised), now).await?;
    tx.commit().await?;
    Ok(created)
}

pub(crate) async fn create_in(
    tx: &mut SystemTx,
    scope: &Scope,
    email: &str,
    (tenant, (role, row_grant)): (TenantId, (Role, Option<&RowGrant>)),
    now: DateTime<Utc>,
) -> Result<CreatedUser, IdentityError> {
    let user = insert(tx.connection(), email, None, now).await?;
    let (user, needs_secret) = if let Some(user) = user {
        (user, true)
    } else {
        let sql = "SELECT id, password_hash IS NULL AS new FROM users WHERE email = $1";
        let row = sqlx::query(sql).bind(email).fetch_one(tx.connection()).await?;
        (UserId(row.try_get("id")?), row.try_get("new")?)
    };
    if !memberships::add(tx, tenant, user, (role, row_grant), now).await? {
        return Err(IdentityError::Taken(format!("{email} is a member already")));
    }
    let one_time_secret =
        if needs_secret { Some(one_time_secrets::create(tx, user, now).await?) } else { None };
    let change = Change::by(scope, "custody.membership.created")
        .on("user", user, Some(email))
        .after(memberships::told(role, row_grant));
    audit_outbox::write(tx.connection(), tenant, &change, now).await?;
    Ok(CreatedUser { user, email: email.to_owned(), one_time_secret })
}

/// A new person; none where the address is taken.
pub(crate) async fn insert(
    connection: &mut Connection,
    email: &str,
    password_hash: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<UserId>, StoreError> {
    let id = sqlx::query_scalar::<_, Uuid>(
        "INSERT INTO users (id, email, password_hash, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $4) ON CONFLICT (email) DO NOTHING RETURNING id",
    )
    // Random: a tenant must not read from it since when the account exists elsewhere.
    .bind(Uuid::new_v4())
    .bind(email)
    .bind(password_hash)
    .bind(now)
    .fetch_optional(connection)
    .await?;
    Ok(id.map(UserId))
}

/// The signed-in person sets a new password; all their other sessions end. `current` is the old
/// one, not asked for after a sign-in with a one-time secret.
pub async fn set_password(
    store: &Store,
    (passwords, limits): (&Passwords, &SignInLimits),
    scope: &Scope,
    current: Option<&str>,
    new: &str,
    now: DateTime<Utc>,
) -> Result<(), IdentityError> {
    let (session, user) = sessions::of_scope(scope)?;
    let mut tx = store.system_tx().await?;
    let row = sqlx::query(
        "SELECT u.password_hash, s.must_set_password FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = $1 AND u.id = $2 AND s.ended_at IS NULL",
    )
    .bind(session.0)
    .bind(user.0)
    .fetch_optional(tx.connection())
    .await?
    .ok_or(IdentityError::Refused)?;
    tx.commit().await?;
    let old_hash: Option<String> = row.try_get("password_hash")?;
    if !row.try_get::<bool, _>("must_set_password")? {
        limits.check(&user.to_string(), scope.peer_ip())?;
        let current = current.ok_or_else(|| IdentityError::invalid("/current_password", "is required"))?;
        if !passwords.verify(current, old_hash.as_deref()).await.map_err(|_| IdentityError::Busy)? {
            return Err(IdentityError::invalid("/current_password", "is not the current password"));
        }
        if current == new {
            return Err(IdentityError::invalid("/password", "is the current password"));
        }
    }
    let hash = passwords.hash(new).await.map_err(IdentityError::of_new_password)?;
    let mut tx = store.system_tx().await?;
    // Guarded by the old one, so that of two changes at once the second has to know the first's.
    let done = sqlx::query(
        "UPDATE users SET password_hash = $3, updated_at = $4
         WHERE id = $1 AND password_hash IS NOT DISTINCT FROM $2",
    )
    .bind(user.0)
    .bind(old_hash)
    .bind(hash)
    .bind(now)
    .execute(tx.connection())
    .await?;
    if done.rows_affected() != 1 {
        return Err(IdentityError::Refused);
    }
    sessions::end_others(&mut tx, user, session, now).await?;
    one_time_secrets::revoke(&mut tx, user).await?;
    let change = Change::by(scope, "custody.user.password_changed").on("user", user, scope.actor_name());
    audit_outbox::write(tx.connection(), scope.tenant(), &change, now).await?;
    Ok(tx.commit().await?)
}
