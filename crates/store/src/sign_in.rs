//! Signing in: an address, a password or a one-time secret, and a tenant.
//!
//! Whether the address is known, the password right, the tenant there, theirs or suspended: all
//! refusals are one, take the same work (one look-up, one argon2, one row in the outbox), and count
//! against the same limits.

use chrono::{DateTime, Utc};
use custody_auth::{Origin, Passwords, Principal, Role, SecretHash, SecretKind, SignInLimits};
use custody_domain::{TenantId, UserId};
use serde_json::json;
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    IdentityError, Store, StoreError, SystemTx,
    audit_outbox::{self, Change},
    columns, email, one_time_secrets,
    sessions::{self, Started},
};

/// Stands in the log for what was typed where an address belongs and is none.
const NO_ADDRESS: &str = "not an address";

/// More memberships than this are not offered to choose from.
const MEMBERSHIPS_MAX: i64 = 1000;

#[derive(Clone)]
pub struct SignIn {
    pub email: String,
    /// Or a one-time secret.
    pub password: String,
    /// A name or an id; may be left out by a person who belongs to one tenant.
    pub tenant: Option<String>,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").finish_non_exhaustive()
    }
}

/// Somebody who was let in.
pub(crate) struct Verified {
    pub(crate) user: UserId,
    pub(crate) email: String,
    pub(crate) tenant: TenantId,
    pub(crate) tenant_name: String,
    pub(crate) role: Role,
    pub(crate) must_set_password: bool,
}

struct Known {
    user: UserId,
    password_hash: Option<String>,
    memberships: Vec<Membership>,
}

struct Membership {
    tenant: TenantId,
    name: String,
    role: Role,
    active: bool,
}

/// Begins a session.
pub async fn sign_in(
    store: &Store,
    (passwords, limits): (&Passwords, &SignInLimits),
    request: &SignIn,
    origin: Origin,
    now: DateTime<Utc>,
) -> Result<Started, IdentityError> {
    let email = email::normalise(&request.email).unwrap_or_default();
    limits.check(&email, origin.peer_ip)?;
    let known = find(store, &email).await?;
    let named = request.tenant.as_deref();
    let place = known.as_ref().and_then(|known| choose(known, named));
    let one_time = SecretKind::OneTime.parse(&request.password);
    let proven = match (&one_time, &known) {
        // Redeemed below, in the transaction that begins the session.
        (Some(_), known) => known.is_some(),
        (None, known) => passwords
            .verify(&request.password, known.as_ref().and_then(|k| k.password_hash.as_deref()))
            .await
            .map_err(|_| IdentityError::Busy)?,
    };
    if let (true, Some(known)) = (proven, &known) {
        if let Some(place) = place.filter(|place| place.active) {
            let who = Verified {
                user: known.user,
                email: email.clone(),
                tenant: place.tenant,
                tenant_name: place.name.clone(),
                role: place.role,
                must_set_password: one_time.is_some(),
            };
            return match begin(store, &who, one_time.as_ref(), known.password_hash.as_deref(), origin, now)
                .await?
            {
                Some(started) => Ok(started),
                None => refuse(store, place.tenant, request, origin, now).await,
            };
        } else if one_time.is_none() && named.is_none() {
            let mine = known.memberships.iter().filter(|m| m.active);
            let choices: Vec<_> = mine.map(|m| m.name.clone()).collect();
            if choices.len() > 1 {
                return Err(IdentityError::ChooseTenant(choices));
            }
        }
    }
    if let Some(hash) = &one_time {
        look_for_nobodys(store, hash, now).await?;
    }
    let into = place.map_or(TenantId::RESERVED, |place| place.tenant);
    refuse(store, into, request, origin, now).await
}

/// One statement, whatever there is to find.
async fn find(store: &Store, email: &str) -> Result<Option<Known>, StoreError> {
    let mut tx = store.system_tx().await?;
    let rows = sqlx::query(
        "SELECT u.id, u.password_hash, m.tenant_id, m.role, t.name, t.status
         FROM users u LEFT JOIN memberships m ON m.user_id = u.id LEFT JOIN tenants t ON t.id = m.tenant_id
         WHERE u.email = $1 ORDER BY t.name LIMIT $2",
    )
    .bind(email)
    .bind(MEMBERSHIPS_MAX)
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    let Some(first) = rows.first() else { return Ok(None) };
    Ok(Some(Known {
        user: UserId(first.try_get("id")?),
        password_hash: first.try_get("password_hash")?,
        memberships: rows.iter().filter_map(|row| membership(row).transpose()).collect::<Result<_, _>>()?,
    }))
}

fn membership(row: &PgRow) -> Result<Option<Membership>, StoreError> {
    let Some(tenant) = row.try_get::<Option<Uuid>, _>("tenant_id")? else { return Ok(None) };
    Ok(Some(Membership {
        tenant: TenantId(tenant),
        name: row.try_get("name")?,
        role: columns::role(row, "role")?,
        active: row.try_get::<&str, _>("status")? == "active",
    }))
}

/// The membership in the named tenant, or the only one.
fn choose<'a>(known: &'a Known, named: Option<&str>) -> Option<&'a Membership> {
    match (named, &known.memberships[..]) {
        (Some(named), all) => {
            let id = Uuid::parse_str(named).ok().map(TenantId);
            all.iter().find(|m| m.name == named || Some(m.tenant) == id)
        }
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// None where the one-time secret is not good.
async fn begin(
    store: &Store,
    who: &Verified,
    one_time: Option<&SecretHash>,
    password_hash: Option<&str>,
    origin: Origin,
    now: DateTime<Utc>,
) -> Result<Option<Started>, StoreError> {
    let mut tx = store.system_tx().await?;
    let still_good = match one_time {
        Some(hash) => one_time_secrets::redeem(&mut tx, who.user, hash, now).await?,
        None => still_has(&mut tx, who.user, password_hash).await?,
    };
    if !still_good {
        tx.rollback().await?;
        return Ok(None);
    }
    let started = sessions::start(&mut tx, who, now).await?;
    let user = Principal::User(who.user);
    let name = Some(who.email.clone());
    let session = started.session;
    let change = Change::at(origin, "custody.session.started", &user, name, Some(session.0))
        .on("session", session, None)
        .after(json!({"role": who.role, "one_time_secret": one_time.is_some()}));
    audit_outbox::write(tx.connection(), who.tenant, &change, now).await?;
    tx.commit().await?;
    Ok(Some(started))
}

/// Whether the password that was verified is still the person's, held so until the transaction ends:
/// a reset that commits meanwhile ends all sessions, and must not miss this one.
async fn still_has(tx: &mut SystemTx, user: UserId, hash: Option<&str>) -> Result<bool, StoreError> {
    let held = sqlx::query("SELECT FROM users WHERE id = $1 AND password_hash = $2 FOR SHARE")
        .bind(user.0)
        .bind(hash)
        .fetch_optional(tx.connection())
        .await?;
    Ok(held.is_some())
}

/// The work of [`begin`] with a secret that is not good, where there is nobody to try it for.
async fn look_for_nobodys(store: &Store, hash: &SecretHash, now: DateTime<Utc>) -> Result<(), StoreError> {
    let mut tx = store.system_tx().await?;
    one_time_secrets::redeem(&mut tx, UserId(Uuid::nil()), hash, now).await?;
    tx.rollback().await
}

async fn refuse(
    store: &Store,
    into: TenantId,
    request: &SignIn,
    origin: Origin,
    now: DateTime<Utc>,
) -> Result<Started, IdentityError> {
    let mut tx = store.system_tx().await?;
    // Passwords are typed into the wrong field, and what is written here is clear until it is drained.
    let name = Some(email::as_typed(&request.email).unwrap_or_else(|| NO_ADDRESS.to_owned()));
    let change = Change::at(origin, "custody.session.failed", &Principal::Anonymous, name, None).failed();
    audit_outbox::write(tx.connection(), into, &change, now).await?;
    tx.commit().await?;
    Err(IdentityError::Refused)
}
