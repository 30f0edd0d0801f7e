//! Cancelling: at once where nothing runs yet, else by asking the handler.

use custody_auth::Scope;
use sqlx::Row as _;
use uuid::Uuid;

use super::{Job, list, unblock};
use crate::{
    Store, StoreError,
    audit_outbox::{self, Change},
};

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Cancelled {
    /// It is cancelled, or will be as soon as its handler hears of it. As it is now.
    Asked(Job),
    /// It has ended before, otherwise.
    Ended(Job),
}

pub async fn cancel(store: &Store, scope: &Scope, id: Uuid) -> Result<Cancelled, StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let row = sqlx::query(
        "UPDATE jobs SET version = version + 1,
             cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()),
             state = CASE WHEN state = 'running' THEN state ELSE 'cancelled' END,
             since = CASE WHEN state = 'running' THEN since ELSE clock_timestamp() END,
             ended_at = CASE WHEN state = 'running' THEN NULL ELSE clock_timestamp() END
         WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL AND (state <> 'running' OR cancel_requested_at IS NULL)
         RETURNING kind, unique_key, state",
    )
    .bind(scope.tenant().0)
    .bind(id)
    .fetch_optional(tx.connection())
    .await?;
    if let Some(row) = row {
        let (kind, state): (String, String) = (row.try_get("kind")?, row.try_get("state")?);
        if let Some(key) = row.try_get::<Option<String>, _>("unique_key")?
            && state == "cancelled"
        {
            unblock::next_of(tx.connection(), scope.tenant(), &kind, &key).await?;
            tx.jobs_wait();
        }
        if state == "running" {
            tx.jobs_cancelled();
        }
        let change = Change::by(scope, "custody.job.cancelled").on("job", id, None);
        let change = change.metadata(serde_json::json!({"kind": kind}));
        audit_outbox::write(tx.connection(), scope.tenant(), &change, chrono::Utc::now()).await?;
    }
    let job = list::get(&mut tx, id).await?;
    tx.jobs_changed();
    tx.commit().await?;
    Ok(match job.status {
        list::Status::Completed | list::Status::Failed => Cancelled::Ended(job),
        _ => Cancelled::Asked(job),
    })
}
