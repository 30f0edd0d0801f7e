//! What waits for longer than it should, though nothing but the want of a worker holds it up: in the
//! table, or on its way through a message queue.

use std::time::Duration;

use sqlx::Row as _;

use super::milliseconds;
use crate::{Store, StoreError};

/// How long one of a kind may wait, and what may hold it up meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    pub kind: String,
    pub wait_max: Duration,
    /// As many of the kind as this run, and the others wait for them: that is no fault.
    pub installation_max: Option<u16>,
    /// … of one tenant, whose others wait for them.
    pub tenant_max: Option<u16>,
}

/// A kind of which one waits too long.
#[derive(Clone, Debug, PartialEq)]
pub struct Overdue {
    pub kind: String,
    /// For so long the oldest one waits.
    pub seconds: f64,
    /// Whether a worker that is heard of runs the kind.
    pub has_worker: bool,
}

/// The kinds that have such a job.
pub async fn overdue(store: &Store, kinds: &[Patience]) -> Result<Vec<Overdue>, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let rows = sqlx::query(
        "WITH flying AS (
             SELECT kind, tenant_id, count(*) AS jobs FROM jobs WHERE state IN ('sent', 'running')
             GROUP BY kind, tenant_id
         )
         SELECT asked.kind, extract(epoch FROM clock_timestamp() - oldest.since)::float8 AS seconds, EXISTS (
                 SELECT FROM job_workers WHERE asked.kind = ANY (runs)
                   AND expires_at BETWEEN clock_timestamp() AND clock_timestamp() + interval '2 minutes'
             ) AS has_worker
         FROM unnest($1::text[], $2::bigint[], $3::int[], $4::int[]) AS asked (kind, wait_max, kind_max, tenant_max)
         LEFT JOIN (SELECT kind, sum(jobs) AS jobs FROM flying GROUP BY kind) AS of_kind USING (kind)
         CROSS JOIN LATERAL (
             SELECT min(since) AS since FROM (
                 SELECT j.since FROM jobs AS j LEFT JOIN flying AS f USING (kind, tenant_id)
                 WHERE j.state = 'waiting' AND j.kind = asked.kind
                   AND (asked.kind_max IS NULL OR coalesce(of_kind.jobs, 0) < asked.kind_max)
                   AND (asked.tenant_max IS NULL OR coalesce(f.jobs, 0) < asked.tenant_max)
                 UNION ALL
                 SELECT since FROM jobs
                 WHERE state IN ('sent', 'running') AND state = 'sent' AND kind = asked.kind
             ) AS may_run
         ) AS oldest
         WHERE oldest.since < clock_timestamp() - asked.wait_max * interval '1 millisecond'
         ORDER BY asked.kind",
    )
    .bind(kinds.iter().map(|kind| kind.kind.as_str()).collect::<Vec<_>>())
    .bind(kinds.iter().map(|kind| milliseconds(kind.wait_max)).collect::<Vec<_>>())
    .bind(kinds.iter().map(|kind| kind.installation_max.map(i32::from)).collect::<Vec<_>>())
    .bind(kinds.iter().map(|kind| kind.tenant_max.map(i32::from)).collect::<Vec<_>>())
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    rows.iter()
        .map(|row| {
            let (kind, seconds) = (row.try_get("kind")?, row.try_get("seconds")?);
            Ok(Overdue { kind, seconds, has_worker: row.try_get("has_worker")? })
        })
        .collect()
}
