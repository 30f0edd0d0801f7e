//! Handing an invitation's secret out: the operator's part, who knows by which way it reaches the
//! person and nobody else. Until mail does it, the operator is the root of that trust.

use chrono::{DateTime, Utc};
use custody_auth::{Scope, SecretKind, SystemAuthority};
use custody_domain::{InvitationId, Severity, TenantId};
use serde_json::json;
use sqlx::Row as _;

use super::{CreatedInvitation, Invitation, from_row};
use crate::{
    Page, PageRequest, Store, StoreError,
    audit_outbox::{self, Change},
};

/// An invitation that can still be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub tenant: TenantId,
    pub tenant_name: String,
    pub invitation: Invitation,
    /// Whether a secret was handed out.
    pub has_secret: bool,
}

/// The invitations that wait to be accepted, of one tenant or of all, oldest first.
pub async fn waiting(
    store: &Store,
    _authority: &SystemAuthority,
    tenant: Option<TenantId>,
    page: PageRequest,
    now: DateTime<Utc>,
) -> Result<Page<Waiting>, StoreError> {
    let mut tx = store.system_tx().await?;
    let rows = sqlx::query(
        "SELECT i.id, i.email, i.role, i.row_grant, i.created_by, i.created_at, i.expires_at, i.accepted_at,
                i.accepted_by, i.revoked_at, i.secret_hash IS NOT NULL AS has_secret, i.tenant_id, t.name
         FROM invitations i JOIN tenants t ON t.id = i.tenant_id
         WHERE i.id > $1 AND ($2::uuid IS NULL OR i.tenant_id = $2)
           AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > $3
         ORDER BY i.id LIMIT $4",
    )
    .bind(page.after())
    .bind(tenant.map(|tenant| tenant.0))
    .bind(now)
    .bind(page.fetch())
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push(Waiting {
            tenant: TenantId(row.try_get("tenant_id")?),
            tenant_name: row.try_get("name")?,
            invitation: from_row(row)?,
            has_secret: row.try_get("has_secret")?,
        });
    }
    Ok(Page::of(found, page, |waiting: &Waiting| waiting.invitation.id.0))
}

/// A new secret for an open invitation of the scope's tenant; the one before is not good any more.
/// One that is accepted, revoked or expired is [`StoreError::NotFound`].
pub async fn issue_secret(
    store: &Store,
    scope: &Scope,
    _authority: &SystemAuthority,
    id: InvitationId,
    now: DateTime<Utc>,
) -> Result<CreatedInvitation, StoreError> {
    let secret = SecretKind::Invitation.generate();
    let mut tx = store.system_tx().await?;
    let row = sqlx::query(
        "UPDATE invitations SET secret_hash = $3
         WHERE tenant_id = $1 AND id = $2 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $4
         RETURNING id, email, role, row_grant, created_by, created_at, expires_at, accepted_at, accepted_by, revoked_at",
    )
    .bind(scope.tenant().0)
    .bind(id.0)
    .bind(&secret.hash.0[..])
    .bind(now)
    .fetch_one(tx.connection())
    .await?;
    let invitation = from_row(&row)?;
    let change = Change::by(scope, "custody.invitation.secret_issued")
        .on("invitation", id, Some(&invitation.email))
        .severity(Severity::Warning)
        .metadata(json!({"role": invitation.role, "expires_at": invitation.expires_at}));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, now).await?;
    tx.commit().await?;
    Ok(CreatedInvitation { invitation, secret })
}
