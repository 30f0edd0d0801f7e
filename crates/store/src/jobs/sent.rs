//! Jobs on their way through a message queue. The row says what is true; a message only says that it is
//! worth a look.

use std::time::Duration;

use custody_domain::TenantId;
use sqlx::Row as _;
use uuid::Uuid;

use super::{Claim, JobId, claim, milliseconds};
use crate::{Store, StoreError};

/// The messages of these are out.
pub async fn confirm(store: &Store, jobs: &[JobId]) -> Result<(), StoreError> {
    set(store, jobs, "sent_at = clock_timestamp()", false).await
}

/// The messages of these could not be sent: they wait again.
pub async fn unsend(store: &Store, jobs: &[JobId]) -> Result<(), StoreError> {
    set(store, jobs, "state = 'waiting', since = clock_timestamp(), sent_at = NULL", true).await
}

/// Nobody who received their messages had room for them: they wait again, and have waited all the time.
pub async fn put_back(store: &Store, jobs: &[JobId]) -> Result<(), StoreError> {
    set(store, jobs, "state = 'waiting', sent_at = NULL", true).await
}

async fn set(store: &Store, jobs: &[JobId], what: &str, wait: bool) -> Result<(), StoreError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let jobs = in_order(jobs);
    let mut tx = store.system_tx_by_key().await?;
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "UPDATE jobs SET {what} FROM unnest($1::uuid[], $2::uuid[]) AS own (tenant, job)
         WHERE tenant_id = own.tenant AND id = own.job AND state = 'sent'"
    )))
    .bind(jobs.iter().map(|job| job.tenant.0).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.id).collect::<Vec<_>>())
    .execute(tx.connection())
    .await?;
    if wait {
        tx.jobs_wait();
    }
    tx.commit().await
}

/// Rows are locked one after the other: in one order, two that change many wait for each other and never
/// both.
fn in_order(jobs: &[JobId]) -> Vec<JobId> {
    let mut jobs = jobs.to_vec();
    jobs.sort_unstable_by_key(|job| (job.tenant.0, job.id));
    jobs
}

/// What a message is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub job: JobId,
    pub kind: String,
    pub version: u16,
    /// Nobody has taken it yet.
    pub is_sent: bool,
}

/// Looks at these jobs: at those that are there.
pub async fn look(store: &Store, jobs: &[JobId]) -> Result<Vec<Look>, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let rows = sqlx::query(
        "SELECT tenant_id, id, kind, payload_version, state = 'sent' AS is_sent FROM jobs
         JOIN unnest($1::uuid[], $2::uuid[]) AS asked (tenant, job) ON tenant_id = tenant AND id = job",
    )
    .bind(jobs.iter().map(|job| job.tenant.0).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.id).collect::<Vec<_>>())
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    rows.iter()
        .map(|row| {
            let job = JobId { tenant: TenantId(row.try_get("tenant_id")?), id: row.try_get("id")? };
            let version = u16::try_from(row.try_get::<i16, _>("payload_version")?).unwrap_or(u16::MAX);
            Ok(Look { job, kind: row.try_get("kind")?, version, is_sent: row.try_get("is_sent")? })
        })
        .collect()
}

/// Takes these jobs for a worker: those that nobody has taken yet. A relay that is just saying that it sent
/// one is waited for.
pub async fn take(store: &Store, worker: Uuid, jobs: &[JobId]) -> Result<Vec<Claim>, StoreError> {
    let jobs = in_order(jobs);
    let mut tx = store.system_tx_by_key().await?;
    let rows = sqlx::query(
        "UPDATE jobs AS j SET state = 'running', since = clock_timestamp(), holder = $1, token = token + 1,
             attempts = attempts + 1, version = j.version + 1, started_at = coalesce(started_at, clock_timestamp())
         FROM unnest($2::uuid[], $3::uuid[]) AS own (tenant, job)
         WHERE tenant_id = own.tenant AND id = own.job AND state = 'sent'
         RETURNING j.tenant_id AS job_tenant, j.id AS job_id, j.kind AS job_kind, j.payload_version AS job_version,
             j.token AS job_token, j.attempts AS job_attempts, j.attempts_max AS job_attempts_max,
             j.unique_key IS NOT NULL AS job_unique",
    )
    .bind(worker)
    .bind(jobs.iter().map(|job| job.tenant.0).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.id).collect::<Vec<_>>())
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    rows.iter().map(claim::read).collect()
}

/// Lets those wait again whose sending nobody confirmed for `unconfirmed`, or whose message nobody has
/// received for `unseen`. Where a message is there after all, it finds its job taken, and is nothing.
pub async fn send_again(store: &Store, unconfirmed: Duration, unseen: Duration) -> Result<u64, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let again = sqlx::query(
        "UPDATE jobs SET state = 'waiting', since = clock_timestamp(), sent_at = NULL
         FROM (
             SELECT tenant_id AS lost_tenant, id AS lost_id FROM jobs
             WHERE state IN ('sent', 'running') AND state = 'sent' AND (
                 sent_at IS NULL AND since NOT BETWEEN clock_timestamp() - $1 * interval '1 millisecond' AND clock_timestamp() + interval '1 minute'
                 OR sent_at NOT BETWEEN clock_timestamp() - $2 * interval '1 millisecond' AND clock_timestamp() + interval '1 minute'
             )
             LIMIT 500 FOR UPDATE SKIP LOCKED
         ) AS lost
         WHERE tenant_id = lost_tenant AND id = lost_id",
    )
    .bind(milliseconds(unconfirmed))
    .bind(milliseconds(unseen))
    .execute(tx.connection())
    .await?
    .rows_affected();
    if again > 0 {
        tx.jobs_wait();
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    Ok(again)
}
