//! The table `anchors`: the checkpoints that were written to the object store, where the database's owner
//! has no hand in them.

use chrono::{DateTime, Utc};
use custody_auth::Scope;
use custody_domain::{Hash, Severity};
use serde_json::json;
use sqlx::{Row as _, postgres::PgRow};

use crate::{
    StoreError, TenantTx,
    audit_outbox::{self, Change},
    checkpoints::{self, CheckpointRow},
    columns,
    heads::{signed, unsigned},
    trees::{epoch, epoch_column},
};

/// An anchor of the transaction's tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    pub epoch: u32,
    pub size: u64,
    pub root: Hash,
    /// Of the object.
    pub key: String,
    pub sha256: Hash,
    pub anchored_at: DateTime<Utc>,
    /// The object store holds it until then.
    pub locked_until: Option<DateTime<Utc>>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAnchor {
    /// Of which the object is the note.
    pub checkpoint: CheckpointRow,
    pub key: String,
    pub sha256: Hash,
    pub locked_until: Option<DateTime<Utc>>,
}

/// Notes an anchor, and keeps its checkpoint; once more changes nothing.
pub async fn record(tx: &mut TenantTx, anchor: &NewAnchor) -> Result<(), StoreError> {
    let CheckpointRow { epoch, size, root, .. } = &anchor.checkpoint;
    sqlx::query(
        "INSERT INTO anchors (tenant_id, epoch, size, root, key, sha256, locked_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(tx.tenant().0)
    .bind(epoch_column(*epoch)?)
    .bind(signed(*size)?)
    .bind(root.as_slice())
    .bind(&anchor.key)
    .bind(anchor.sha256.as_slice())
    .bind(anchor.locked_until)
    .execute(tx.connection())
    .await?;
    checkpoints::keep_for(tx, &anchor.checkpoint, "anchor").await
}

/// Tells the log that the object of this size says something else than the log does.
pub async fn mismatch(
    tx: &mut TenantTx,
    scope: &Scope,
    checkpoint: &CheckpointRow,
    key: &str,
    found: Option<&Hash>,
) -> Result<(), StoreError> {
    let change = Change::by(scope, "custody.anchor.mismatch")
        .on("anchor", key, None)
        .failed()
        .severity(Severity::Critical)
        .metadata(json!({
            "epoch": checkpoint.epoch,
            "size": checkpoint.size,
            "root": hex::encode(checkpoint.root),
            "found_sha256": found.map(hex::encode),
        }));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, Utc::now()).await
}

/// Epoch and size of the newest one.
pub async fn newest(tx: &mut TenantTx) -> Result<Option<(u32, u64)>, StoreError> {
    let row = sqlx::query(
        "SELECT epoch, size FROM anchors WHERE tenant_id = $1 ORDER BY epoch DESC, size DESC LIMIT 1",
    )
    .bind(tx.tenant().0)
    .fetch_optional(tx.connection())
    .await?;
    row.map(|row| Ok((epoch(&row)?, unsigned(row.try_get("size")?)?))).transpose()
}

/// At most `limit` by epoch and size, oldest first; from after `after` on.
pub async fn page(
    tx: &mut TenantTx,
    after: Option<(u32, u64)>,
    limit: u32,
) -> Result<Vec<Anchor>, StoreError> {
    let (after_epoch, after_size) = match after {
        Some((epoch, size)) => (epoch_column(epoch)?, signed(size)?),
        None => (-1, -1),
    };
    sqlx::query(
        "SELECT epoch, size, root, key, sha256, anchored_at, locked_until FROM anchors
         WHERE tenant_id = $1 AND (epoch, size) > ($2, $3) ORDER BY epoch, size LIMIT $4",
    )
    .bind(tx.tenant().0)
    .bind(after_epoch)
    .bind(after_size)
    .bind(i64::from(limit))
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(anchor)
    .collect()
}

fn anchor(row: &PgRow) -> Result<Anchor, StoreError> {
    Ok(Anchor {
        epoch: epoch(row)?,
        size: unsigned(row.try_get("size")?)?,
        root: columns::bytes32(row, "root")?,
        key: row.try_get("key")?,
        sha256: columns::bytes32(row, "sha256")?,
        anchored_at: row.try_get("anchored_at")?,
        locked_until: row.try_get("locked_until")?,
    })
}
