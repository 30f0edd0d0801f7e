//! The table `trees`: the newest checkpoint of each tenant's log, and what the next one is made from.

use chrono::{DateTime, Utc};
use custody_domain::{Hash, TenantId};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    FencedTx, StoreError, SystemTx, TenantTx, columns,
    heads::{signed, unsigned},
};

/// A tree as it was signed last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeRow {
    pub tenant: TenantId,
    pub epoch: u32,
    pub size: u64,
    pub root: Hash,
    /// Roots of the complete subtrees, from the left, 32 bytes each.
    pub frontier: Vec<u8>,
    /// The signed note.
    pub note: String,
    pub made_at: DateTime<Utc>,
}

/// A tree to take the place of the one before.
#[derive(Clone, Debug)]
pub struct NewTree {
    pub tenant: TenantId,
    pub epoch: u32,
    /// The size of the one before; 0 where there is none.
    pub size_before: u64,
    pub size: u64,
    pub root: Hash,
    pub frontier: Vec<u8>,
    pub note: String,
}

/// The trees of these tenants, as far as they have one.
pub async fn of_tenants(tx: &mut SystemTx, tenants: &[TenantId]) -> Result<Vec<TreeRow>, StoreError> {
    let tenants: Vec<_> = tenants.iter().map(|tenant| tenant.0).collect();
    sqlx::query(
        "SELECT tenant_id, epoch, size, root, frontier, note, made_at FROM trees WHERE tenant_id = ANY ($1)",
    )
    .bind(tenants)
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(tree)
    .collect()
}

/// The tree of the transaction's tenant.
pub async fn read(tx: &mut TenantTx) -> Result<Option<TreeRow>, StoreError> {
    sqlx::query(
        "SELECT tenant_id, epoch, size, root, frontier, note, made_at FROM trees WHERE tenant_id = $1",
    )
    .bind(tx.tenant().0)
    .fetch_optional(tx.connection())
    .await?
    .as_ref()
    .map(tree)
    .transpose()
}

/// Puts the trees in their places, and keeps the first checkpoint of each hour. An error where one
/// was not made from what is there: then somebody else has moved it.
pub async fn put(tx: &mut FencedTx, trees: &[NewTree]) -> Result<(), StoreError> {
    let tenants: Vec<_> = trees.iter().map(|tree| tree.tenant.0).collect();
    let epochs = trees.iter().map(|tree| epoch_column(tree.epoch)).collect::<Result<Vec<_>, _>>()?;
    let before = trees.iter().map(|tree| signed(tree.size_before)).collect::<Result<Vec<_>, _>>()?;
    let sizes = trees.iter().map(|tree| signed(tree.size)).collect::<Result<Vec<_>, _>>()?;
    let roots: Vec<&[u8]> = trees.iter().map(|tree| tree.root.as_slice()).collect();
    let notes: Vec<&str> = trees.iter().map(|tree| tree.note.as_str()).collect();
    let frontiers: Vec<&[u8]> = trees.iter().map(|tree| tree.frontier.as_slice()).collect();
    let put = sqlx::query(
        "INSERT INTO trees (tenant_id, epoch, size_before, size, root, note, frontier, made_at, hour,
             first_of_hour)
         SELECT *, now(), date_trunc('hour', now(), 'UTC'), true
         FROM unnest($1::uuid[], $2::integer[], $3::bigint[], $4::bigint[], $5::bytea[], $6::text[],
             $7::bytea[])
         ON CONFLICT (tenant_id) DO UPDATE SET epoch = excluded.epoch, size_before = excluded.size_before,
             size = excluded.size, root = excluded.root, note = excluded.note,
             frontier = excluded.frontier, made_at = excluded.made_at, hour = excluded.hour,
             first_of_hour = (trees.epoch, trees.hour) <> (excluded.epoch, excluded.hour)
         WHERE trees.size = excluded.size_before AND trees.epoch <= excluded.epoch
         RETURNING tenant_id, first_of_hour",
    )
    .bind(tenants)
    .bind(epochs)
    .bind(before)
    .bind(sizes)
    .bind(roots)
    .bind(notes)
    .bind(frontiers)
    .fetch_all(tx.connection())
    .await?;
    if put.len() != trees.len() {
        return Err(StoreError::unexpected("a tree was moved by somebody else"));
    }
    let mut first_of_hour = Vec::new();
    for row in &put {
        if row.try_get("first_of_hour")? {
            first_of_hour.push(TenantId(row.try_get("tenant_id")?));
        }
    }
    keep(tx, &first_of_hour, "hour").await
}

/// Keeps the last checkpoint of each log whose epoch is about to be followed by another.
pub async fn keep_epochs(tx: &mut FencedTx, tenants: &[TenantId]) -> Result<(), StoreError> {
    keep(tx, tenants, "epoch").await
}

async fn keep(tx: &mut FencedTx, tenants: &[TenantId], kept_for: &str) -> Result<(), StoreError> {
    if tenants.is_empty() {
        return Ok(());
    }
    let tenants: Vec<_> = tenants.iter().map(|tenant| tenant.0).collect();
    sqlx::query(
        "INSERT INTO checkpoints (tenant_id, epoch, size, root, note, made_at, kept_for)
         SELECT tenant_id, epoch, size, root, note, made_at, $2 FROM trees WHERE tenant_id = ANY ($1)
         ON CONFLICT DO NOTHING",
    )
    .bind(tenants)
    .bind(kept_for)
    .execute(tx.connection())
    .await?;
    Ok(())
}

fn tree(row: &PgRow) -> Result<TreeRow, StoreError> {
    Ok(TreeRow {
        tenant: TenantId(row.try_get::<Uuid, _>("tenant_id")?),
        epoch: epoch(row)?,
        size: unsigned(row.try_get("size")?)?,
        root: columns::bytes32(row, "root")?,
        frontier: row.try_get("frontier")?,
        note: row.try_get("note")?,
        made_at: row.try_get("made_at")?,
    })
}

pub(crate) fn epoch(row: &PgRow) -> Result<u32, StoreError> {
    u32::try_from(row.try_get::<i32, _>("epoch")?).map_err(|_| StoreError::unexpected("a negative epoch"))
}

pub(crate) fn epoch_column(epoch: u32) -> Result<i32, StoreError> {
    i32::try_from(epoch).map_err(|_| StoreError::unexpected("an epoch beyond an integer"))
}
