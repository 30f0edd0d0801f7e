//! The program's own schedules, as its code has them.

use std::collections::BTreeMap;

use custody_domain::TenantId;
use sqlx::{Row as _, postgres::PgRow};

use super::{ASKS, Asks, TIMING, Timing, asks, timing};
use crate::{Store, StoreError, SystemTx, program};

/// A schedule that a program brings with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    pub name: &'static str,
    pub timing: Timing,
    pub asks: Asks,
}

/// One that is there.
struct Found {
    timing: Timing,
    asks: Asks,
    retired: bool,
    /// The program that wrote it last; none where a person did.
    declared_by: Option<String>,
}

/// Writes them: new ones are made, changed ones changed, and those that the program has no more are
/// retired. What a person has switched off stays off; what a newer program wrote, or retired, stays as it
/// left it. Called at each start, by any number of servers.
pub async fn declare(store: &Store, declared: &[Declared]) -> Result<(), StoreError> {
    let mut tx = store.system_tx().await?;
    // One after another: two that insert the same rows in different orders would wait for each other.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('custody.schedules', 0))")
        .execute(tx.connection())
        .await?;
    let mut found = lock(&mut tx).await?;
    for own in declared {
        match found.remove(own.name) {
            Some(there) if !is_ours(&there) => {}
            Some(there) if there.is(own) => note(&mut tx, own.name, &there).await?,
            _ => write(&mut tx, own).await?,
        }
    }
    let gone = found
        .into_iter()
        .filter(|(_, there)| there.declared_by.is_some() && !there.retired && is_ours(there));
    retire(&mut tx, gone.map(|(name, _)| name).collect()).await?;
    tx.schedules_changed();
    tx.commit().await
}

/// All that are there, locked in the order in which [`super::review`] changes them.
async fn lock(tx: &mut SystemTx) -> Result<BTreeMap<String, Found>, StoreError> {
    let read = |row: &PgRow| {
        let found = Found {
            timing: timing(row)?,
            asks: asks(row)?,
            retired: row.try_get("retired")?,
            declared_by: row.try_get("declared_by")?,
        };
        Ok((row.try_get("name")?, found))
    };
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {TIMING}, {ASKS}, retired_at IS NOT NULL AS retired, declared_by FROM schedules
         WHERE tenant_id = $1 ORDER BY tenant_id, name FOR UPDATE"
    )))
    .bind(TenantId::RESERVED.0)
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(read)
    .collect()
}

/// Not a newer program's.
fn is_ours(found: &Found) -> bool {
    found.declared_by.as_deref().is_none_or(|by| program::version(by) <= program::version(program::THIS))
}

impl Found {
    fn is(&self, own: &Declared) -> bool {
        !self.retired && self.declared_by.is_some() && (&self.timing, &self.asks) == (&own.timing, &own.asks)
    }
}

/// Nothing changed: `next_at` stays.
async fn note(tx: &mut SystemTx, name: &str, found: &Found) -> Result<(), StoreError> {
    if found.declared_by.as_deref() == Some(program::THIS) {
        return Ok(());
    }
    sqlx::query("UPDATE schedules SET declared_by = $3 WHERE tenant_id = $1 AND name = $2")
        .bind(TenantId::RESERVED.0)
        .bind(name)
        .bind(program::THIS)
        .execute(tx.connection())
        .await?;
    Ok(())
}

async fn write(tx: &mut SystemTx, Declared { name, timing, asks }: &Declared) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO schedules (tenant_id, name, kind, payload, payload_version, priority, cron, time_zone,
             jitter_seconds, each_tenant, if_running, declared_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (tenant_id, name) DO UPDATE SET
             kind = excluded.kind, payload = excluded.payload, payload_version = excluded.payload_version,
             priority = excluded.priority, cron = excluded.cron, time_zone = excluded.time_zone,
             jitter_seconds = excluded.jitter_seconds, each_tenant = excluded.each_tenant,
             if_running = excluded.if_running, declared_by = excluded.declared_by, retired_at = NULL,
             next_at = NULL, failure = NULL, failed_at = NULL, updated_at = clock_timestamp()",
    )
    .bind(TenantId::RESERVED.0)
    .bind(name)
    .bind(&asks.kind)
    .bind(&asks.payload)
    .bind(i16::try_from(asks.version).unwrap_or(i16::MAX))
    .bind(asks.priority)
    .bind(&timing.cron)
    .bind(&timing.time_zone)
    .bind(i32::try_from(asks.jitter_seconds).unwrap_or(i32::MAX))
    .bind(asks.each_tenant)
    .bind(asks.if_running.as_str())
    .bind(program::THIS)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The program has them no more.
async fn retire(tx: &mut SystemTx, names: Vec<String>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE schedules SET retired_at = clock_timestamp(), next_at = NULL, declared_by = $3,
             updated_at = clock_timestamp()
         WHERE tenant_id = $1 AND name = ANY ($2)",
    )
    .bind(TenantId::RESERVED.0)
    .bind(names)
    .bind(program::THIS)
    .execute(tx.connection())
    .await?;
    Ok(())
}
