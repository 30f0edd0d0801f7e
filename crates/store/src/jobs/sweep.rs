//! What has ended long ago goes; results go sooner.

use std::time::Duration;

use custody_domain::TenantId;
use sqlx::{Row as _, postgres::PgRow};

use super::{JobId, Time, milliseconds};
use crate::{Store, StoreError};

/// In one transaction.
const BATCH: i64 = 5000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub jobs: u64,
    pub results: u64,
}

/// Removes jobs of these kinds that ended `kept` ago (dead letters three times that), and results that
/// have expired. Of other kinds, which leave files or are a newer program's, the files go first
/// ([`set_aside`], [`remove`]).
pub async fn sweep(store: &Store, kept: Duration, leave_no_files: &[&str]) -> Result<Swept, StoreError> {
    let mut swept = Swept::default();
    loop {
        let mut tx = store.system_tx_by_key().await?;
        let jobs = sqlx::query(
            "DELETE FROM jobs USING (
                 SELECT tenant_id AS old_tenant, id AS old_id FROM jobs
                 WHERE ended_at < clock_timestamp() - $1 * interval '1 millisecond'
                   AND (state <> 'failed' OR ended_at < clock_timestamp() - 3 * $1 * interval '1 millisecond')
                   AND kind = ANY ($3)
                 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED
             ) AS old
             WHERE tenant_id = old_tenant AND id = old_id",
        )
        .bind(milliseconds(kept))
        .bind(BATCH)
        .bind(leave_no_files)
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

/// A job that is to go once its files have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aside {
    pub job: JobId,
    ended_at: Time,
}

/// Sets aside jobs whose time has come as in [`sweep`], of all other kinds: from now on nobody retries
/// them, so that their files can be removed. The oldest first, after `after`; those that were set aside
/// before, and could not be removed, are among them.
pub async fn set_aside(
    store: &Store,
    kept: Duration,
    leave_no_files: &[&str],
    after: Option<Aside>,
    limit: u32,
) -> Result<Vec<Aside>, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let rows = sqlx::query(
        "UPDATE jobs SET swept_at = coalesce(swept_at, clock_timestamp())
         FROM (
             SELECT tenant_id AS old_tenant, id AS old_id FROM jobs
             WHERE ended_at < clock_timestamp() - $1 * interval '1 millisecond'
               AND (state <> 'failed' OR ended_at < clock_timestamp() - 3 * $1 * interval '1 millisecond')
               AND kind <> ALL ($2)
               AND ($4::timestamptz IS NULL OR (ended_at, tenant_id, id) > ($4, $5, $6))
             ORDER BY ended_at, tenant_id, id LIMIT $3 FOR UPDATE SKIP LOCKED
         ) AS old
         WHERE tenant_id = old_tenant AND id = old_id
         RETURNING tenant_id, id, ended_at",
    )
    .bind(milliseconds(kept))
    .bind(leave_no_files)
    .bind(i64::from(limit))
    .bind(after.map(|after| after.ended_at))
    .bind(after.map(|after| after.job.tenant.0))
    .bind(after.map(|after| after.job.id))
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    let aside = |row: &PgRow| {
        let job = JobId { tenant: TenantId(row.try_get("tenant_id")?), id: row.try_get("id")? };
        Ok(Aside { job, ended_at: row.try_get("ended_at")? })
    };
    let mut old = rows.iter().map(aside).collect::<Result<Vec<_>, StoreError>>()?;
    old.sort_unstable_by_key(|old| (old.ended_at, old.job.tenant.0, old.job.id));
    Ok(old)
}

/// Removes jobs that were set aside, once nothing is left of them elsewhere.
pub async fn remove(store: &Store, jobs: &[JobId]) -> Result<u64, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let removed = sqlx::query(
        "DELETE FROM jobs USING unnest($1::uuid[], $2::uuid[]) AS old (tenant, job)
         WHERE tenant_id = old.tenant AND id = old.job AND swept_at IS NOT NULL",
    )
    .bind(jobs.iter().map(|job| job.tenant.0).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.id).collect::<Vec<_>>())
    .execute(tx.connection())
    .await?
    .rows_affected();
    tx.commit().await?;
    Ok(removed)
}
