//! The table `quarantine`: what could not become an entry, sealed whole, under a quota.

mod count;
mod keep;
mod list;
mod take;
mod trail;
mod usage;

use chrono::{DateTime, Utc};
use custody_domain::QuarantineId;
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, postgres::PgRow, types::Json};

pub use self::{
    count::Seen,
    keep::{Kept, NewItem, keep},
    list::{Filter, page, walk},
    take::take,
    trail::{Replayed, dropped, replayed, shown},
    usage::{Holding, holding, refund},
};
use crate::{StoreError, TenantTx, heads::unsigned};

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

/// An item that was kept, without its bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub id: QuarantineId,
    /// The first time.
    pub received_at: DateTime<Utc>,
    pub last_received_at: DateTime<Utc>,
    /// How often it was received.
    pub times: u64,
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
const COLUMNS: &str = "id, received_at, coalesce(last_received_at, received_at) AS last_received_at, times, \
    reason, errors, source_format, recorded_by, size_bytes, sent_bytes";

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

fn read(row: &PgRow) -> Result<Item, StoreError> {
    let Json(errors) = row.try_get::<Json<Vec<ItemError>>, _>("errors")?;
    let Json(recorded_by) = row.try_get("recorded_by")?;
    Ok(Item {
        id: QuarantineId(row.try_get("id")?),
        received_at: row.try_get("received_at")?,
        last_received_at: row.try_get("last_received_at")?,
        times: unsigned(row.try_get("times")?)?,
        reason: row.try_get("reason")?,
        errors,
        source_format: row.try_get("source_format")?,
        recorded_by,
        size_bytes: unsigned(row.try_get("size_bytes")?)?,
        sent_bytes: row.try_get::<Option<i64>, _>("sent_bytes")?.map(unsigned).transpose()?,
    })
}
