//! The program's own schedules, as its code has them.

use custody_domain::TenantId;

use super::{Asks, Timing};
use crate::{Store, StoreError};

/// A schedule that a program brings with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    pub name: &'static str,
    pub timing: Timing,
    pub asks: Asks,
}

/// Writes them: new ones are made, changed ones changed, and those that the program has no more are
/// retired. What a person has switched off stays off. Called at each start, by any number of servers.
pub async fn declare(store: &Store, declared: &[Declared]) -> Result<(), StoreError> {
    let mut tx = store.system_tx().await?;
    for Declared { name, timing, asks } in declared {
        // Where nothing changed nothing is written: next_at stays.
        sqlx::query(
            "INSERT INTO schedules (tenant_id, name, kind, payload, payload_version, priority, cron, time_zone,
                 jitter_seconds, each_tenant, if_running, declared)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, true)
             ON CONFLICT (tenant_id, name) DO UPDATE SET
                 kind = excluded.kind, payload = excluded.payload, payload_version = excluded.payload_version,
                 priority = excluded.priority, cron = excluded.cron, time_zone = excluded.time_zone,
                 jitter_seconds = excluded.jitter_seconds, each_tenant = excluded.each_tenant,
                 if_running = excluded.if_running, declared = true, retired_at = NULL,
                 next_at = NULL, failure = NULL, failed_at = NULL, updated_at = clock_timestamp()
             WHERE (schedules.kind, schedules.payload, schedules.payload_version, schedules.priority,
                    schedules.cron, schedules.time_zone, schedules.jitter_seconds, schedules.each_tenant,
                    schedules.if_running, schedules.declared, schedules.retired_at IS NULL)
                 IS DISTINCT FROM
                   (excluded.kind, excluded.payload, excluded.payload_version, excluded.priority,
                    excluded.cron, excluded.time_zone, excluded.jitter_seconds, excluded.each_tenant,
                    excluded.if_running, true, true)",
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
        .execute(tx.connection())
        .await?;
    }
    sqlx::query(
        "UPDATE schedules SET retired_at = clock_timestamp(), next_at = NULL, updated_at = clock_timestamp()
         WHERE tenant_id = $1 AND declared AND retired_at IS NULL AND NOT name = ANY ($2)",
    )
    .bind(TenantId::RESERVED.0)
    .bind(declared.iter().map(|declared| declared.name).collect::<Vec<_>>())
    .execute(tx.connection())
    .await?;
    tx.schedules_changed();
    tx.commit().await
}
