//! Renewing a session: the refresh token that was shown is used up, the next one is handed out.
//!
//! A token that is shown a second time was copied, by whoever came first or second; so the whole
//! session ends, the newest token included (RFC 9700, 4.14.2). There is no time of grace: a client
//! that lost the answer signs in again.

use chrono::{DateTime, Utc};
use custody_auth::{Origin, Principal, SecretHash, SecretKind};
use custody_domain::{SessionId, Severity, TenantId, UserId};
use serde_json::json;
use sqlx::Row as _;
use uuid::Uuid;

use super::{Started, add_refresh_token, end_one};
use crate::{
    IdentityError, Store, StoreError, SystemTx,
    audit_outbox::{self, Change},
    columns,
};

/// The next tokens of a session, for the tenant where it stands or for another of the person's
/// (`tenant` is a name or an id). A tenant that is not theirs is refused and uses nothing up.
pub async fn refresh(
    store: &Store,
    refresh_token: &str,
    tenant: Option<&str>,
    origin: Origin,
    now: DateTime<Utc>,
) -> Result<Started, IdentityError> {
    let hash = SecretKind::Refresh.parse(refresh_token).ok_or(IdentityError::Refused)?;
    // No name has one, and the database takes no text that does.
    if tenant.is_some_and(|tenant| tenant.contains('\0')) {
        return Err(IdentityError::Refused);
    }
    let mut tx = store.system_tx().await?;
    // Of two at once, the second waits here for the first and then finds the token used.
    let used = sqlx::query_scalar::<_, Uuid>(
        "UPDATE refresh_tokens SET used_at = $2
         WHERE secret_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING session_id",
    )
    .bind(&hash.0[..])
    .bind(now)
    .fetch_optional(tx.connection())
    .await?;
    let Some(session) = used else {
        end_if_reused(&mut tx, &hash, origin, now).await?;
        tx.commit().await?;
        return Err(IdentityError::Refused);
    };
    let started = go_on(&mut tx, SessionId(session), tenant, now).await?;
    let name = Some(started.email.clone());
    let who = Principal::User(started.user);
    let change = Change::at(origin, "custody.session.refreshed", &who, name, Some(session)).on(
        "session",
        started.session,
        None,
    );
    audit_outbox::write(tx.connection(), started.tenant, &change, now).await?;
    tx.commit().await?;
    Ok(started)
}

async fn go_on(
    tx: &mut SystemTx,
    session: SessionId,
    tenant: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Started, IdentityError> {
    let row = sqlx::query(
        "SELECT s.user_id, s.must_set_password, s.expires_at, u.email, t.id AS tenant_id, t.name, m.role
         FROM sessions s
         JOIN users u ON u.id = s.user_id
         JOIN memberships m ON m.user_id = s.user_id
         JOIN tenants t ON t.id = m.tenant_id AND t.status = 'active'
         WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $2
           AND CASE WHEN $3::text IS NULL THEN t.id = s.tenant_id ELSE t.name = $3 OR t.id = $4 END",
    )
    .bind(session.0)
    .bind(now)
    .bind(tenant)
    .bind(tenant.and_then(|tenant| Uuid::parse_str(tenant).ok()))
    .fetch_optional(tx.connection())
    .await?
    .ok_or(IdentityError::Refused)?;
    let tenant = TenantId(row.try_get("tenant_id")?);
    sqlx::query("UPDATE sessions SET tenant_id = $2 WHERE id = $1 AND ended_at IS NULL")
        .bind(session.0)
        .bind(tenant.0)
        .execute(tx.connection())
        .await?;
    let session_expires_at = row.try_get("expires_at")?;
    let (refresh_token, refresh_expires_at) = add_refresh_token(tx, session, session_expires_at, now).await?;
    Ok(Started {
        session,
        user: UserId(row.try_get("user_id")?),
        email: row.try_get("email")?,
        tenant,
        tenant_name: row.try_get("name")?,
        role: columns::role(&row, "role")?,
        must_set_password: row.try_get("must_set_password")?,
        session_expires_at,
        refresh_token,
        refresh_expires_at,
    })
}

async fn end_if_reused(
    tx: &mut SystemTx,
    hash: &SecretHash,
    origin: Origin,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = sqlx::query(
        "SELECT s.id, s.user_id, s.tenant_id, u.email FROM refresh_tokens r
         JOIN sessions s ON s.id = r.session_id JOIN users u ON u.id = s.user_id
         WHERE r.secret_hash = $1 AND r.used_at IS NOT NULL",
    )
    .bind(&hash.0[..])
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(()) };
    let session = SessionId(row.try_get("id")?);
    if !end_one(tx, session, "reuse", now).await? {
        return Ok(());
    }
    let user = Principal::User(UserId(row.try_get("user_id")?));
    let email: String = row.try_get("email")?;
    let tenant = TenantId(row.try_get("tenant_id")?);
    tracing::warn!(tenant.id = %tenant, session.id = %session, "a refresh token was used twice; the session is ended");
    let change = Change::at(origin, "custody.session.ended", &user, Some(email), Some(session.0))
        .on("session", session, None)
        .severity(Severity::Critical)
        .metadata(json!({"reason": "refresh_token_reused"}));
    audit_outbox::write(tx.connection(), tenant, &change, now).await
}
