//! How an attempt ends. Whoever lost the job in the meantime ends nothing.

use std::time::Duration;

use custody_auth::Scope;
use custody_domain::Severity;
use serde_json::json;
use sqlx::Row as _;
use uuid::Uuid;

use super::{Claim, JobId, milliseconds, unblock};
use crate::{
    Store, StoreError,
    audit_outbox::{self, Change},
};

const FAILURE_CHARS_MAX: usize = 2000;

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a result as JSON, kept for so long.
    Succeeded { result: Option<(String, Duration)> },
    /// Not for good: again after so long.
    Again { failure: String, after: Duration },
    /// For good: a dead letter.
    Failed { failure: String },
    /// As was asked.
    Cancelled,
    /// Handed back unharmed, because the worker stops: the attempt does not count.
    HandedBack,
}

/// Writes how one attempt ended. False: another holds the job by now. `makes_room`: others of its kind may
/// wait for nothing else.
pub async fn end(
    store: &Store,
    scope: &Scope,
    claim: &Claim,
    ending: &Ending,
    makes_room: bool,
) -> Result<bool, StoreError> {
    if claim.job.tenant != scope.tenant() {
        return Err(StoreError::unexpected("the end of another tenant's job"));
    }
    let mut tx = store.tenant_tx(scope).await?;
    let (state, delay) = match ending {
        Ending::Succeeded { .. } => ("succeeded", Duration::ZERO),
        Ending::Again { after, .. } => ("delayed", *after),
        Ending::Failed { .. } => ("failed", Duration::ZERO),
        Ending::Cancelled => ("cancelled", Duration::ZERO),
        Ending::HandedBack => ("waiting", Duration::ZERO),
    };
    let result = match ending {
        Ending::Succeeded { result } => result.as_ref(),
        _ => None,
    };
    let failure = match ending {
        Ending::Again { failure, .. } | Ending::Failed { failure } => Some(clip(failure)),
        _ => None,
    };
    let row = sqlx::query(
        "UPDATE jobs SET since = clock_timestamp(), holder = NULL, version = version + 1,
             state = CASE WHEN $4 IN ('delayed', 'waiting') AND cancel_requested_at IS NOT NULL THEN 'cancelled' ELSE $4 END,
             attempts = attempts - CASE WHEN $4 = 'waiting' AND cancel_requested_at IS NULL THEN 1 ELSE 0 END,
             run_at = CASE WHEN $4 = 'delayed' THEN clock_timestamp() + $5 * interval '1 millisecond' ELSE run_at END,
             result = $6, result_expires_at = clock_timestamp() + $7 * interval '1 millisecond',
             failure = CASE WHEN $4 = 'succeeded' THEN NULL ELSE coalesce($8, failure) END,
             failed_at = CASE WHEN $4 = 'succeeded' THEN NULL WHEN $8 IS NULL THEN failed_at ELSE clock_timestamp() END,
             ended_at = CASE WHEN $4 IN ('succeeded', 'failed', 'cancelled') OR cancel_requested_at IS NOT NULL THEN clock_timestamp() END
         WHERE tenant_id = $1 AND id = $2 AND token = $3 AND state = 'running'
         RETURNING unique_key, ended_at IS NOT NULL AS has_ended",
    )
    .bind(scope.tenant().0)
    .bind(claim.job.id)
    .bind(claim.token)
    .bind(state)
    .bind(milliseconds(delay))
    .bind(result.map(|(result, _)| result))
    .bind(result.map(|(_, kept)| milliseconds(*kept)))
    .bind(&failure)
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else {
        tx.rollback().await?;
        return Ok(false);
    };
    let key: Option<String> = row.try_get("unique_key")?;
    let unblocks = key.is_some();
    if let Some(key) = key
        && row.try_get("has_ended")?
    {
        unblock::next_of(tx.connection(), scope.tenant(), &claim.kind, &key).await?;
    }
    if let (Ending::Failed { .. }, Some(failure)) = (ending, &failure) {
        let change = Change::by(scope, "custody.job.failed")
            .on("job", claim.job.id, None)
            .failed()
            .severity(Severity::Error)
            .metadata(json!({"kind": claim.kind, "attempts": claim.attempt, "failure": failure}));
        audit_outbox::write(tx.connection(), scope.tenant(), &change, chrono::Utc::now()).await?;
    }
    tx.jobs_changed();
    if makes_room || unblocks || matches!(ending, Ending::HandedBack) {
        tx.jobs_wait();
    }
    tx.commit().await?;
    Ok(true)
}

/// Many that ended well and left nothing, in one transaction of the system's. Answers with those that
/// were this worker's own until now.
pub async fn end_well(
    store: &Store,
    worker: Uuid,
    ended: &[(JobId, i64)],
    makes_room: bool,
) -> Result<Vec<JobId>, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let rows = sqlx::query(
        "UPDATE jobs SET state = 'succeeded', since = clock_timestamp(), holder = NULL, version = version + 1,
             failure = NULL, failed_at = NULL, ended_at = clock_timestamp()
         FROM unnest($2::uuid[], $3::uuid[], $4::bigint[]) AS own (tenant, job, token)
         WHERE tenant_id = own.tenant AND id = own.job AND jobs.token = own.token AND state = 'running' AND holder = $1
         RETURNING tenant_id, id, kind, unique_key",
    )
    .bind(worker)
    .bind(ended.iter().map(|(job, _)| job.tenant.0).collect::<Vec<_>>())
    .bind(ended.iter().map(|(job, _)| job.id).collect::<Vec<_>>())
    .bind(ended.iter().map(|(_, token)| *token).collect::<Vec<_>>())
    .fetch_all(tx.connection())
    .await?;
    let mut own = Vec::with_capacity(rows.len());
    for row in &rows {
        let job =
            JobId { tenant: custody_domain::TenantId(row.try_get("tenant_id")?), id: row.try_get("id")? };
        if let Some(key) = row.try_get::<Option<String>, _>("unique_key")? {
            let kind: String = row.try_get("kind")?;
            unblock::next_of(tx.connection(), job.tenant, &kind, &key).await?;
            tx.jobs_wait();
        }
        own.push(job);
    }
    if makes_room {
        tx.jobs_wait();
    }
    tx.jobs_changed();
    tx.commit().await?;
    Ok(own)
}

/// Never empty, never longer than the column allows.
pub(super) fn clip(failure: &str) -> String {
    let failure = if failure.is_empty() { "it gave no reason" } else { failure };
    // NUL is no character of a text column.
    failure.chars().filter(|c| *c != '\0').take(FAILURE_CHARS_MAX).collect()
}
