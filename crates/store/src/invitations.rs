//! The table `invitations`: an address that may join a tenant, by a secret that works once.
//!
//! Making one looks at nothing outside the tenant, so that it cannot tell whether the address is
//! known anywhere. Who invites is not given the secret: with it they could accept in the person's
//! name, and choose the password of an account that is good beyond their tenant. Operators hand it
//! out (`hand_out`).

use chrono::{DateTime, Utc};
use custody_auth::{NewSecret, Role, RowGrant, Scope, SecretKind};
use custody_domain::{InvitationId, TenantId, UserId};
use serde_json::json;
use sqlx::{Row as _, postgres::PgRow};

use crate::{
    IdentityError, Page, PageRequest, Store, StoreError, SystemTx,
    audit_outbox::{self, Change},
    columns,
    connection::Connection,
    email, memberships,
    page::new_id,
};

mod accept;
mod hand_out;

pub use accept::{Accepted, accept};
pub use hand_out::{Waiting, issue_secret, waiting};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub email: String,
    pub role: Role,
    /// Of an auditor to be: the entries that they may read; none where that is all of them.
    pub row_grant: Option<RowGrant>,
    /// The principal that invited.
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub accepted_by: Option<UserId>,
    pub revoked_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug)]
pub struct NewInvitation {
    pub email: String,
    pub role: Role,
    pub row_grant: Option<RowGrant>,
}

/// An invitation with its secret: for operators alone.
#[derive(Clone, Debug)]
pub struct CreatedInvitation {
    pub invitation: Invitation,
    /// Shown once, to be handed to the person.
    pub secret: NewSecret,
}

/// Invites an address into the scope's tenant. An open invitation of the same address is revoked.
/// Nobody can accept it before a secret is issued.
pub async fn create(
    store: &Store,
    scope: &Scope,
    new: NewInvitation,
    now: DateTime<Utc>,
) -> Result<Invitation, IdentityError> {
    memberships::check_role(scope.tenant(), new.role)?;
    memberships::check_row_grant(new.role, new.row_grant.as_ref())?;
    let email = email::required(&new.email)?;
    let mut tx = store.tenant_tx(scope).await?;
    sqlx::query(
        "UPDATE invitations SET revoked_at = $3
         WHERE tenant_id = $1 AND email = $2 AND accepted_at IS NULL AND revoked_at IS NULL",
    )
    .bind(scope.tenant().0)
    .bind(&email)
    .bind(now)
    .execute(tx.connection())
    .await?;
    let invitation = Invitation { row_grant: new.row_grant, ..draft(scope, &email, new.role, now) };
    sqlx::query(
        "INSERT INTO invitations (tenant_id, id, email, role, row_grant, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(scope.tenant().0)
    .bind(invitation.id.0)
    .bind(&invitation.email)
    .bind(invitation.role.as_str())
    .bind(invitation.row_grant.as_ref().map(RowGrant::text))
    .bind(&invitation.created_by)
    .bind(invitation.created_at)
    .bind(invitation.expires_at)
    .execute(tx.connection())
    .await?;
    tell(tx.connection(), scope, scope.tenant(), &invitation).await?;
    tx.commit().await?;
    Ok(invitation)
}

/// Invites the first admin of a tenant that an operator is just making; the operator has the secret.
pub(crate) async fn create_first(
    tx: &mut SystemTx,
    scope: &Scope,
    tenant: TenantId,
    email: &str,
    now: DateTime<Utc>,
) -> Result<CreatedInvitation, IdentityError> {
    let Some(email) = email::normalise(email) else {
        return Err(IdentityError::invalid("/admin_email", "must be an e-mail address"));
    };
    let secret = SecretKind::Invitation.generate();
    let invitation = draft(scope, &email, Role::Admin, now);
    sqlx::query(
        "INSERT INTO invitations (tenant_id, id, email, role, secret_hash, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(tenant.0)
    .bind(invitation.id.0)
    .bind(&invitation.email)
    .bind(invitation.role.as_str())
    .bind(&secret.hash.0[..])
    .bind(&invitation.created_by)
    .bind(invitation.created_at)
    .bind(invitation.expires_at)
    .execute(tx.connection())
    .await?;
    tell(tx.connection(), scope, tenant, &invitation).await?;
    Ok(CreatedInvitation { invitation, secret })
}

fn draft(scope: &Scope, email: &str, role: Role, now: DateTime<Utc>) -> Invitation {
    Invitation {
        id: InvitationId(new_id(now)),
        email: email.to_owned(),
        role,
        row_grant: None,
        created_by: scope.principal().to_string(),
        created_at: now,
        expires_at: now + SecretKind::Invitation.lifetime(),
        accepted_at: None,
        accepted_by: None,
        revoked_at: None,
    }
}

async fn tell(
    connection: &mut Connection,
    scope: &Scope,
    tenant: TenantId,
    made: &Invitation,
) -> Result<(), StoreError> {
    let mut after = memberships::told(made.role, made.row_grant.as_ref());
    after["email"] = json!(made.email);
    after["expires_at"] = json!(made.expires_at);
    let change = Change::by(scope, "custody.invitation.created")
        .on("invitation", made.id, Some(&made.email))
        .after(after);
    audit_outbox::write(connection, tenant, &change, made.created_at).await
}

/// All invitations of the scope's tenant, oldest first.
pub async fn list(store: &Store, scope: &Scope, page: PageRequest) -> Result<Page<Invitation>, StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let rows = sqlx::query(
        "SELECT id, email, role, row_grant, created_by, created_at, expires_at, accepted_at, accepted_by, revoked_at
         FROM invitations WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
    )
    .bind(scope.tenant().0)
    .bind(page.after())
    .bind(page.fetch())
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    let invitations = rows.iter().map(from_row).collect::<Result<_, _>>()?;
    Ok(Page::of(invitations, page, |invitation: &Invitation| invitation.id.0))
}

fn from_row(row: &PgRow) -> Result<Invitation, StoreError> {
    Ok(Invitation {
        id: InvitationId(row.try_get("id")?),
        email: row.try_get("email")?,
        role: columns::role(row, "role")?,
        row_grant: columns::row_grant(row, "row_grant")?,
        created_by: row.try_get("created_by")?,
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
        accepted_at: row.try_get("accepted_at")?,
        accepted_by: row.try_get::<Option<_>, _>("accepted_by")?.map(UserId),
        revoked_at: row.try_get("revoked_at")?,
    })
}

/// Takes an open invitation back. One that is accepted or revoked already is [`StoreError::NotFound`].
pub async fn revoke(
    store: &Store,
    scope: &Scope,
    id: InvitationId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let email: String = sqlx::query_scalar(
        "UPDATE invitations SET revoked_at = $3
         WHERE tenant_id = $1 AND id = $2 AND accepted_at IS NULL AND revoked_at IS NULL RETURNING email",
    )
    .bind(scope.tenant().0)
    .bind(id.0)
    .bind(now)
    .fetch_one(tx.connection())
    .await?;
    let change = Change::by(scope, "custody.invitation.revoked").on("invitation", id, Some(&email));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, now).await?;
    tx.commit().await
}
