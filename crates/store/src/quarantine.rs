//! The table `quarantine`: what could not become an entry, sealed whole, under a quota.

use chrono::{DateTime, Utc};
use custody_domain::QuarantineId;
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, postgres::PgRow, types::Json};
use uuid::Uuid;

use crate::{
    StoreError, TenantTx,
    audit_outbox::json_text,
    heads::{signed, unsigned},
};

/// What a tenant's quarantine may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub items_max: u64,
    /// Of the items as received.
    pub bytes_max: u64,
}

/// Where an item is wrong, and how; never what it says there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemError {
    /// JSON pointer into the item; empty for the whole.
    pub pointer: String,
    pub detail: String,
}

/// An item to keep.
#[derive(Clone, Debug)]
pub struct NewItem<'a> {
    /// HMAC of the item under the tenant's key.
    pub fp16: [u8; 16],
    /// `schema`, `syntax`, `conflict`, …: small letters and underscores.
    pub reason: &'a str,
    pub errors: &'a [ItemError],
    pub source_format: &'a str,
    /// As in an entry.
    pub recorded_by: serde_json::Value,
    /// Of the item as received.
    pub size_bytes: u64,
    pub sealed: &'a [u8],
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    New(QuarantineId),
    /// The same item was kept before.
    Known(QuarantineId),
    /// The quota is used up; nothing was written.
    Full,
}

/// An item that was kept, without its bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub id: QuarantineId,
    pub received_at: DateTime<Utc>,
    pub reason: String,
    pub errors: Vec<ItemError>,
    pub source_format: String,
    pub recorded_by: serde_json::Value,
    pub size_bytes: u64,
}

const ITEM: &str =
    "SELECT id, received_at, reason, errors, source_format, recorded_by, size_bytes FROM quarantine";

/// Keeps an item within the quota. An item that is there already costs nothing.
pub async fn keep(tx: &mut TenantTx, item: &NewItem<'_>, quota: Quota) -> Result<Kept, StoreError> {
    if let Some(id) = find(tx, item.fp16).await? {
        return Ok(Kept::Known(id));
    }
    if !charge(tx, item.size_bytes, quota).await? {
        return Ok(Kept::Full);
    }
    // The usage row is locked now, so whoever kept the same item meanwhile has committed.
    if let Some(id) = find(tx, item.fp16).await? {
        refund(tx, item.size_bytes).await?;
        return Ok(Kept::Known(id));
    }
    let id = QuarantineId(Uuid::now_v7());
    sqlx::query(
        "INSERT INTO quarantine
             (tenant_id, id, fp16, reason, errors, source_format, recorded_by, size_bytes, sealed)
         VALUES ($1, $2, $3, $4, $5::json, $6, $7::json, $8, $9)",
    )
    .bind(tx.tenant().0)
    .bind(id.0)
    .bind(item.fp16.as_slice())
    .bind(item.reason)
    .bind(json_text(&item.errors)?)
    .bind(item.source_format)
    .bind(json_text(&item.recorded_by)?)
    .bind(signed(item.size_bytes)?)
    .bind(item.sealed)
    .execute(tx.connection())
    .await?;
    Ok(Kept::New(id))
}

/// Newest first, those before `before`.
pub async fn page(
    tx: &mut TenantTx,
    before: Option<QuarantineId>,
    limit: u32,
) -> Result<Vec<Item>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "{ITEM} WHERE tenant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
    )))
    .bind(tx.tenant().0)
    .bind(before.map_or(Uuid::max(), |id| id.0))
    .bind(i64::from(limit))
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(read)
    .collect()
}

pub async fn get(tx: &mut TenantTx, id: QuarantineId) -> Result<Option<Item>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!("{ITEM} WHERE tenant_id = $1 AND id = $2")))
        .bind(tx.tenant().0)
        .bind(id.0)
        .fetch_optional(tx.connection())
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// The sealed bytes of an item.
pub async fn sealed(tx: &mut TenantTx, id: QuarantineId) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(sqlx::query_scalar("SELECT sealed FROM quarantine WHERE tenant_id = $1 AND id = $2")
        .bind(tx.tenant().0)
        .bind(id.0)
        .fetch_optional(tx.connection())
        .await?)
}

async fn find(tx: &mut TenantTx, fp16: [u8; 16]) -> Result<Option<QuarantineId>, StoreError> {
    let id: Option<Uuid> = sqlx::query_scalar("SELECT id FROM quarantine WHERE tenant_id = $1 AND fp16 = $2")
        .bind(tx.tenant().0)
        .bind(fp16.as_slice())
        .fetch_optional(tx.connection())
        .await?;
    Ok(id.map(QuarantineId))
}

/// Adds an item to the usage if the quota allows it, and locks the usage either way.
async fn charge(tx: &mut TenantTx, size_bytes: u64, quota: Quota) -> Result<bool, StoreError> {
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

async fn refund(tx: &mut TenantTx, size_bytes: u64) -> Result<(), StoreError> {
    sqlx::query("UPDATE quarantine_usage SET items = items - 1, bytes = bytes - $2 WHERE tenant_id = $1")
        .bind(tx.tenant().0)
        .bind(signed(size_bytes)?)
        .execute(tx.connection())
        .await?;
    Ok(())
}

fn read(row: &PgRow) -> Result<Item, StoreError> {
    let Json(errors) = row.try_get::<Json<Vec<ItemError>>, _>("errors")?;
    let Json(recorded_by) = row.try_get("recorded_by")?;
    Ok(Item {
        id: QuarantineId(row.try_get("id")?),
        received_at: row.try_get("received_at")?,
        reason: row.try_get("reason")?,
        errors,
        source_format: row.try_get("source_format")?,
        recorded_by,
        size_bytes: unsigned(row.try_get("size_bytes")?)?,
    })
}
