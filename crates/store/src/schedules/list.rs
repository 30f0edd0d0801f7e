//! What a tenant sees of its schedules.

use chrono::{DateTime, Utc};
use sqlx::{Row as _, postgres::PgRow};

use super::{IfRunning, Timing, timing};
use crate::{StoreError, TenantTx};

/// A schedule as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub name: String,
    pub kind: String,
    /// The program's own: what of it is shown is for its kind to say.
    pub payload: String,
    pub priority: i16,
    pub timing: Timing,
    pub jitter_seconds: u32,
    pub each_tenant: bool,
    pub if_running: IfRunning,
    pub enabled: bool,
    /// Since when the program has it no more.
    pub retired_at: Option<DateTime<Utc>>,
    pub next_at: Option<DateTime<Utc>>,
    pub last_due_at: Option<DateTime<Utc>>,
    pub last_fired_at: Option<DateTime<Utc>>,
    /// Jobs that were asked for, and firings that found the job before them unfinished.
    pub fired: u64,
    pub skipped: u64,
    pub failure: Option<(String, DateTime<Utc>)>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

const COLUMNS: &str = "name, kind, payload, priority, cron, time_zone, jitter_seconds, each_tenant, if_running, \
    enabled, retired_at, next_at, last_due_at, last_fired_at, fired, skipped, failure, failed_at, created_at, \
    updated_at";

/// One of the transaction's tenant.
pub(super) async fn get(tx: &mut TenantTx, name: &str) -> Result<Schedule, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM schedules WHERE tenant_id = $1 AND name = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(tx.tenant().0)
        .bind(name)
        .fetch_one(tx.connection())
        .await?;
    read(&row)
}

/// At most `limit` of the transaction's tenant by name, those after `after`.
pub async fn page(tx: &mut TenantTx, after: &str, limit: u32) -> Result<Vec<Schedule>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM schedules WHERE tenant_id = $1 AND name > $2 ORDER BY name LIMIT $3"
    )))
    .bind(tx.tenant().0)
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(read)
    .collect()
}

fn read(row: &PgRow) -> Result<Schedule, StoreError> {
    let count = |name| Ok::<_, StoreError>(u64::try_from(row.try_get::<i64, _>(name)?).unwrap_or(0));
    Ok(Schedule {
        name: row.try_get("name")?,
        kind: row.try_get("kind")?,
        payload: row.try_get("payload")?,
        priority: row.try_get("priority")?,
        timing: timing(row)?,
        jitter_seconds: u32::try_from(row.try_get::<i32, _>("jitter_seconds")?).unwrap_or(0),
        each_tenant: row.try_get("each_tenant")?,
        if_running: IfRunning::of(row.try_get("if_running")?),
        enabled: row.try_get("enabled")?,
        retired_at: row.try_get("retired_at")?,
        next_at: row.try_get("next_at")?,
        last_due_at: row.try_get("last_due_at")?,
        last_fired_at: row.try_get("last_fired_at")?,
        fired: count("fired")?,
        skipped: count("skipped")?,
        failure: Option::zip(row.try_get("failure")?, row.try_get("failed_at")?),
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}
