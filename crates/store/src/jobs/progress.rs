//! How far a running job has come.

use custody_auth::Scope;

use super::Claim;
use crate::{Store, StoreError};

/// Writes it as JSON of at most 16 KiB. False: another holds the job by now.
pub async fn progress(store: &Store, scope: &Scope, claim: &Claim, json: &str) -> Result<bool, StoreError> {
    if claim.job.tenant != scope.tenant() {
        return Err(StoreError::unexpected("the progress of another tenant's job"));
    }
    let mut tx = store.tenant_tx(scope).await?;
    let written = sqlx::query(
        "UPDATE jobs SET progress = $4, version = version + 1
         WHERE tenant_id = $1 AND id = $2 AND token = $3 AND state = 'running'",
    )
    .bind(scope.tenant().0)
    .bind(claim.job.id)
    .bind(claim.token)
    .bind(json)
    .execute(tx.connection())
    .await?;
    tx.jobs_changed();
    tx.commit().await?;
    Ok(written.rows_affected() == 1)
}
