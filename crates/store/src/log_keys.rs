//! The table `log_keys`: what signs checkpoints. The newest signs; the ones before sign beside it
//! until their time is over, so that whoever has pinned one has time to learn the next.

use chrono::{DateTime, TimeDelta, Utc};
use custody_auth::{Scope, SystemAuthority};
use custody_domain::{Severity, TenantId};
use serde_json::json;
use sqlx::{Row as _, postgres::PgRow};

use crate::{
    FencedTx, Store, StoreError, SystemTx,
    audit_outbox::{self, Change},
    columns,
    connection::Connection,
};

/// A key of the log.
#[derive(Clone, Debug)]
pub struct LogKeyRow {
    pub public_key: [u8; 32],
    /// By the keys port.
    pub sealed_seed: Vec<u8>,
    pub created_at: DateTime<Utc>,
    /// None: it is the newest.
    pub signs_until: Option<DateTime<Utc>>,
    /// By the database's clock.
    pub signs: bool,
}

/// A key that was just made.
#[derive(Clone, Debug)]
pub struct NewLogKey {
    pub public_key: [u8; 32],
    pub sealed_seed: Vec<u8>,
}

/// All keys, the newest first.
pub async fn all(tx: &mut SystemTx) -> Result<Vec<LogKeyRow>, StoreError> {
    read(tx.connection()).await
}

/// As [`all`], within the transaction that writes what they sign.
pub async fn all_for_follower(tx: &mut FencedTx) -> Result<Vec<LogKeyRow>, StoreError> {
    read(tx.connection()).await
}

/// Keeps the first key of an installation; where there is one, nothing happens.
pub async fn keep_first(store: &Store, key: &NewLogKey) -> Result<(), StoreError> {
    let mut tx = store.system_tx().await?;
    lock(&mut tx).await?;
    let missing: bool =
        sqlx::query_scalar("SELECT NOT EXISTS (SELECT FROM log_keys)").fetch_one(tx.connection()).await?;
    if missing {
        insert(tx.connection(), key).await?;
    }
    tx.commit().await
}

/// Makes `key` the newest. Those before it sign for as long as `cosign` says, and none of them longer
/// than it would have anyway. The change is an entry of the reserved tenant's log.
pub async fn rotate(
    store: &Store,
    scope: &Scope,
    _authority: &SystemAuthority,
    key: &NewLogKey,
    cosign: TimeDelta,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut tx = store.system_tx().await?;
    lock(&mut tx).await?;
    sqlx::query(
        "UPDATE log_keys SET signs_until = least(signs_until, clock_timestamp() + $1 * interval '1 second')",
    )
    .bind(cosign.num_seconds())
    .execute(tx.connection())
    .await?;
    insert(tx.connection(), key).await?;
    let change = Change::by(scope, "custody.log_key.rotated")
        .on("log_key", hex::encode(key.public_key), None)
        .severity(Severity::Warning)
        .metadata(json!({"old_keys_sign_for_seconds": cosign.num_seconds()}));
    audit_outbox::write(tx.connection(), TenantId::RESERVED, &change, now).await?;
    tx.commit().await
}

/// One at a time makes a key.
async fn lock(tx: &mut SystemTx) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('custody.log_keys', 0))")
        .execute(tx.connection())
        .await?;
    Ok(())
}

async fn insert(connection: &mut Connection, key: &NewLogKey) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO log_keys (public_key, sealed_seed, created_at) VALUES ($1, $2, clock_timestamp())",
    )
    .bind(&key.public_key[..])
    .bind(&key.sealed_seed)
    .execute(connection)
    .await?;
    Ok(())
}

async fn read(connection: &mut Connection) -> Result<Vec<LogKeyRow>, StoreError> {
    sqlx::query(
        "SELECT public_key, sealed_seed, created_at, signs_until,
             coalesce(signs_until > clock_timestamp(), true) AS signs
         FROM log_keys ORDER BY signs_until IS NULL DESC, created_at DESC",
    )
    .fetch_all(connection)
    .await?
    .iter()
    .map(key)
    .collect()
}

fn key(row: &PgRow) -> Result<LogKeyRow, StoreError> {
    Ok(LogKeyRow {
        public_key: columns::bytes32(row, "public_key")?,
        sealed_seed: row.try_get("sealed_seed")?,
        created_at: row.try_get("created_at")?,
        signs_until: row.try_get("signs_until")?,
        signs: row.try_get("signs")?,
    })
}
