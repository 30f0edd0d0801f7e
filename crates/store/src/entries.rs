//! The table `entries`: copied into a day's partition by the writer, read through its root by the
//! app role, redacted by the reaper.

use chrono::NaiveDate;
use custody_domain::{EntryId, TenantId, columns::Columns};
use sqlx::{AssertSqlSafe, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    ReaperTx, StoreError, TenantTx, WriterTx, connection::CopyError, copy::Chunks, heads::unsigned,
    partitions,
};

mod copy;
mod literal;

pub(crate) use literal::insert_statement;

/// A row to write: what filters need, and the bytes that are proven.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    pub tenant: TenantId,
    pub id: EntryId,
    pub seq: u64,
    pub columns: &'a Columns,
    pub leaf_hash: &'a [u8; 32],
    /// Compressed.
    pub body: &'a [u8],
}

/// A row as it lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    pub tenant_id: TenantId,
    pub id: EntryId,
    pub seq: u64,
    pub leaf_hash: [u8; 32],
    /// Compressed.
    pub body: Vec<u8>,
}

/// The order of a page; ids are the log's order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    NewestFirst,
    OldestFirst,
}

/// Ids strictly between two bounds; `None` is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    pub after: Option<EntryId>,
    pub before: Option<EntryId>,
}

impl Range {
    pub fn holds(&self, id: EntryId) -> bool {
        self.after.is_none_or(|after| id > after) && self.before.is_none_or(|before| id < before)
    }

    /// What is left of it after all up to `id` was looked at, in this order.
    pub fn beyond(self, order: Order, id: EntryId) -> Self {
        match order {
            Order::NewestFirst => {
                Self { before: Some(self.before.map_or(id, |before| before.min(id))), ..self }
            }
            Order::OldestFirst => Self { after: self.after.max(Some(id)), ..self },
        }
    }
}

/// Copies the rows, of any tenants but all of one day, into that day's partition. COPY into the root
/// is refused under row security; partitions carry no policy.
pub async fn copy(tx: &mut WriterTx, day: NaiveDate, rows: &[NewEntry<'_>]) -> Result<(), StoreError> {
    let statement = copy::statement(&partitions::name(day));
    let mut stream = Chunks::new(rows, copy::write_row);
    let written = tx.connection().copy_in(&statement, |chunk| stream.fill(chunk)).await;
    let written = written.map_err(|error| match error {
        CopyError::Chunk(error) => error,
        CopyError::Database(error) => no_partition(error, day),
    })?;
    if written == stream.rows() { Ok(()) } else { Err(StoreError::unexpected("not every entry was written")) }
}

pub async fn get(tx: &mut TenantTx, id: EntryId) -> Result<Option<EntryRow>, StoreError> {
    sqlx::query("SELECT tenant_id, id, seq, leaf_hash, body FROM entries WHERE tenant_id = $1 AND id = $2")
        .bind(tx.tenant().0)
        .bind(id.0)
        .fetch_optional(tx.connection())
        .await?
        .as_ref()
        .map(entry)
        .transpose()
}

/// Those of these that there are, in no order.
pub async fn several(tx: &mut TenantTx, ids: &[EntryId]) -> Result<Vec<EntryRow>, StoreError> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    // One by one, as in `places`.
    sqlx::query(
        "SELECT e.* FROM unnest($2::uuid[]) AS wanted (id)
         CROSS JOIN LATERAL (
             SELECT tenant_id, id, seq, leaf_hash, body FROM entries
             WHERE tenant_id = $1 AND entries.id = wanted.id LIMIT 1
         ) AS e",
    )
    .bind(tx.tenant().0)
    .bind(ids)
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(entry)
    .collect()
}

pub async fn page(
    tx: &mut TenantTx,
    range: Range,
    order: Order,
    limit: u32,
) -> Result<Vec<EntryRow>, StoreError> {
    let direction = match order {
        Order::NewestFirst => "DESC",
        Order::OldestFirst => "ASC",
    };
    // Open bounds are the least and the greatest UUID, so that the statement is one of two.
    sqlx::query(AssertSqlSafe(format!(
        "SELECT tenant_id, id, seq, leaf_hash, body FROM entries
         WHERE tenant_id = $1 AND id > $2 AND id < $3 ORDER BY id {direction} LIMIT $4"
    )))
    .bind(tx.tenant().0)
    .bind(range.after.map_or(Uuid::nil(), |id| id.0))
    .bind(range.before.map_or(Uuid::max(), |id| id.0))
    .bind(i64::from(limit))
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(entry)
    .collect()
}

/// Where these entries stand, in no order.
pub async fn places(
    tx: &mut TenantTx,
    ids: &[EntryId],
) -> Result<Vec<(EntryId, (u64, [u8; 32]))>, StoreError> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    // One by one, which LIMIT makes sure of: `id = ANY` may be planned as a filter on all of the tenant's.
    sqlx::query(
        "SELECT e.id, e.seq, e.leaf_hash FROM unnest($2::uuid[]) AS wanted (id)
         CROSS JOIN LATERAL (
             SELECT id, seq, leaf_hash FROM entries WHERE tenant_id = $1 AND entries.id = wanted.id LIMIT 1
         ) AS e",
    )
    .bind(tx.tenant().0)
    .bind(ids)
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(|row| {
        let place = (unsigned(row.try_get("seq")?)?, hash(row.try_get("leaf_hash")?)?);
        Ok((EntryId(row.try_get("id")?), place))
    })
    .collect()
}

/// Locks an entry that is to be redacted.
pub async fn lock(tx: &mut ReaperTx, id: EntryId) -> Result<EntryRow, StoreError> {
    let row = sqlx::query(
        "SELECT tenant_id, id, seq, leaf_hash, body FROM entries
         WHERE tenant_id = $1 AND id = $2 FOR UPDATE",
    )
    .bind(tx.tenant().0)
    .bind(id.0)
    .fetch_one(tx.connection())
    .await?;
    entry(&row)
}

/// Puts a redacted body in the place of the one before; the leaf stays what it was.
pub async fn redact(
    tx: &mut ReaperTx,
    id: EntryId,
    columns: &Columns,
    body: &[u8],
) -> Result<(), StoreError> {
    let changed = sqlx::query(
        "UPDATE entries SET occurred_at = $3, severity = $4, outcome = $5, ip = $6, action = $7,
             actor_id = $8, actor_type = $9, resource_type = $10, resource_id = $11,
             request_id = $12, session_id = $13, producer_id = $14, producer_seq = $15, body = $16
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tx.tenant().0)
    .bind(id.0)
    .bind(columns.occurred_at)
    .bind(columns.severity)
    .bind(columns.outcome)
    .bind(columns.ip)
    .bind(&columns.action)
    .bind(&columns.actor_id)
    .bind(&columns.actor_type)
    .bind(&columns.resource_type)
    .bind(&columns.resource_id)
    .bind(&columns.request_id)
    .bind(&columns.session_id)
    .bind(&columns.producer_id)
    .bind(columns.producer_seq)
    .bind(body)
    .execute(tx.connection())
    .await?
    .rows_affected();
    if changed == 1 { Ok(()) } else { Err(StoreError::NotFound) }
}

fn entry(row: &PgRow) -> Result<EntryRow, StoreError> {
    Ok(EntryRow {
        tenant_id: TenantId(row.try_get("tenant_id")?),
        id: EntryId(row.try_get("id")?),
        seq: unsigned(row.try_get("seq")?)?,
        leaf_hash: hash(row.try_get("leaf_hash")?)?,
        body: row.try_get("body")?,
    })
}

fn hash(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::unexpected("a leaf hash is not 32 bytes"))
}

pub(crate) fn no_partition(error: sqlx::Error, day: NaiveDate) -> StoreError {
    // undefined_table
    if error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("42P01") {
        metrics::counter!("custody_partitions_missing_total").increment(1);
        return StoreError::NoPartition { day };
    }
    error.into()
}
