//! The table `checkpoints`: those that are kept for good, one an hour and each that was handed to
//! somebody, so that what the log once said of itself can be held against it.

use chrono::{DateTime, Utc};
use custody_domain::Hash;
use sqlx::{Row as _, postgres::PgRow};

use crate::{
    StoreError, TenantTx, columns,
    heads::{signed, unsigned},
    trees::{epoch, epoch_column},
};

/// A checkpoint of the transaction's tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRow {
    pub epoch: u32,
    pub size: u64,
    pub root: Hash,
    /// The signed note.
    pub note: String,
    pub made_at: DateTime<Utc>,
}

/// Keeps a checkpoint that is about to be handed out; one of this size that is kept already stays as
/// it is.
pub async fn keep(tx: &mut TenantTx, checkpoint: &CheckpointRow) -> Result<(), StoreError> {
    keep_for(tx, checkpoint, "asked").await
}

pub(crate) async fn keep_for(
    tx: &mut TenantTx,
    checkpoint: &CheckpointRow,
    kept_for: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO checkpoints (tenant_id, epoch, size, root, note, made_at, kept_for)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(tx.tenant().0)
    .bind(epoch_column(checkpoint.epoch)?)
    .bind(signed(checkpoint.size)?)
    .bind(checkpoint.root.as_slice())
    .bind(&checkpoint.note)
    .bind(checkpoint.made_at)
    .bind(kept_for)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// At most `limit` of those that are kept, by epoch and size, oldest first; from after `after` on.
pub async fn page(
    tx: &mut TenantTx,
    after: Option<(u32, u64)>,
    limit: u32,
) -> Result<Vec<CheckpointRow>, StoreError> {
    let (after_epoch, after_size) = match after {
        Some((epoch, size)) => (epoch_column(epoch)?, signed(size)?),
        None => (-1, -1),
    };
    sqlx::query(
        "SELECT epoch, size, root, note, made_at FROM checkpoints
         WHERE tenant_id = $1 AND (epoch, size) > ($2, $3) ORDER BY epoch, size LIMIT $4",
    )
    .bind(tx.tenant().0)
    .bind(after_epoch)
    .bind(after_size)
    .bind(i64::from(limit))
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(checkpoint)
    .collect()
}

fn checkpoint(row: &PgRow) -> Result<CheckpointRow, StoreError> {
    Ok(CheckpointRow {
        epoch: epoch(row)?,
        size: unsigned(row.try_get("size")?)?,
        root: columns::bytes32(row, "root")?,
        note: row.try_get("note")?,
        made_at: row.try_get("made_at")?,
    })
}
