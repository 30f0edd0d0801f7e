//! Schedules that people make.

use custody_auth::Scope;
use custody_domain::Severity;
use serde_json::{Value, json};

use super::{Asks, Schedule, Timing, list};
use crate::{
    Store, StoreError,
    audit_outbox::{self, Change},
};

/// Of one tenant. The calendar of all is looked through whole.
const SCHEDULES_MAX: i64 = 100;

/// Writes a schedule of the scope's tenant, new or in the place of one of the same name and kind; `shown` is
/// what the log says of its job. [`StoreError::Conflict`] where the name is another kind's;
/// [`StoreError::TooMany`].
pub async fn set(
    store: &Store,
    scope: &Scope,
    name: &str,
    (timing, asks): (&Timing, &Asks),
    enabled: bool,
    shown: Value,
) -> Result<Schedule, StoreError> {
    let mut tx = store.system_tx().await?;
    let others: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM schedules WHERE tenant_id = $1 AND name <> $2 AND retired_at IS NULL",
    )
    .bind(scope.tenant().0)
    .bind(name)
    .fetch_one(tx.connection())
    .await?;
    if others >= SCHEDULES_MAX {
        return Err(StoreError::TooMany { most: SCHEDULES_MAX, what: "schedules" });
    }
    let written = sqlx::query(
        "INSERT INTO schedules (tenant_id, name, kind, payload, payload_version, priority, cron, time_zone,
             jitter_seconds, if_running, enabled)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (tenant_id, name) DO UPDATE SET
             payload = excluded.payload, payload_version = excluded.payload_version, cron = excluded.cron,
             time_zone = excluded.time_zone, jitter_seconds = excluded.jitter_seconds,
             if_running = excluded.if_running, enabled = excluded.enabled, next_at = NULL, failure = NULL,
             failed_at = NULL, updated_at = clock_timestamp()
         WHERE schedules.kind = excluded.kind",
    )
    .bind(scope.tenant().0)
    .bind(name)
    .bind(&asks.kind)
    .bind(&asks.payload)
    .bind(i16::try_from(asks.version).unwrap_or(i16::MAX))
    .bind(asks.priority)
    .bind(&timing.cron)
    .bind(&timing.time_zone)
    .bind(i32::try_from(asks.jitter_seconds).unwrap_or(i32::MAX))
    .bind(asks.if_running.as_str())
    .bind(enabled)
    .execute(tx.connection())
    .await?;
    if written.rows_affected() == 0 {
        return Err(StoreError::Conflict { constraint: "schedules_of_one_kind".to_owned() });
    }
    let change = Change::by(scope, "custody.schedule.set")
        .on("schedule", name, None)
        .severity(Severity::Warning)
        .after(
            json!({"cron": timing.cron, "time_zone": timing.time_zone, "enabled": enabled, "asks": shown}),
        );
    audit_outbox::write(tx.connection(), scope.tenant(), &change, chrono::Utc::now()).await?;
    tx.schedules_changed();
    tx.commit().await?;
    let mut tx = store.tenant_tx(scope).await?;
    let schedule = list::get(&mut tx, name).await?;
    tx.commit().await?;
    Ok(schedule)
}

/// Removes one of this kind; jobs that it has asked for stay. [`StoreError::NotFound`] where the tenant has
/// none.
pub async fn delete(store: &Store, scope: &Scope, name: &str, kind: &str) -> Result<(), StoreError> {
    let mut tx = store.system_tx().await?;
    let gone = sqlx::query("DELETE FROM schedules WHERE tenant_id = $1 AND name = $2 AND kind = $3")
        .bind(scope.tenant().0)
        .bind(name)
        .bind(kind)
        .execute(tx.connection())
        .await?;
    if gone.rows_affected() == 0 {
        return Err(StoreError::NotFound);
    }
    let change =
        Change::by(scope, "custody.schedule.deleted").on("schedule", name, None).severity(Severity::Warning);
    audit_outbox::write(tx.connection(), scope.tenant(), &change, chrono::Utc::now()).await?;
    tx.commit().await
}
