//! What a tenant's quarantine holds. One row, so that the quota costs no count.

use std::collections::HashMap;

use custody_domain::QuarantineId;
use sqlx::Row as _;
use uuid::Uuid;

use super::Quota;
use crate::{
    StoreError, TenantTx,
    heads::{signed, unsigned},
};

/// What a tenant's quarantine holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    pub items: u64,
    pub bytes: u64,
    /// Those of the items that were asked for which are there, by their fingerprints.
    pub known: HashMap<[u8; 16], QuarantineId>,
}

impl Holding {
    /// Counts another item in, if the quota allows it.
    pub fn charge(&mut self, size_bytes: u64, quota: Quota) -> bool {
        let (items, bytes) = (self.items.saturating_add(1), self.bytes.saturating_add(size_bytes));
        let fits = items <= quota.items_max && bytes <= quota.bytes_max;
        if fits {
            (self.items, self.bytes) = (items, bytes);
        }
        fits
    }
}

/// One round trip.
pub async fn holding(tx: &mut TenantTx, fingerprints: &[[u8; 16]]) -> Result<Holding, StoreError> {
    // Without a row there, nothing was ever kept.
    let rows = sqlx::query(
        "SELECT u.items, u.bytes, q.fp16, q.id FROM quarantine_usage u
         LEFT JOIN quarantine q ON q.tenant_id = u.tenant_id AND q.fp16 = ANY ($2)
         WHERE u.tenant_id = $1",
    )
    .bind(tx.tenant().0)
    .bind(fingerprints.iter().map(<[u8; 16]>::as_slice).collect::<Vec<_>>())
    .fetch_all(tx.connection())
    .await?;
    let mut holding = Holding::default();
    for row in &rows {
        holding.items = unsigned(row.try_get("items")?)?;
        holding.bytes = unsigned(row.try_get("bytes")?)?;
        if let Some(id) = row.try_get::<Option<Uuid>, _>("id")? {
            let fp16 = row.try_get::<&[u8], _>("fp16")?.try_into();
            let fp16 = fp16.map_err(|_| StoreError::unexpected("a fingerprint is not 16 bytes"))?;
            holding.known.insert(fp16, QuarantineId(id));
        }
    }
    Ok(holding)
}

/// Locks the usage until the transaction ends: whoever would keep something waits. One round trip, but
/// for a tenant's first items. No UPDATE that changes nothing: one of a row that this transaction wrote
/// itself looks its foreign key up again, which costs more than all else here.
pub(super) async fn lock(tx: &mut TenantTx) -> Result<(), StoreError> {
    if locked(tx).await? {
        return Ok(());
    }
    sqlx::query("INSERT INTO quarantine_usage (tenant_id) VALUES ($1) ON CONFLICT (tenant_id) DO NOTHING")
        .bind(tx.tenant().0)
        .execute(tx.connection())
        .await?;
    if locked(tx).await? { Ok(()) } else { Err(StoreError::unexpected("a quarantine's usage is gone")) }
}

/// False where there is no such row yet.
async fn locked(tx: &mut TenantTx) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT FROM quarantine_usage WHERE tenant_id = $1 FOR UPDATE")
        .bind(tx.tenant().0)
        .fetch_optional(tx.connection())
        .await?;
    Ok(row.is_some())
}

/// Adds items to the usage, which is locked.
pub(super) async fn add(tx: &mut TenantTx, items: u64, bytes: u64) -> Result<(), StoreError> {
    change(tx, signed(items)?, signed(bytes)?).await
}

/// Takes items off the usage: those that [`super::take`] took out in the same transaction. The last
/// thing that a transaction does there, because keeping waits for this row, and never has it while it
/// waits for an item's.
pub async fn refund(tx: &mut TenantTx, items: u64, bytes: u64) -> Result<(), StoreError> {
    change(tx, -signed(items)?, -signed(bytes)?).await
}

async fn change(tx: &mut TenantTx, items: i64, bytes: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE quarantine_usage SET items = items + $2, bytes = bytes + $3 WHERE tenant_id = $1")
        .bind(tx.tenant().0)
        .bind(items)
        .bind(bytes)
        .execute(tx.connection())
        .await?;
    Ok(())
}
