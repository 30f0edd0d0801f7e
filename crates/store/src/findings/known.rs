//! What is known of the keys of a batch: in its own scan, in the one before, and as the latest.
//!
//! Keys are looked up one by one, which OFFSET holds the planner to, and no plan is kept: one that was made
//! while the table was empty reads all that the tenant has, once for each key. They are asked for in the
//! order of their ordinals, which one index alone gives without a sort, and sorts are switched off: of a
//! scan that it knows nothing of yet the planner takes `findings_by_scan` for as good.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use custody_domain::{FindingStatus, ScanId};
use sqlx::Row as _;
use uuid::Uuid;

use super::row::word;
use crate::{StoreError, TenantTx};

/// Key and ordinal.
pub(super) type Place = (Uuid, i16);

/// One that this scan has already.
pub(super) struct Mine {
    pub(super) key: Uuid,
    pub(super) ordinal: i16,
    pub(super) id: Uuid,
    pub(super) base_id: Uuid,
    pub(super) body: Vec<u8>,
}

/// The latest of a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latest {
    pub(super) id: Uuid,
    pub(super) scan: Uuid,
    pub(super) first_seen_at: DateTime<Utc>,
    pub(super) last_seen_at: DateTime<Utc>,
}

pub(super) async fn mine(tx: &mut TenantTx, scan: ScanId, keys: &[Uuid]) -> Result<Vec<Mine>, StoreError> {
    let rows = sqlx::query(
        "SELECT found.* FROM unnest($3::uuid[]) AS wanted (key)
         CROSS JOIN LATERAL (
             SELECT key, ordinal, id, base_id, body FROM findings
             WHERE tenant_id = $1 AND scan_id = $2 AND key = wanted.key
             ORDER BY ordinal OFFSET 0
         ) AS found",
    )
    .persistent(false)
    .bind(tx.tenant().0)
    .bind(scan.0)
    .bind(keys)
    .fetch_all(tx.connection())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Mine {
                key: row.try_get("key")?,
                ordinal: row.try_get("ordinal")?,
                id: row.try_get("id")?,
                base_id: row.try_get("base_id")?,
                body: row.try_get("body")?,
            })
        })
        .collect()
}

pub(super) async fn before(
    tx: &mut TenantTx,
    previous: Option<ScanId>,
    keys: &[Uuid],
) -> Result<HashMap<Place, FindingStatus>, StoreError> {
    let Some(previous) = previous else { return Ok(HashMap::new()) };
    let rows = sqlx::query(
        "SELECT found.* FROM unnest($3::uuid[]) AS wanted (key)
         CROSS JOIN LATERAL (
             SELECT key, ordinal, status FROM findings
             WHERE tenant_id = $1 AND scan_id = $2 AND key = wanted.key
             ORDER BY ordinal OFFSET 0
         ) AS found",
    )
    .persistent(false)
    .bind(tx.tenant().0)
    .bind(previous.0)
    .bind(keys)
    .fetch_all(tx.connection())
    .await?;
    let read = |row: &_| Ok((place(row)?, word(row, "status", FindingStatus::from_code)?));
    rows.iter().map(read).collect()
}

pub(super) async fn latest(tx: &mut TenantTx, keys: &[Uuid]) -> Result<HashMap<Place, Latest>, StoreError> {
    let rows = sqlx::query(
        "SELECT found.* FROM unnest($2::uuid[]) AS wanted (key)
         CROSS JOIN LATERAL (
             SELECT key, ordinal, id, scan_id, first_seen_at, last_seen_at FROM findings
             WHERE tenant_id = $1 AND key = wanted.key AND current
             ORDER BY ordinal OFFSET 0
         ) AS found",
    )
    .persistent(false)
    .bind(tx.tenant().0)
    .bind(keys)
    .fetch_all(tx.connection())
    .await?;
    rows.iter()
        .map(|row| {
            let latest = Latest {
                id: row.try_get("id")?,
                scan: row.try_get("scan_id")?,
                first_seen_at: row.try_get("first_seen_at")?,
                last_seen_at: row.try_get("last_seen_at")?,
            };
            Ok((place(row)?, latest))
        })
        .collect()
}

fn place(row: &sqlx::postgres::PgRow) -> Result<Place, StoreError> {
    Ok((row.try_get("key")?, row.try_get("ordinal")?))
}
