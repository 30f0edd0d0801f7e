//! Who writes findings, or says something of them, has the tenant's turn.

use crate::{StoreError, TenantTx};

/// Waits for it; it is kept up to the end of the transaction.
pub(super) async fn take(tx: &mut TenantTx) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('custody.findings.' || $1::text, 0))")
        .bind(tx.tenant().0)
        .execute(tx.connection())
        .await?;
    Ok(())
}
