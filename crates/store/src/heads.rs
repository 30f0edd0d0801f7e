//! The table `heads`: where each tenant's log ends. Its row's lock is what makes appends to one
//! tenant follow each other.

use chrono::{DateTime, Utc};
use custody_domain::{EntryId, TenantId};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{StoreError, SystemTx, TenantTx, WriterTx};

/// Where a tenant's log ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Rises when a restore may have lost entries.
    pub epoch: u32,
    /// Entries in the log, which is the next entry's `seq`.
    pub size: u64,
    pub last_id: Option<EntryId>,
}

/// A head that nobody else can move until the transaction ends.
#[derive(Clone, Copy, Debug)]
pub struct LockedHead {
    pub tenant: TenantId,
    pub head: Head,
    /// The database's clock, which is the log's.
    pub now: DateTime<Utc>,
}

/// Makes a new tenant's head, in the transaction that makes the tenant.
pub async fn create(tx: &mut SystemTx, tenant: TenantId) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO heads (tenant_id) VALUES ($1)").bind(tenant.0).execute(tx.connection()).await?;
    Ok(())
}

/// Locks the head. Never lock two in one transaction but in the tenants' order.
pub async fn lock(tx: &mut WriterTx, tenant: TenantId) -> Result<LockedHead, StoreError> {
    let row = sqlx::query(
        "SELECT epoch, size, last_id, clock_timestamp() AS now FROM heads
         WHERE tenant_id = $1 FOR UPDATE",
    )
    .bind(tenant.0)
    .fetch_one(tx.connection())
    .await?;
    Ok(LockedHead { tenant, head: head(&row)?, now: row.try_get("now")? })
}

/// Moves a locked head past the entries that were written.
pub async fn advance(
    tx: &mut WriterTx,
    locked: &LockedHead,
    count: u64,
    last_id: EntryId,
) -> Result<(), StoreError> {
    let moved = sqlx::query("UPDATE heads SET size = $2, last_id = $3 WHERE tenant_id = $1 AND size = $4")
        .bind(locked.tenant.0)
        .bind(signed(locked.head.size + count)?)
        .bind(last_id.0)
        .bind(signed(locked.head.size)?)
        .execute(tx.connection())
        .await?
        .rows_affected();
    if moved == 1 { Ok(()) } else { Err(StoreError::unexpected("a locked head has moved")) }
}

/// The head of the transaction's tenant.
pub async fn read(tx: &mut TenantTx) -> Result<Head, StoreError> {
    let row = sqlx::query("SELECT epoch, size, last_id FROM heads WHERE tenant_id = $1")
        .bind(tx.tenant().0)
        .fetch_one(tx.connection())
        .await?;
    head(&row)
}

/// Every tenant's log size, in the tenants' order: how followers find what moved.
pub async fn sizes(tx: &mut SystemTx) -> Result<Vec<(TenantId, u64)>, StoreError> {
    sqlx::query("SELECT tenant_id, size FROM heads ORDER BY tenant_id")
        .fetch_all(tx.connection())
        .await?
        .iter()
        .map(|row| Ok((TenantId(row.try_get("tenant_id")?), unsigned(row.try_get("size")?)?)))
        .collect()
}

fn head(row: &PgRow) -> Result<Head, StoreError> {
    Ok(Head {
        epoch: u32::try_from(row.try_get::<i32, _>("epoch")?)
            .map_err(|_| StoreError::unexpected("a negative epoch"))?,
        size: unsigned(row.try_get("size")?)?,
        last_id: row.try_get::<Option<Uuid>, _>("last_id")?.map(EntryId),
    })
}

/// PostgreSQL's bigint has a sign, which our counts have not.
pub(crate) fn signed(count: u64) -> Result<i64, StoreError> {
    i64::try_from(count).map_err(|_| StoreError::unexpected("a count beyond a bigint"))
}

pub(crate) fn unsigned(count: i64) -> Result<u64, StoreError> {
    u64::try_from(count).map_err(|_| StoreError::unexpected("a negative count"))
}
