//! Replaying what ended without success: a dead letter, or what was cancelled.

use custody_auth::Scope;
use serde_json::json;
use sqlx::Row as _;
use uuid::Uuid;

use super::{Job, list};
use crate::{
    Store, StoreError,
    audit_outbox::{self, Change},
};

#[derive(Clone, Debug, PartialEq)]
pub enum Retried {
    /// It waits again, with all its attempts. As it is now.
    Waits(Job),
    /// It has not ended, or it has ended well.
    Refused(Job),
    /// Another unfinished job has its unique key.
    Taken,
    /// It ended so long ago that what it left is being removed.
    Swept,
}

pub async fn retry(store: &Store, scope: &Scope, id: Uuid) -> Result<Retried, StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let row = sqlx::query(
        "UPDATE jobs SET state = 'waiting', since = clock_timestamp(), run_at = clock_timestamp(), attempts = 0,
             cancel_requested_at = NULL, ended_at = NULL, started_at = NULL, progress = NULL,
             result = NULL, result_expires_at = NULL, version = version + 1
         WHERE tenant_id = $1 AND id = $2 AND state IN ('failed', 'cancelled') AND swept_at IS NULL
         RETURNING kind",
    )
    .bind(scope.tenant().0)
    .bind(id)
    .fetch_optional(tx.connection())
    .await;
    let row = match row.map_err(StoreError::from) {
        Ok(row) => row,
        Err(StoreError::Conflict { constraint }) if constraint == "jobs_unique_key" => {
            return Ok(Retried::Taken);
        }
        Err(error) => return Err(error),
    };
    let Some(row) = row else {
        let job = list::get(&mut tx, id).await?;
        let swept: bool =
            sqlx::query_scalar("SELECT swept_at IS NOT NULL FROM jobs WHERE tenant_id = $1 AND id = $2")
                .bind(scope.tenant().0)
                .bind(id)
                .fetch_one(tx.connection())
                .await?;
        tx.rollback().await?;
        return Ok(if swept { Retried::Swept } else { Retried::Refused(job) });
    };
    let kind: String = row.try_get("kind")?;
    let change = Change::by(scope, "custody.job.retried").on("job", id, None).metadata(json!({"kind": kind}));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, chrono::Utc::now()).await?;
    let job = list::get(&mut tx, id).await?;
    tx.jobs_changed();
    tx.jobs_wait();
    tx.commit().await?;
    Ok(Retried::Waits(job))
}
