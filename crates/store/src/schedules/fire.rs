//! One firing: the due time is noted, the next one set and the job asked for in one transaction, while
//! the schedule's row is locked; other servers pass it by.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::Row as _;

use super::{ASKS, Asks, ScheduleId, TIMING, Timing, asks, clip, id, timing};
use crate::{Store, StoreError, SystemTx};

/// Due times are remembered for so long: a clock that is set back by more may fire some again.
const FIRINGS_KEPT: Duration = Duration::from_hours(14 * 24);

/// A schedule whose time has come, its row locked.
#[derive(Debug)]
pub struct Due {
    tx: SystemTx,
    pub id: ScheduleId,
    pub timing: Timing,
    pub asks: Asks,
    /// The first time that is due.
    pub next_at: DateTime<Utc>,
    /// The database's.
    pub now: DateTime<Utc>,
}

/// What a firing came to, in jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fired {
    pub jobs: u64,
    pub skipped: u64,
}

/// The schedule that is due the longest and that nobody else has in hand.
pub async fn begin_due(store: &Store) -> Result<Option<Due>, StoreError> {
    let mut tx = store.system_tx().await?;
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {TIMING}, {ASKS}, next_at, clock_timestamp() AS now FROM schedules
         WHERE enabled AND retired_at IS NULL AND next_at <= clock_timestamp()
         ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED"
    )))
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else {
        tx.commit().await?;
        return Ok(None);
    };
    Ok(Some(Due {
        tx,
        id: id(&row)?,
        timing: timing(&row)?,
        asks: asks(&row)?,
        next_at: row.try_get("next_at")?,
        now: row.try_get("now")?,
    }))
}

impl Due {
    /// In which the jobs are asked for.
    pub fn tx(&mut self) -> &mut SystemTx {
        &mut self.tx
    }

    /// Whether this time is now this firing's: false where it was fired before, which a clock that was
    /// set back leads to.
    pub async fn take(&mut self, due: DateTime<Utc>) -> Result<bool, StoreError> {
        let taken = sqlx::query(
            "INSERT INTO schedule_firings (tenant_id, name, due_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(self.id.tenant.0)
        .bind(&self.id.name)
        .bind(due)
        .execute(self.tx.connection())
        .await?;
        Ok(taken.rows_affected() == 1)
    }

    /// It was fired for `due`, or (none) there was nothing to fire; it is due again at `next`.
    pub async fn commit(
        mut self,
        due: Option<(DateTime<Utc>, Fired)>,
        next: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (due, fired) = due.unzip();
        let fired = fired.unwrap_or_default();
        sqlx::query(
            "UPDATE schedules SET next_at = $3, last_due_at = coalesce($4, last_due_at),
                 last_fired_at = CASE WHEN $4 IS NULL THEN last_fired_at ELSE clock_timestamp() END,
                 fired = fired + $5, skipped = skipped + $6, failure = NULL, failed_at = NULL
             WHERE tenant_id = $1 AND name = $2",
        )
        .bind(self.id.tenant.0)
        .bind(&self.id.name)
        .bind(next)
        .bind(due)
        .bind(i64::try_from(fired.jobs).unwrap_or(i64::MAX))
        .bind(i64::try_from(fired.skipped).unwrap_or(i64::MAX))
        .execute(self.tx.connection())
        .await?;
        self.tx.commit().await
    }

    /// It cannot be fired. It is due again at `next`, or never until somebody changes it. Nothing else
    /// of the transaction is kept.
    pub async fn fail(
        self,
        store: &Store,
        reason: &str,
        next: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        self.tx.rollback().await?;
        let mut tx = store.system_tx().await?;
        sqlx::query(
            "UPDATE schedules SET next_at = $4, failure = $5, failed_at = clock_timestamp()
             WHERE tenant_id = $1 AND name = $2 AND next_at = $3",
        )
        .bind(self.id.tenant.0)
        .bind(&self.id.name)
        .bind(self.next_at)
        .bind(next)
        .bind(clip(reason))
        .execute(tx.connection())
        .await?;
        tx.commit().await
    }
}

/// Forgets due times that no clock will come back to. Answers how many.
pub async fn sweep(store: &Store) -> Result<u64, StoreError> {
    let mut tx = store.system_tx().await?;
    let gone = sqlx::query(
        "DELETE FROM schedule_firings WHERE due_at < clock_timestamp() - $1 * interval '1 second'",
    )
    .bind(i64::try_from(FIRINGS_KEPT.as_secs()).unwrap_or(i64::MAX))
    .execute(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(gone.rows_affected())
}
