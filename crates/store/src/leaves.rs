//! Of the table `entries`, what a tree is made of: ids, `seq`s and leaf hashes.

use custody_domain::{EntryId, Hash, TenantId};
use sqlx::Row as _;
use uuid::Uuid;

use crate::{
    StoreError, SystemTx, TenantTx, by_index, columns,
    connection::Connection,
    heads::{signed, unsigned},
};

/// A leaf, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    pub seq: u64,
    pub id: EntryId,
    pub hash: Hash,
}

/// At most `limit` leaves of the transaction's tenant in the log's order, from after `after` on.
pub async fn after(tx: &mut TenantTx, after: Option<EntryId>, limit: u32) -> Result<Vec<Leaf>, StoreError> {
    let tenant = tx.tenant();
    read(tx.connection(), tenant, after, limit).await
}

/// The hashes of at most `limit` leaves of the transaction's tenant in the log's order, 32 bytes each,
/// after `after`, the first of which is number `from`; as far as none is missing among them.
pub async fn hashes_after(
    tx: &mut TenantTx,
    after: Option<EntryId>,
    from: u64,
    limit: u32,
) -> Result<Vec<u8>, StoreError> {
    // In one row: each costs more than its hash.
    let hashes: Option<Vec<u8>> = sqlx::query_scalar(
        "SELECT string_agg(leaf_hash, ''::bytea ORDER BY id) FROM (
             SELECT id, leaf_hash, seq = $3 + row_number() OVER (ORDER BY id) - 1 AS follows FROM (
                 SELECT id, seq, leaf_hash FROM entries WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $4
             ) AS leaves
         ) AS numbered WHERE follows",
    )
    .bind(tx.tenant().0)
    .bind(after.map_or(Uuid::nil(), |id| id.0))
    .bind(signed(from)?)
    .bind(i64::from(limit))
    .fetch_one(tx.connection())
    .await?;
    Ok(hashes.unwrap_or_default())
}

/// The same of any tenant.
pub async fn after_for_follower(
    tx: &mut SystemTx,
    tenant: TenantId,
    after: Option<EntryId>,
    limit: u32,
) -> Result<Vec<Leaf>, StoreError> {
    by_index::plan(tx.connection()).await?;
    read(tx.connection(), tenant, after, limit).await
}

async fn read(
    connection: &mut Connection,
    tenant: TenantId,
    after: Option<EntryId>,
    limit: u32,
) -> Result<Vec<Leaf>, StoreError> {
    sqlx::query(
        "SELECT seq, id, leaf_hash FROM entries WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
    )
    .bind(tenant.0)
    .bind(after.map_or(Uuid::nil(), |id| id.0))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| {
        Ok(Leaf {
            seq: unsigned(row.try_get("seq")?)?,
            id: EntryId(row.try_get("id")?),
            hash: columns::bytes32(row, "leaf_hash")?,
        })
    })
    .collect()
}
