//! The table `event_keys`: which events are in the log already. Read and written by the writer
//! alone, while it holds the tenant's head.

use custody_domain::{EntryId, TenantId};
use sqlx::Row as _;

use crate::{
    StoreError, WriterTx,
    heads::{signed, unsigned},
};

/// An event that is in the log, or is about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventKeyRow {
    /// HMAC of the event's id.
    pub key16: [u8; 16],
    /// HMAC of the event as received.
    pub fp16: [u8; 16],
    pub id: EntryId,
    pub seq: u64,
}

/// Those of `keys` that are there. Call it after the head is locked: what another appender
/// committed before is then seen.
pub async fn find(
    tx: &mut WriterTx,
    tenant: TenantId,
    keys: &[[u8; 16]],
) -> Result<Vec<EventKeyRow>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<&[u8]> = keys.iter().map(<[u8; 16]>::as_slice).collect();
    sqlx::query("SELECT key16, fp16, id, seq FROM event_keys WHERE tenant_id = $1 AND key16 = ANY ($2)")
        .bind(tenant.0)
        .bind(keys)
        .fetch_all(tx.connection())
        .await?
        .iter()
        .map(|row| {
            Ok(EventKeyRow {
                key16: sixteen(row.try_get("key16")?)?,
                fp16: sixteen(row.try_get("fp16")?)?,
                id: EntryId(row.try_get("id")?),
                seq: unsigned(row.try_get("seq")?)?,
            })
        })
        .collect()
}

/// Writes them with the entries that they name, in the same transaction.
pub async fn insert(tx: &mut WriterTx, tenant: TenantId, rows: &[EventKeyRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let keys: Vec<&[u8]> = rows.iter().map(|row| row.key16.as_slice()).collect();
    let fingerprints: Vec<&[u8]> = rows.iter().map(|row| row.fp16.as_slice()).collect();
    let ids: Vec<_> = rows.iter().map(|row| row.id.0).collect();
    let seqs = rows.iter().map(|row| signed(row.seq)).collect::<Result<Vec<_>, _>>()?;
    // COPY is refused under row security, and this is nearly as fast.
    let written = sqlx::query(
        "INSERT INTO event_keys (tenant_id, key16, fp16, id, seq)
         SELECT $1, * FROM unnest($2::bytea[], $3::bytea[], $4::uuid[], $5::bigint[])",
    )
    .bind(tenant.0)
    .bind(keys)
    .bind(fingerprints)
    .bind(ids)
    .bind(seqs)
    .execute(tx.connection())
    .await?
    .rows_affected();
    if written == rows.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::unexpected("not every event key was written"))
    }
}

fn sixteen(bytes: &[u8]) -> Result<[u8; 16], StoreError> {
    bytes.try_into().map_err(|_| StoreError::unexpected("an event key is not 16 bytes"))
}
