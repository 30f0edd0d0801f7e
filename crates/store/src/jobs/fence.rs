//! The transactions of a handler: what it writes it writes while the job is its own.

use custody_auth::Scope;

use super::Claim;
use crate::{Store, StoreError, TenantTx};

/// Whether a transaction was begun.
#[derive(Debug)]
pub enum Fenced {
    Begun(TenantTx),
    /// Another worker holds the job by now, or it has ended.
    Lost,
}

/// Begins a transaction of the job's tenant in which the job stays this worker's until it ends.
pub async fn begin(store: &Store, scope: &Scope, claim: &Claim) -> Result<Fenced, StoreError> {
    if claim.job.tenant != scope.tenant() {
        return Err(StoreError::unexpected("a transaction for another tenant's job"));
    }
    let mut tx = store.tenant_tx(scope).await?;
    // KEY SHARE holds up whoever would take the job over (FOR UPDATE), and nobody who asks for its
    // cancellation or writes its progress.
    let own = sqlx::query(
        "SELECT FROM jobs WHERE tenant_id = $1 AND id = $2 AND token = $3 AND state = 'running' FOR KEY SHARE",
    )
    .bind(scope.tenant().0)
    .bind(claim.job.id)
    .bind(claim.token)
    .fetch_optional(tx.connection())
    .await?;
    if own.is_some() {
        return Ok(Fenced::Begun(tx));
    }
    tx.rollback().await?;
    Ok(Fenced::Lost)
}
