//! The table `signing_keys`: what signs our tokens. Several live at once; the newest that is not
//! retired signs, the others verify until the last token that they signed has expired.

use chrono::{DateTime, TimeDelta, Utc};
use custody_auth::{NewSigningKey, Scope, SigningKeyRecord, SystemAuthority, tokens::ACCESS_LIFETIME};
use custody_domain::{Severity, TenantId};
use custody_keys::Keys;
use serde_json::json;
use sqlx::Row as _;

use crate::{
    IdentityError, Store, StoreError, SystemTx,
    audit_outbox::{self, Change},
    columns,
    connection::Connection,
};

/// Another server may sign with a key for a few seconds after it was retired here.
const GRACE: TimeDelta = TimeDelta::minutes(1);

/// What becomes of the keys before the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// They verify until the last token that they signed has expired.
    Regular,
    /// They verify no more, and every token that they signed is void: a key was stolen.
    DistrustOld,
}

/// At every start: makes the first key where there is none that signs. Answers all keys.
pub async fn load_or_create(
    store: &Store,
    keys: &Keys,
    now: DateTime<Utc>,
) -> Result<Vec<SigningKeyRecord>, IdentityError> {
    let there = load(store).await?;
    if there.iter().any(|key| key.retired_at.is_none()) {
        return Ok(there);
    }
    let new = NewSigningKey::generate(keys).await?;
    let mut tx = store.system_tx().await?;
    lock(&mut tx).await?;
    let missing: bool =
        sqlx::query_scalar("SELECT NOT EXISTS (SELECT FROM signing_keys WHERE retired_at IS NULL)")
            .fetch_one(tx.connection())
            .await?;
    if missing {
        insert(tx.connection(), &new, now).await?;
    }
    tx.commit().await?;
    Ok(load(store).await?)
}

/// Makes a new key that signs from now on, and retires the others. Keys whose tokens have all
/// expired are deleted.
pub async fn rotate(
    store: &Store,
    keys: &Keys,
    scope: &Scope,
    _authority: &SystemAuthority,
    rotation: Rotation,
    now: DateTime<Utc>,
) -> Result<String, IdentityError> {
    let new = NewSigningKey::generate(keys).await?;
    let mut tx = store.system_tx().await?;
    lock(&mut tx).await?;
    let retire = match rotation {
        Rotation::Regular => sqlx::query(
            "UPDATE signing_keys SET retired_at = $1, verifies_until = greatest(verifies_until, $2)
             WHERE retired_at IS NULL",
        )
        .bind(now)
        .bind(now + ACCESS_LIFETIME + GRACE),
        Rotation::DistrustOld => {
            sqlx::query("UPDATE signing_keys SET retired_at = coalesce(retired_at, $1), verifies_until = $1")
                .bind(now)
        }
    };
    retire.execute(tx.connection()).await?;
    sqlx::query("DELETE FROM signing_keys WHERE retired_at IS NOT NULL AND verifies_until <= $1")
        .bind(now)
        .execute(tx.connection())
        .await?;
    insert(tx.connection(), &new, now).await?;
    let change = Change::by(scope, "custody.signing_key.rotated")
        .on("signing_key", &new.kid, None)
        .severity(Severity::Warning)
        .metadata(json!({"old_keys_distrusted": rotation == Rotation::DistrustOld}));
    audit_outbox::write(tx.connection(), TenantId::RESERVED, &change, now).await?;
    tx.commit().await?;
    Ok(new.kid)
}

/// One server at a time makes a key.
async fn lock(tx: &mut SystemTx) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('custody.signing_keys', 0))")
        .execute(tx.connection())
        .await?;
    Ok(())
}

async fn insert(
    connection: &mut Connection,
    new: &NewSigningKey,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO signing_keys (kid, public_key, sealed_seed, created_at, verifies_until)
         VALUES ($1, $2, $3, $4, $4)",
    )
    .bind(&new.kid)
    .bind(&new.public_key[..])
    .bind(&new.sealed_seed)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// A token signed by this key is good until then.
pub(crate) async fn keep_until(store: &Store, kid: &str, until: DateTime<Utc>) -> Result<(), StoreError> {
    let mut tx = store.system_tx().await?;
    let done =
        sqlx::query("UPDATE signing_keys SET verifies_until = greatest(verifies_until, $2) WHERE kid = $1")
            .bind(kid)
            .bind(until)
            .execute(tx.connection())
            .await?;
    if done.rows_affected() != 1 {
        return Err(StoreError::NotFound);
    }
    tx.commit().await
}

pub(crate) async fn load(store: &Store) -> Result<Vec<SigningKeyRecord>, StoreError> {
    let mut tx = store.system_tx().await?;
    let rows = sqlx::query(
        "SELECT kid, public_key, sealed_seed, created_at, retired_at, verifies_until FROM signing_keys",
    )
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    rows.iter()
        .map(|row| {
            Ok(SigningKeyRecord {
                kid: row.try_get("kid")?,
                public_key: columns::bytes32(row, "public_key")?,
                sealed_seed: row.try_get("sealed_seed")?,
                created_at: row.try_get("created_at")?,
                retired_at: row.try_get("retired_at")?,
                verifies_until: row.try_get("verifies_until")?,
            })
        })
        .collect()
}
