//! When schedules are due next, as far as it is known.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::Row as _;

use super::{TIMING, Timing, clip, id, timing};
use crate::{Store, StoreError};

/// So many are looked at in one go. More would be a product of its own.
const SCHEDULES_MAX: i64 = 10_000;

/// For how long nothing is due; none where nothing is known to be due ever.
pub async fn due_in(store: &Store) -> Result<Option<Duration>, StoreError> {
    let mut tx = store.system_tx().await?;
    let milliseconds: Option<i64> = sqlx::query_scalar(
        "SELECT greatest(0, ceil(extract(epoch FROM min(next_at) - clock_timestamp()) * 1000))::bigint FROM schedules
         WHERE enabled AND retired_at IS NULL",
    )
    .fetch_one(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(milliseconds.map(|milliseconds| Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))))
}

/// Holds every schedule's next time against what `next` makes of its cron after the database's time:
/// one that is not known is set, and so is one that lies further ahead, which a clock left behind that
/// was set back. One that cannot be made out has no next time, and says why.
pub async fn review(
    store: &Store,
    next: impl Fn(&Timing, DateTime<Utc>) -> Result<DateTime<Utc>, String>,
) -> Result<(), StoreError> {
    let mut tx = store.system_tx().await?;
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {TIMING}, next_at, failure, clock_timestamp() AS now FROM schedules
         WHERE enabled AND retired_at IS NULL ORDER BY next_at IS NOT NULL, tenant_id, name LIMIT $1"
    )))
    .bind(SCHEDULES_MAX)
    .fetch_all(tx.connection())
    .await?;
    for row in &rows {
        let (id, timing) = (id(row)?, timing(row)?);
        let before: Option<DateTime<Utc>> = row.try_get("next_at")?;
        let failed: Option<String> = row.try_get("failure")?;
        let (next_at, failure) = match next(&timing, row.try_get("now")?) {
            Ok(next) if before.is_none_or(|before| before > next) => (Some(next), None),
            Ok(_) => continue,
            Err(reason) if before.is_none() && failed.as_ref() == Some(&clip(&reason)) => continue,
            Err(reason) => (None, Some(clip(&reason))),
        };
        // Whoever else moved it meanwhile knew better.
        sqlx::query(
            "UPDATE schedules SET next_at = $3, failure = coalesce($4, CASE WHEN next_at IS NULL THEN NULL ELSE failure END),
                 failed_at = CASE WHEN $4 IS NOT NULL THEN clock_timestamp() WHEN next_at IS NULL THEN NULL ELSE failed_at END
             WHERE tenant_id = $1 AND name = $2 AND next_at IS NOT DISTINCT FROM $5 AND (cron, time_zone) = ($6, $7)",
        )
        .bind(id.tenant.0)
        .bind(&id.name)
        .bind(next_at)
        .bind(failure)
        .bind(before)
        .bind(&timing.cron)
        .bind(&timing.time_zone)
        .execute(tx.connection())
        .await?;
    }
    tx.commit().await
}
