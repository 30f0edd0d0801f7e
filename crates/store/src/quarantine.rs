//! The table `quarantine`: what could not become an entry, sealed whole, under a quota.

mod list;
mod take;
mod trail;
mod usage;

use chrono::{DateTime, Utc};
use custody_domain::QuarantineId;
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, postgres::PgRow, types::Json};
use uuid::Uuid;

pub use self::{
    list::{Filter, page, walk},
    take::take,
    trail::{Replayed, dropped, replayed, shown},
    usage::refund,
};
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
    /// Of what is kept.
    pub size_bytes: u64,
    /// Of the item as received, where only its beginning is kept.
    pub sent_bytes: Option<u64>,
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
    /// Of what is kept.
    pub size_bytes: u64,
    /// Of the item as received, where only its beginning is kept.
    pub sent_bytes: Option<u64>,
}

/// What [`read`] reads.
const COLUMNS: &str = "id, received_at, reason, errors, source_format, recorded_by, size_bytes, sent_bytes";

/// Keeps an item within the quota. An item that is there already costs nothing.
pub async fn keep(tx: &mut TenantTx, item: &NewItem<'_>, quota: Quota) -> Result<Kept, StoreError> {
    if let Some(id) = find(tx, item.fp16).await? {
        return Ok(Kept::Known(id));
    }
    if !usage::charge(tx, item.size_bytes, quota).await? {
        return Ok(Kept::Full);
    }
    // The usage row is locked now, so whoever kept the same item meanwhile has committed.
    if let Some(id) = find(tx, item.fp16).await? {
        refund(tx, 1, item.size_bytes).await?;
        return Ok(Kept::Known(id));
    }
    let id = QuarantineId(Uuid::now_v7());
    sqlx::query(
        "INSERT INTO quarantine
             (tenant_id, id, fp16, reason, errors, source_format, recorded_by, size_bytes, sealed, sent_bytes)
         VALUES ($1, $2, $3, $4, $5::json, $6, $7::json, $8, $9, $10)",
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
    .bind(item.sent_bytes.map(signed).transpose()?)
    .execute(tx.connection())
    .await?;
    Ok(Kept::New(id))
}

pub async fn get(tx: &mut TenantTx, id: QuarantineId) -> Result<Option<Item>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM quarantine WHERE tenant_id = $1 AND id = $2");
    sqlx::query(sqlx::AssertSqlSafe(sql))
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
        sent_bytes: row.try_get::<Option<i64>, _>("sent_bytes")?.map(unsigned).transpose()?,
    })
}
