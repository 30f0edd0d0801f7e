//! The table `job_workers`: who runs jobs. A worker's jobs are its own while it is heard of.

use std::time::Duration;

use custody_domain::TenantId;
use sqlx::Row as _;
use uuid::Uuid;

use super::{JobId, Time, milliseconds};
use crate::{Store, StoreError, program};

/// A process that runs jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Of this start of it.
    pub id: Uuid,
    /// For people.
    pub name: String,
    /// `kind/version` of all that its program knows, the highest that it can read; it need not run them.
    pub kinds: Vec<String>,
    /// Names of those that it runs.
    pub runs: Vec<String>,
    pub slots: usize,
}

/// A job that the database has as this worker's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub job: JobId,
    pub token: i64,
    pub cancel_requested: bool,
}

/// Says that the worker is there, for `ttl`; removes those that are not heard of; answers which jobs it
/// has, and the database's time.
pub async fn beat(store: &Store, worker: &Worker, ttl: Duration) -> Result<(Vec<Held>, Time), StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    sqlx::query(
        "INSERT INTO job_workers (id, name, program, kinds, runs, slots, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + $7 * interval '1 millisecond')
         ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at",
    )
    .bind(worker.id)
    .bind(&worker.name)
    .bind(program::THIS)
    .bind(&worker.kinds)
    .bind(&worker.runs)
    .bind(i32::try_from(worker.slots).unwrap_or(i32::MAX))
    .bind(milliseconds(ttl))
    .execute(tx.connection())
    .await?;
    // A time too far ahead is one that a clock left behind which was set back.
    sqlx::query(
        "DELETE FROM job_workers WHERE id IN (
             SELECT id FROM job_workers
             WHERE id <> $1 AND expires_at NOT BETWEEN clock_timestamp() AND clock_timestamp() + interval '2 minutes'
             FOR UPDATE SKIP LOCKED
         )",
    )
    .bind(worker.id)
    .execute(tx.connection())
    .await?;
    let rows = sqlx::query(
        "SELECT tenant_id, id, token, cancel_requested_at IS NOT NULL AS cancel_requested FROM jobs
         WHERE state IN ('sent', 'running') AND state = 'running' AND holder = $1",
    )
    .bind(worker.id)
    .fetch_all(tx.connection())
    .await?;
    let now: Time = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(tx.connection()).await?;
    tx.commit().await?;
    let held = rows
        .iter()
        .map(|row| {
            Ok(Held {
                job: JobId { tenant: TenantId(row.try_get("tenant_id")?), id: row.try_get("id")? },
                token: row.try_get("token")?,
                cancel_requested: row.try_get("cancel_requested")?,
            })
        })
        .collect::<Result<_, StoreError>>()?;
    Ok((held, now))
}

/// Hands back jobs that a worker has in the database and nowhere else, by these tokens. The attempts count
/// where they went astray: what does so each time must end.
pub async fn hand_back(
    store: &Store,
    worker: Uuid,
    jobs: &[(JobId, i64)],
    attempts_count: bool,
) -> Result<u64, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let back = sqlx::query(
        "UPDATE jobs SET state = 'waiting', since = clock_timestamp(), holder = NULL, version = version + 1,
             token = jobs.token + 1, attempts = attempts - CASE WHEN $5 THEN 0 ELSE 1 END
         FROM unnest($2::uuid[], $3::uuid[], $4::bigint[]) AS own (tenant, job, token)
         WHERE tenant_id = own.tenant AND id = own.job AND jobs.token = own.token AND state = 'running' AND holder = $1",
    )
    .bind(worker)
    .bind(jobs.iter().map(|(job, _)| job.tenant.0).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(job, _)| job.id).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(_, token)| *token).collect::<Vec<_>>())
    .bind(attempts_count)
    .execute(tx.connection())
    .await?;
    tx.jobs_wait();
    tx.commit().await?;
    Ok(back.rows_affected())
}

/// The worker is gone for good: its jobs need not wait until it is missed.
pub async fn leave(store: &Store, worker: Uuid) -> Result<(), StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    sqlx::query("DELETE FROM job_workers WHERE id = $1").bind(worker).execute(tx.connection()).await?;
    tx.jobs_wait();
    tx.commit().await
}

/// How many are heard of.
pub async fn workers(store: &Store) -> Result<u64, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let alive: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM job_workers
         WHERE expires_at BETWEEN clock_timestamp() AND clock_timestamp() + interval '2 minutes'",
    )
    .fetch_one(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(u64::try_from(alive).unwrap_or(0))
}
