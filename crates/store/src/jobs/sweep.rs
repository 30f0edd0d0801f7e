//! What has ended long ago goes; results go sooner.

use std::time::Duration;

use custody_domain::TenantId;
use sqlx::Row as _;

use super::{JobId, milliseconds};
use crate::{Store, StoreError};

/// In one transaction.
const BATCH: i64 = 5000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub jobs: u64,
    pub results: u64,
}

/// Removes jobs that ended `kept` ago (dead letters three times that), and results that have expired. Not
/// those of kinds that leave files: those go first ([`old`], [`remove`]).
pub async fn sweep(store: &Store, kept: Duration, leave_files: &[&str]) -> Result<Swept, StoreError> {
    let mut swept = Swept::default();
    loop {
        let mut tx = store.system_tx_by_key().await?;
        let jobs = sqlx::query(
            "DELETE FROM jobs USING (
                 SELECT tenant_id AS old_tenant, id AS old_id FROM jobs
                 WHERE ended_at < clock_timestamp() - $1 * interval '1 millisecond'
                   AND (state <> 'failed' OR ended_at < clock_timestamp() - 3 * $1 * interval '1 millisecond')
                   AND kind <> ALL ($3)
                 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED
             ) AS old
             WHERE tenant_id = old_tenant AND id = old_id",
        )
        .bind(milliseconds(kept))
        .bind(BATCH)
        .bind(leave_files)
        .execute(tx.connection())
        .await?
        .rows_affected();
        let results = sqlx::query(
            "UPDATE jobs SET result = NULL, result_expires_at = NULL
             FROM (
                 SELECT tenant_id AS old_tenant, id AS old_id FROM jobs
                 WHERE result_expires_at < clock_timestamp()
                 LIMIT $1 FOR UPDATE SKIP LOCKED
             ) AS old
             WHERE tenant_id = old_tenant AND id = old_id",
        )
        .bind(BATCH)
        .execute(tx.connection())
        .await?
        .rows_affected();
        tx.commit().await?;
        swept.jobs += jobs;
        swept.results += results;
        if jobs + results == 0 {
            return Ok(swept);
        }
    }
}

/// Some of the jobs of these kinds that [`sweep`] would remove if they left no files, the oldest first.
pub async fn old(
    store: &Store,
    kept: Duration,
    leave_files: &[&str],
    limit: u32,
) -> Result<Vec<JobId>, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let rows = sqlx::query(
        "SELECT tenant_id, id FROM jobs
         WHERE ended_at < clock_timestamp() - $1 * interval '1 millisecond'
           AND (state <> 'failed' OR ended_at < clock_timestamp() - 3 * $1 * interval '1 millisecond')
           AND kind = ANY ($2)
         ORDER BY ended_at LIMIT $3",
    )
    .bind(milliseconds(kept))
    .bind(leave_files)
    .bind(i64::from(limit))
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    rows.iter()
        .map(|row| Ok(JobId { tenant: TenantId(row.try_get("tenant_id")?), id: row.try_get("id")? }))
        .collect()
}

/// Removes jobs that have ended, once nothing is left of them elsewhere. One that was retried meanwhile
/// stays.
pub async fn remove(store: &Store, jobs: &[JobId]) -> Result<u64, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let removed = sqlx::query(
        "DELETE FROM jobs USING unnest($1::uuid[], $2::uuid[]) AS old (tenant, job)
         WHERE tenant_id = old.tenant AND id = old.job AND ended_at IS NOT NULL",
    )
    .bind(jobs.iter().map(|job| job.tenant.0).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.id).collect::<Vec<_>>())
    .execute(tx.connection())
    .await?
    .rows_affected();
    tx.commit().await?;
    Ok(removed)
}
