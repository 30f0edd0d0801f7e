//! What a tenant's quarantine holds. One row, so that the quota costs no count.

use super::Quota;
use crate::{StoreError, TenantTx, heads::signed};

/// Adds an item to the usage if the quota allows it, and locks the usage either way.
pub(super) async fn charge(tx: &mut TenantTx, size_bytes: u64, quota: Quota) -> Result<bool, StoreError> {
    let tenant = tx.tenant().0;
    sqlx::query("INSERT INTO quarantine_usage (tenant_id) VALUES ($1) ON CONFLICT (tenant_id) DO NOTHING")
        .bind(tenant)
        .execute(tx.connection())
        .await?;
    let changed = sqlx::query(
        "UPDATE quarantine_usage SET items = items + 1, bytes = bytes + $2
         WHERE tenant_id = $1 AND items + 1 <= $3 AND bytes + $2 <= $4",
    )
    .bind(tenant)
    .bind(signed(size_bytes)?)
    .bind(i64::try_from(quota.items_max).unwrap_or(i64::MAX))
    .bind(i64::try_from(quota.bytes_max).unwrap_or(i64::MAX))
    .execute(tx.connection())
    .await?
    .rows_affected();
    Ok(changed == 1)
}

/// Takes items off the usage: those that [`super::take`] took out in the same transaction. The last
/// thing that a transaction does there, because keeping waits for this row, and never has it while it
/// waits for an item's.
pub async fn refund(tx: &mut TenantTx, items: u64, bytes: u64) -> Result<(), StoreError> {
    sqlx::query("UPDATE quarantine_usage SET items = items - $2, bytes = bytes - $3 WHERE tenant_id = $1")
        .bind(tx.tenant().0)
        .bind(signed(items)?)
        .bind(signed(bytes)?)
        .execute(tx.connection())
        .await?;
    Ok(())
}
