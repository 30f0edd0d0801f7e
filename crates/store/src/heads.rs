//! The table `heads`: where each tenant's log ends. Its row's lock is what makes appends to one
//! tenant follow each other.

use chrono::{DateTime, Utc};
use custody_domain::{EntryId, TenantId};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{Store, StoreError, SystemTx, TenantTx, WriterTx, literal::array};

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
    /// The database's clock, which is the log's, after all heads of the transaction were locked.
    pub now: DateTime<Utc>,
}

/// A locked head, past the entries that were written.
#[derive(Clone, Copy, Debug)]
pub struct Advance {
    pub tenant: TenantId,
    /// Of the head as it was locked.
    pub size: u64,
    /// Entries written, at least one.
    pub count: u64,
    pub last_id: EntryId,
}

/// Makes a new tenant's head, in the transaction that makes the tenant.
pub async fn create(tx: &mut SystemTx, tenant: TenantId) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO heads (tenant_id) VALUES ($1)").bind(tenant.0).execute(tx.connection()).await?;
    Ok(())
}

/// Begins a transaction of the writer's with the heads of these tenants locked, in one round trip.
/// `tenants` in their order, each once; one that has no head is left out of the answer. An error
/// where a head could not be had in time ([`StoreError::is_lock_timeout`]).
pub async fn lock(store: &Store, tenants: &[TenantId]) -> Result<(WriterTx, Vec<LockedHead>), StoreError> {
    debug_assert!(tenants.is_sorted_by(|a, b| a < b), "locked out of order, two would wait for each other");
    let tenants = array(tenants.iter().map(|tenant| tenant.0));
    let (tx, rows) =
        store.writer_tx_asking(&format!("SELECT * FROM custody_lock_heads({tenants}::uuid[])")).await?;
    let now = rows.last().map(|row| row.try_get::<i64, _>("now_us")).transpose()?.unwrap_or_default();
    let now = DateTime::from_timestamp_micros(now)
        .ok_or_else(|| StoreError::unexpected("a clock out of all bounds"))?;
    let heads = rows
        .iter()
        .map(|row| Ok(LockedHead { tenant: TenantId(row.try_get("tenant_id")?), head: head(row)?, now }))
        .collect::<Result<_, StoreError>>()?;
    Ok((tx, heads))
}

/// Moves locked heads. Empty where there are none, else ends with a semicolon.
pub(crate) fn advance_statement(advances: &[Advance]) -> Result<String, StoreError> {
    if advances.is_empty() {
        return Ok(String::new());
    }
    let tenants = array(advances.iter().map(|a| a.tenant.0));
    let last_ids = array(advances.iter().map(|a| a.last_id.0));
    let (mut sizes, mut counts) = (Vec::new(), Vec::new());
    for advance in advances {
        sizes.push(signed(advance.size)?);
        counts.push(signed(advance.count)?);
    }
    let (sizes, counts) = (array(sizes), array(counts));
    Ok(format!(
        "SELECT custody_advance_heads({tenants}::uuid[], {sizes}::bigint[], {counts}::bigint[], \
         {last_ids}::uuid[]); "
    ))
}

/// The head of the transaction's tenant.
pub async fn read(tx: &mut TenantTx) -> Result<Head, StoreError> {
    let row = sqlx::query("SELECT epoch, size, last_id FROM heads WHERE tenant_id = $1")
        .bind(tx.tenant().0)
        .fetch_one(tx.connection())
        .await?;
    head(&row)
}

/// The heads of these tenants, in no order.
pub async fn of(tx: &mut SystemTx, tenants: &[TenantId]) -> Result<Vec<(TenantId, Head)>, StoreError> {
    let tenants: Vec<_> = tenants.iter().map(|tenant| tenant.0).collect();
    sqlx::query("SELECT tenant_id, epoch, size, last_id FROM heads WHERE tenant_id = ANY ($1)")
        .bind(tenants)
        .fetch_all(tx.connection())
        .await?
        .iter()
        .map(|row| Ok((TenantId(row.try_get("tenant_id")?), head(row)?)))
        .collect()
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
