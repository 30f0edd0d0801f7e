//! Accepting an invitation: a new person sets a password, a known one proves theirs.

use chrono::{DateTime, Utc};
use custody_auth::{Origin, Passwords, Principal, Role, RowGrant, SecretHash, SecretKind, SignInLimits};
use custody_domain::{InvitationId, TenantId, UserId};
use serde_json::json;
use sqlx::Row as _;

use crate::{
    IdentityError, Store, StoreError,
    audit_outbox::{self, Change},
    columns, memberships, users,
};

/// Who joined what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub user: UserId,
    pub email: String,
    pub tenant: TenantId,
    pub tenant_name: String,
    pub role: Role,
}

struct Open {
    id: InvitationId,
    email: String,
    tenant: TenantId,
    tenant_name: String,
    role: Role,
    row_grant: Option<RowGrant>,
    /// The person, if the address is known, and their password's hash.
    known: Option<(UserId, Option<String>)>,
}

/// Accepts by the one-time secret. A wrong secret and a wrong password are the same
/// [`IdentityError::Refused`]; a wrong password does not use the invitation up, and counts against
/// the same limit as a sign-in with that address: another invitation gives no more guesses. A person
/// who is a member already keeps their role.
pub async fn accept(
    store: &Store,
    (passwords, limits): (&Passwords, &SignInLimits),
    secret: &str,
    password: &str,
    origin: Origin,
    now: DateTime<Utc>,
) -> Result<Accepted, IdentityError> {
    limits.check(secret, origin.peer_ip)?;
    // For everybody, before it is known who they are: the answer must not tell.
    Passwords::check(password).map_err(IdentityError::of_new_password)?;
    let hash = SecretKind::Invitation.parse(secret).ok_or(IdentityError::Refused)?;
    let open = find(store, &hash, now).await?.ok_or(IdentityError::Refused)?;
    // Known or not: the limit must not tell either.
    limits.check(&open.email, origin.peer_ip)?;
    let new_hash = match &open.known {
        None => Some(passwords.hash(password).await.map_err(IdentityError::of_new_password)?),
        Some((user, password_hash)) => {
            let proven = passwords.verify(password, password_hash.as_deref()).await;
            if !proven.map_err(|_| IdentityError::Busy)? {
                refuse(store, &open, *user, origin, now).await?;
                return Err(IdentityError::Refused);
            }
            None
        }
    };
    join(store, open, new_hash, origin, now).await
}

async fn find(store: &Store, hash: &SecretHash, now: DateTime<Utc>) -> Result<Option<Open>, StoreError> {
    let mut tx = store.system_tx().await?;
    let row = sqlx::query(
        "SELECT i.tenant_id, i.id, i.email, i.role, i.row_grant, t.name, u.id AS user_id, u.password_hash
         FROM invitations i JOIN tenants t ON t.id = i.tenant_id LEFT JOIN users u ON u.email = i.email
         WHERE i.secret_hash = $1 AND i.accepted_at IS NULL AND i.revoked_at IS NULL
           AND i.expires_at > $2 AND t.status = 'active'",
    )
    .bind(&hash.0[..])
    .bind(now)
    .fetch_optional(tx.connection())
    .await?;
    tx.commit().await?;
    let Some(row) = row else { return Ok(None) };
    let password_hash: Option<String> = row.try_get("password_hash")?;
    Ok(Some(Open {
        id: InvitationId(row.try_get("id")?),
        email: row.try_get("email")?,
        tenant: TenantId(row.try_get("tenant_id")?),
        tenant_name: row.try_get("name")?,
        role: columns::role(&row, "role")?,
        row_grant: columns::row_grant(&row, "row_grant")?,
        known: row.try_get::<Option<_>, _>("user_id")?.map(|user| (UserId(user), password_hash)),
    }))
}

/// Into the reserved tenant's log: in the inviting tenant's it would tell that the address is known.
async fn refuse(
    store: &Store,
    open: &Open,
    user: UserId,
    origin: Origin,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut tx = store.system_tx().await?;
    let name = Some(open.email.clone());
    let change = Change::at(origin, "custody.session.failed", &Principal::Anonymous, name, None)
        .on("user", user, Some(&open.email))
        .failed();
    audit_outbox::write(tx.connection(), TenantId::RESERVED, &change, now).await?;
    tx.commit().await
}

async fn join(
    store: &Store,
    open: Open,
    new_hash: Option<String>,
    origin: Origin,
    now: DateTime<Utc>,
) -> Result<Accepted, IdentityError> {
    let mut tx = store.system_tx().await?;
    let user = match &open.known {
        Some((user, _)) => *user,
        // None where somebody took the address since we looked.
        None => users::insert(tx.connection(), &open.email, new_hash.as_deref(), now)
            .await?
            .ok_or(IdentityError::Refused)?,
    };
    let done = sqlx::query(
        "UPDATE invitations SET accepted_at = $3, accepted_by = $4
         WHERE tenant_id = $1 AND id = $2 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $3",
    )
    .bind(open.tenant.0)
    .bind(open.id.0)
    .bind(now)
    .bind(user.0)
    .execute(tx.connection())
    .await?;
    if done.rows_affected() != 1 {
        return Err(IdentityError::Refused);
    }
    let promised = (open.role, open.row_grant.as_ref());
    let joined = memberships::add(&mut tx, open.tenant, user, promised, now).await?;
    let mut after = memberships::told(open.role, open.row_grant.as_ref());
    after["user"] = json!(user);
    after["was_member"] = json!(!joined);
    let name = Some(open.email.clone());
    let change = Change::at(origin, "custody.invitation.accepted", &Principal::User(user), name, None)
        .on("invitation", open.id, Some(&open.email))
        .after(after);
    audit_outbox::write(tx.connection(), open.tenant, &change, now).await?;
    tx.commit().await?;
    Ok(Accepted {
        user,
        email: open.email,
        tenant: open.tenant,
        tenant_name: open.tenant_name,
        role: open.role,
    })
}
