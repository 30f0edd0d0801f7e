//! The tables `sessions` and `refresh_tokens`: a person's sign-in, renewed by tokens that are good
//! once.

use chrono::{DateTime, TimeDelta, Utc};
use custody_auth::{NewSecret, Principal, Role, Scope, SecretKind};
use custody_domain::{SessionId, TenantId, UserId};
use uuid::Uuid;

use crate::{
    IdentityError, Store, StoreError, SystemTx,
    audit_outbox::{self, Change},
    page::new_id,
    sign_in::Verified,
};

mod refresh;

pub use refresh::refresh;

/// However busy it is, a person signs in anew after this time.
pub const SESSION_LIFETIME: TimeDelta = TimeDelta::days(30);

/// A session that began or went on: what an access token is made from.
#[derive(Debug)]
pub struct Started {
    pub session: SessionId,
    pub user: UserId,
    pub email: String,
    pub tenant: TenantId,
    pub tenant_name: String,
    pub role: Role,
    /// Until a password is set, nothing else can be done.
    pub must_set_password: bool,
    pub session_expires_at: DateTime<Utc>,
    /// Good once; the next one comes with its use.
    pub refresh_token: NewSecret,
    pub refresh_expires_at: DateTime<Utc>,
}

/// The session and the person of a scope; a key or a token has none.
pub(crate) fn of_scope(scope: &Scope) -> Result<(SessionId, UserId), IdentityError> {
    match (scope.principal(), scope.credential_id()) {
        (Principal::User(user), Some(session)) => Ok((SessionId(session), *user)),
        _ => Err(IdentityError::Refused),
    }
}

/// Begins a session of a person who has just been verified.
pub(crate) async fn start(
    tx: &mut SystemTx,
    who: &Verified,
    now: DateTime<Utc>,
) -> Result<Started, StoreError> {
    start_until(tx, who, None, now + SESSION_LIFETIME, now).await
}

/// `sign_in` is that of the session before, where a person switches; none where they sign in.
async fn start_until(
    tx: &mut SystemTx,
    who: &Verified,
    sign_in: Option<Uuid>,
    session_expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Started, StoreError> {
    let session = SessionId(new_id(now));
    sqlx::query(
        "INSERT INTO sessions (id, sign_in, user_id, tenant_id, must_set_password, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(session.0)
    .bind(sign_in.unwrap_or(session.0))
    .bind(who.user.0)
    .bind(who.tenant.0)
    .bind(who.must_set_password)
    .bind(now)
    .bind(session_expires_at)
    .execute(tx.connection())
    .await?;
    let (refresh_token, refresh_expires_at) = add_refresh_token(tx, session, session_expires_at, now).await?;
    Ok(Started {
        session,
        user: who.user,
        email: who.email.clone(),
        tenant: who.tenant,
        tenant_name: who.tenant_name.clone(),
        role: who.role,
        must_set_password: who.must_set_password,
        session_expires_at,
        refresh_token,
        refresh_expires_at,
    })
}

async fn add_refresh_token(
    tx: &mut SystemTx,
    session: SessionId,
    session_expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(NewSecret, DateTime<Utc>), StoreError> {
    let secret = SecretKind::Refresh.generate();
    let expires_at = session_expires_at.min(now + SecretKind::Refresh.lifetime());
    sqlx::query(
        "INSERT INTO refresh_tokens (secret_hash, session_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(&secret.hash.0[..])
    .bind(session.0)
    .bind(now)
    .bind(expires_at)
    .execute(tx.connection())
    .await?;
    Ok((secret, expires_at))
}

/// Signs out: ends the scope's session. Its access tokens are refused within five seconds.
pub async fn end(store: &Store, scope: &Scope, now: DateTime<Utc>) -> Result<(), IdentityError> {
    let (session, _) = of_scope(scope)?;
    let mut tx = store.system_tx().await?;
    if end_one(&mut tx, session, "logout", now).await? {
        let change = Change::by(scope, "custody.session.ended").on("session", session, None);
        audit_outbox::write(tx.connection(), scope.tenant(), &change, now).await?;
    }
    Ok(tx.commit().await?)
}

/// False where it had ended already.
async fn end_one(
    tx: &mut SystemTx,
    session: SessionId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done =
        sqlx::query("UPDATE sessions SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL")
            .bind(session.0)
            .bind(now)
            .bind(reason)
            .execute(tx.connection())
            .await?;
    Ok(done.rows_affected() == 1)
}

/// After a new password: the session that set it goes on, the others end.
pub(crate) async fn end_others(
    tx: &mut SystemTx,
    user: UserId,
    kept: SessionId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE sessions SET must_set_password = false WHERE id = $1")
        .bind(kept.0)
        .execute(tx.connection())
        .await?;
    sqlx::query(
        "UPDATE sessions SET ended_at = $3, end_reason = 'password_changed'
         WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL",
    )
    .bind(user.0)
    .bind(kept.0)
    .bind(now)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// After a reset.
pub(crate) async fn end_all(tx: &mut SystemTx, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE sessions SET ended_at = $2, end_reason = 'reset' WHERE user_id = $1 AND ended_at IS NULL",
    )
    .bind(user.0)
    .bind(now)
    .execute(tx.connection())
    .await?;
    Ok(())
}
