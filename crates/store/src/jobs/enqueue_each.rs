//! Asking for one job in each tenant, in one statement.

use std::time::Duration;

use custody_domain::TenantId;
use sqlx::Row as _;
use uuid::Uuid;

use super::{EnqueueError, Enqueued, IfTaken, NewJob, enqueue_for_system, milliseconds};
use crate::{StoreError, SystemTx, page::new_id, program};

/// One job in every tenant, the suspended ones too (their logs go on), delayed by what `delay` says. Answers how many are new, and how many
/// were not because one of the same key is unfinished; `job` has a key.
pub async fn enqueue_in_each_tenant(
    tx: &mut SystemTx,
    by: &str,
    job: &NewJob,
    mut delay: impl FnMut() -> Duration,
) -> Result<(u64, u64), EnqueueError> {
    let Some((key, if_taken)) = &job.unique else {
        return Err(StoreError::unexpected("jobs of all tenants need a key").into());
    };
    let tenants: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM tenants").fetch_all(tx.connection()).await?;
    let now = chrono::Utc::now();
    let delays: Vec<_> = tenants.iter().map(|_| milliseconds(delay())).collect();
    let rows = sqlx::query(
        "INSERT INTO jobs (tenant_id, id, kind, payload, payload_version, state, run_at, priority,
             unique_key, attempts_max, created_by, program)
         SELECT tenant, job, $4, $5, $6, CASE WHEN delay = 0 THEN 'waiting' ELSE 'delayed' END,
             clock_timestamp() + delay * interval '1 millisecond', $7, $8, $9, $10, $11
         FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS new (tenant, job, delay)
         ON CONFLICT (tenant_id, kind, unique_key)
             WHERE unique_key IS NOT NULL AND state IN ('delayed', 'waiting', 'sent', 'running')
             DO NOTHING
         RETURNING tenant_id",
    )
    .bind(&tenants)
    .bind(tenants.iter().map(|_| new_id(now)).collect::<Vec<_>>())
    .bind(&delays)
    .bind(&*job.kind)
    .bind(&job.payload)
    .bind(i16::try_from(job.version).unwrap_or(i16::MAX))
    .bind(job.priority.clamp(-100, 100))
    .bind(key)
    .bind(i16::try_from(job.attempts_max).unwrap_or(i16::MAX).max(1))
    .bind(by)
    .bind(program::THIS)
    .fetch_all(tx.connection())
    .await?;
    tx.jobs_wait();
    let mut written: Vec<Uuid> = rows.iter().map(|row| row.try_get("tenant_id")).collect::<Result<_, _>>()?;
    written.sort_unstable();
    let mut new = written.len() as u64;
    if matches!(if_taken, IfTaken::Wait | IfTaken::WaitAlone) {
        for tenant in tenants.iter().filter(|tenant| written.binary_search(tenant).is_err()) {
            let enqueued = enqueue_for_system(tx, TenantId(*tenant), by, job).await?;
            new += u64::from(matches!(enqueued, Enqueued::New(_)));
        }
    }
    Ok((new, tenants.len() as u64 - new))
}
