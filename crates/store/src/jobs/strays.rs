//! Jobs that need a hand: those whose time has come, and those whose worker is gone.

use std::time::Duration;

use custody_domain::{Severity, TenantId};
use serde_json::json;
use sqlx::Row as _;
use uuid::Uuid;

use super::{JobId, Status, end::clip, unblock};
use crate::{
    Store, StoreError, SystemTx,
    audit_outbox::{self, Change},
};

/// In one transaction; the next look takes the rest.
pub(super) const BATCH: i64 = 500;

/// Why a job is tried again that nobody ended.
const GONE: &str = "the worker that ran it is gone: it stopped, lost the database, or the job made it end";

/// A job of which no worker says how it went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    pub kind: String,
    /// What became of it.
    pub status: Status,
}

/// Lets those wait for a worker whose time has come. Answers after how long the next one's does.
pub async fn promote(store: &Store) -> Result<(u64, Option<Duration>), StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let due = sqlx::query(
        "UPDATE jobs SET state = 'waiting', since = clock_timestamp()
         FROM (
             SELECT tenant_id, id FROM jobs WHERE state = 'delayed' AND run_at <= clock_timestamp()
             ORDER BY run_at LIMIT $1 FOR UPDATE SKIP LOCKED
         ) AS due
         WHERE jobs.tenant_id = due.tenant_id AND jobs.id = due.id",
    )
    .bind(BATCH)
    .execute(tx.connection())
    .await?
    .rows_affected();
    let next: Option<f64> = sqlx::query_scalar(
        "SELECT extract(epoch FROM run_at - clock_timestamp())::float8 FROM jobs WHERE state = 'delayed'
         ORDER BY run_at LIMIT 1",
    )
    .fetch_optional(tx.connection())
    .await?;
    if due > 0 {
        tx.jobs_wait();
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    Ok((due, next.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX))))
}

/// Takes jobs back from workers that are not heard of: for another attempt, or for good where it was the
/// last one. A worker in the middle of a transaction of the job's is waited for. A worker that does this is
/// named in `by`: where it is not heard of itself, the clock or the database went away, and nobody is gone.
/// `of`: of this worker alone, which has left. `still` is asked once the database has answered: who waited
/// for that may have begun before it was away.
pub async fn take_back(
    store: &Store,
    by: Option<Uuid>,
    of: Option<Uuid>,
    still: impl Fn() -> bool,
) -> Result<Vec<Stray>, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    if !still() {
        tx.rollback().await?;
        return Ok(Vec::new());
    }
    let rows = sqlx::query(
        "UPDATE jobs SET since = clock_timestamp(), holder = NULL, token = token + 1, version = version + 1,
             state = CASE WHEN cancel_requested_at IS NOT NULL THEN 'cancelled'
                          WHEN attempts >= attempts_max THEN 'failed' ELSE 'delayed' END,
             run_at = clock_timestamp() + least(300, power(2, least(attempts, 10))) * (0.5 + random() / 2) * interval '1 second',
             ended_at = CASE WHEN cancel_requested_at IS NOT NULL OR attempts >= attempts_max THEN clock_timestamp() END,
             failure = $2, failed_at = clock_timestamp()
         FROM (
             SELECT tenant_id AS gone_tenant, id AS gone_id FROM jobs AS j
             WHERE state IN ('sent', 'running') AND state = 'running' AND NOT EXISTS (
                 SELECT FROM job_workers AS w WHERE w.id = j.holder
                   AND w.expires_at BETWEEN clock_timestamp() AND clock_timestamp() + interval '2 minutes'
             ) AND ($3::uuid IS NULL OR EXISTS (
                 SELECT FROM job_workers AS own WHERE own.id = $3
                   AND own.expires_at BETWEEN clock_timestamp() AND clock_timestamp() + interval '2 minutes'
             )) AND ($4::uuid IS NULL OR j.holder = $4)
             LIMIT $1 FOR UPDATE OF j SKIP LOCKED
         ) AS gone
         WHERE tenant_id = gone_tenant AND id = gone_id
         RETURNING tenant_id, id, kind, state, attempts, unique_key",
    )
    .bind(BATCH)
    .bind(GONE)
    .bind(by)
    .bind(of)
    .fetch_all(tx.connection())
    .await?;
    let mut strays = Vec::with_capacity(rows.len());
    for row in &rows {
        let state: String = row.try_get("state")?;
        let job = JobId { tenant: TenantId(row.try_get("tenant_id")?), id: row.try_get("id")? };
        let (kind, attempts): (String, i16) = (row.try_get("kind")?, row.try_get("attempts")?);
        tracing::warn!(job.id = %job.id, tenant.id = %job.tenant, job.kind = kind, job.attempt = attempts, job.state = state, "{GONE}");
        let status = Status::of(&state);
        strays.push(Stray { kind: kind.clone(), status });
        if status == Status::Pending {
            continue;
        }
        if let Some(key) = row.try_get::<Option<String>, _>("unique_key")? {
            unblock::next_of(tx.connection(), job.tenant, &kind, &key).await?;
        }
        if status == Status::Failed {
            dead_letter(&mut tx, job, &kind, attempts, GONE).await?;
        }
    }
    if rows.is_empty() {
        tx.rollback().await?;
    } else {
        tx.jobs_wait();
        tx.jobs_changed();
        tx.commit().await?;
    }
    Ok(strays)
}

/// The tenant's log hears of it.
pub(super) async fn dead_letter(
    tx: &mut SystemTx,
    job: JobId,
    kind: &str,
    attempts: i16,
    failure: &str,
) -> Result<(), StoreError> {
    let change = Change::by_system("jobs", "custody.job.failed")
        .on("job", job.id, None)
        .failed()
        .severity(Severity::Error)
        .metadata(json!({"kind": kind, "attempts": attempts, "failure": clip(failure)}));
    audit_outbox::write(tx.connection(), job.tenant, &change, chrono::Utc::now()).await
}
