//! The table `one_time_secrets`: what signs a person in once, instead of a password. For the first
//! operator, for people whom the command line made, and after a reset.

use chrono::{DateTime, Utc};
use custody_auth::{NewSecret, Role, Scope, SecretHash, SecretKind, SystemAuthority};
use custody_domain::{Severity, TenantId, UserId};
use sqlx::Row as _;
use uuid::Uuid;

use crate::{
    IdentityError, Store, StoreError, SystemTx,
    audit_outbox::{self, Change},
    email, sessions,
    users::{self, CreatedUser},
};

/// A new one; those that the person had before are not good any more.
pub(crate) async fn create(
    tx: &mut SystemTx,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<NewSecret, StoreError> {
    revoke(tx, user).await?;
    let secret = SecretKind::OneTime.generate();
    sqlx::query(
        "INSERT INTO one_time_secrets (secret_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(&secret.hash.0[..])
    .bind(user.0)
    .bind(now)
    .bind(now + SecretKind::OneTime.lifetime())
    .execute(tx.connection())
    .await?;
    Ok(secret)
}

/// Uses it up; false where it is not this person's, was used, or has expired.
pub(crate) async fn redeem(
    tx: &mut SystemTx,
    user: UserId,
    hash: &SecretHash,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE one_time_secrets SET used_at = $3
         WHERE secret_hash = $1 AND user_id = $2 AND used_at IS NULL AND expires_at > $3",
    )
    .bind(&hash.0[..])
    .bind(user.0)
    .bind(now)
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn revoke(tx: &mut SystemTx, user: UserId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM one_time_secrets WHERE user_id = $1")
        .bind(user.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Resets a person's sign-in, by the operator's command line: the password and all sessions are
/// gone, and the secret signs in once.
pub async fn reset(
    store: &Store,
    scope: &Scope,
    _authority: &SystemAuthority,
    email: &str,
    now: DateTime<Utc>,
) -> Result<NewSecret, IdentityError> {
    let email = email::required(email)?;
    let mut tx = store.system_tx().await?;
    let user = sqlx::query_scalar::<_, Uuid>(
        "UPDATE users SET password_hash = NULL, updated_at = $2 WHERE email = $1 RETURNING id",
    )
    .bind(&email)
    .bind(now)
    .fetch_optional(tx.connection())
    .await?;
    let user = UserId(user.ok_or(StoreError::NotFound)?);
    sessions::end_all(&mut tx, user, now).await?;
    let secret = create(&mut tx, user, now).await?;
    let change =
        Change::by(scope, "custody.user.reset").on("user", user, Some(&email)).severity(Severity::Warning);
    audit_outbox::write(tx.connection(), TenantId::RESERVED, &change, now).await?;
    tx.commit().await?;
    Ok(secret)
}

/// At every start: makes the first operator, or, as long as no operator has ever set a password,
/// gives the first one a new secret. None once there is an operator who can sign in.
pub async fn first_operator(
    store: &Store,
    scope: &Scope,
    _authority: &SystemAuthority,
    email: &str,
    now: DateTime<Utc>,
) -> Result<Option<CreatedUser>, IdentityError> {
    let email = email::required(email)?;
    let mut tx = store.system_tx().await?;
    // Of several servers that start at once, one makes the operator.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('custody.first_operator', 0))")
        .execute(tx.connection())
        .await?;
    let operators = sqlx::query(
        "SELECT u.id, u.email, u.password_hash IS NOT NULL AS ready
         FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.tenant_id = $1 ORDER BY m.created_at, u.id",
    )
    .bind(TenantId::RESERVED.0)
    .fetch_all(tx.connection())
    .await?;
    for operator in &operators {
        if operator.try_get("ready")? {
            tx.rollback().await?;
            return Ok(None);
        }
    }
    let created = match operators.first() {
        None => {
            let place = (TenantId::RESERVED, (Role::Operator, None));
            users::create_in(&mut tx, scope, &email, place, now).await?
        }
        Some(operator) => {
            let user = UserId(operator.try_get("id")?);
            CreatedUser {
                user,
                email: operator.try_get("email")?,
                one_time_secret: Some(create(&mut tx, user, now).await?),
            }
        }
    };
    tx.commit().await?;
    Ok(Some(created))
}

/// A new secret for a person who never set a password; none for everybody else.
pub async fn renew(
    store: &Store,
    scope: &Scope,
    _authority: &SystemAuthority,
    email: &str,
    now: DateTime<Utc>,
) -> Result<Option<NewSecret>, IdentityError> {
    let email = email::required(email)?;
    let mut tx = store.system_tx().await?;
    let user =
        sqlx::query_scalar::<_, Uuid>("SELECT id FROM users WHERE email = $1 AND password_hash IS NULL")
            .bind(&email)
            .fetch_optional(tx.connection())
            .await?;
    let Some(user) = user.map(UserId) else { return Ok(None) };
    let secret = create(&mut tx, user, now).await?;
    let change = Change::by(scope, "custody.user.sign_in_renewed").on("user", user, Some(&email));
    audit_outbox::write(tx.connection(), TenantId::RESERVED, &change, now).await?;
    tx.commit().await?;
    Ok(Some(secret))
}
