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

use super::{Started, add_refresh_token, end_one, start_until};
use crate::{
    IdentityError, Store, StoreError, SystemTx,
    audit_outbox::{self, Change},
    columns,
    sign_in::Verified,
};

/// The next tokens of a session, for the tenant where it stands or for another of the person's
/// (`tenant` is a name or an id), where another session begins. A tenant that is not theirs is refused
/// and uses nothing up.
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
    let session = SessionId(session);
    let standing = stand(&mut tx, session, tenant, now).await?;
    let started = if standing.who.tenant == standing.from {
        go_on(&mut tx, session, standing, origin, now).await?
    } else {
        switch(&mut tx, session, &standing, origin, now).await?
    };
    tx.commit().await?;
    Ok(started)
}

/// A session, and where its person is to be.
struct Standing {
    /// Its tenant.
    from: TenantId,
    /// The person in the tenant that was asked for.
    who: Verified,
    sign_in: Uuid,
    expires_at: DateTime<Utc>,
}

async fn stand(
    tx: &mut SystemTx,
    session: SessionId,
    tenant: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Standing, IdentityError> {
    lock_person(tx, session).await?;
    let row = sqlx::query(
        "SELECT s.user_id, s.sign_in, s.tenant_id AS from_id, s.must_set_password, s.expires_at, u.email,
                t.id AS tenant_id, t.name, m.role
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
    Ok(Standing {
        from: TenantId(row.try_get("from_id")?),
        who: Verified {
            user: UserId(row.try_get("user_id")?),
            email: row.try_get("email")?,
            tenant: TenantId(row.try_get("tenant_id")?),
            tenant_name: row.try_get("name")?,
            role: columns::role(&row, "role")?,
            must_set_password: row.try_get("must_set_password")?,
        },
        sign_in: row.try_get("sign_in")?,
        expires_at: row.try_get("expires_at")?,
    })
}

/// Whoever ends all sessions of a person has their row first, and so ends those, too, that a switch
/// begins at the same moment.
async fn lock_person(tx: &mut SystemTx, session: SessionId) -> Result<(), StoreError> {
    sqlx::query("SELECT FROM users WHERE id = (SELECT user_id FROM sessions WHERE id = $1) FOR SHARE")
        .bind(session.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// The next token of the same session.
async fn go_on(
    tx: &mut SystemTx,
    session: SessionId,
    Standing { who, expires_at, .. }: Standing,
    origin: Origin,
    now: DateTime<Utc>,
) -> Result<Started, StoreError> {
    let (refresh_token, refresh_expires_at) = add_refresh_token(tx, session, expires_at, now).await?;
    let change = of_session(origin, "custody.session.refreshed", (who.user, &who.email), session);
    audit_outbox::write(tx.connection(), who.tenant, &change, now).await?;
    Ok(Started {
        session,
        user: who.user,
        email: who.email,
        tenant: who.tenant,
        tenant_name: who.tenant_name,
        role: who.role,
        must_set_password: who.must_set_password,
        session_expires_at: expires_at,
        refresh_token,
        refresh_expires_at,
    })
}

/// Ends the session and begins one in the other tenant, to the same end. Neither tenant's log tells
/// of the other one.
async fn switch(
    tx: &mut SystemTx,
    session: SessionId,
    Standing { from, who, sign_in, expires_at }: &Standing,
    origin: Origin,
    now: DateTime<Utc>,
) -> Result<Started, IdentityError> {
    if !end_one(tx, session, "switched", now).await? {
        return Err(IdentityError::Refused);
    }
    let person = (who.user, who.email.as_str());
    let change = of_session(origin, "custody.session.ended", person, session);
    audit_outbox::write(tx.connection(), *from, &change, now).await?;
    let started = start_until(tx, who, Some(*sign_in), *expires_at, now).await?;
    let change = of_session(origin, "custody.session.started", person, started.session)
        .after(json!({"role": who.role, "one_time_secret": who.must_set_password}));
    audit_outbox::write(tx.connection(), who.tenant, &change, now).await?;
    Ok(started)
}

fn of_session(origin: Origin, action: &str, (user, email): (UserId, &str), session: SessionId) -> Change {
    let who = Principal::User(user);
    Change::at(origin, action, &who, Some(email.to_owned()), Some(session.0)).on("session", session, None)
}

/// Wherever the sign-in has come to: who switched with a copied token is not out of reach.
async fn end_if_reused(
    tx: &mut SystemTx,
    hash: &SecretHash,
    origin: Origin,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    // Before the sessions are looked up: see `lock_person`.
    sqlx::query(
        "SELECT FROM users WHERE id IN (
             SELECT s.user_id FROM refresh_tokens r JOIN sessions s ON s.id = r.session_id
             WHERE r.secret_hash = $1 AND r.used_at IS NOT NULL) FOR NO KEY UPDATE",
    )
    .bind(&hash.0[..])
    .execute(tx.connection())
    .await?;
    let rows = sqlx::query(
        "UPDATE sessions s SET ended_at = $2, end_reason = 'reuse'
         FROM refresh_tokens r JOIN sessions shown ON shown.id = r.session_id JOIN users u ON u.id = shown.user_id
         WHERE r.secret_hash = $1 AND r.used_at IS NOT NULL
           AND s.sign_in = shown.sign_in AND s.ended_at IS NULL
         RETURNING s.id, s.user_id, s.tenant_id, u.email",
    )
    .bind(&hash.0[..])
    .bind(now)
    .fetch_all(tx.connection())
    .await?;
    for row in rows {
        let session = SessionId(row.try_get("id")?);
        let tenant = TenantId(row.try_get("tenant_id")?);
        tracing::warn!(tenant.id = %tenant, session.id = %session, "a refresh token was used twice; the session is ended");
        let user = UserId(row.try_get("user_id")?);
        let change = of_session(origin, "custody.session.ended", (user, row.try_get("email")?), session)
            .severity(Severity::Critical)
            .metadata(json!({"reason": "refresh_token_reused"}));
        audit_outbox::write(tx.connection(), tenant, &change, now).await?;
    }
    Ok(())
}
