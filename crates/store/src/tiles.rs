//! The table `tiles`: full tiles of each tenant's tree, written once by the follower that makes the
//! tree, read by the app role.

use std::{collections::BTreeMap, ops::Range};

use custody_domain::{EntryId, Hash, TenantId};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    FencedTx, StoreError, TenantTx, columns,
    heads::{signed, unsigned},
};

/// A full tile, to be written.
#[derive(Clone, Debug)]
pub struct NewTile {
    pub tenant: TenantId,
    pub level: u8,
    pub index: u64,
    /// Of the tree over its hashes.
    pub root: Hash,
    /// Of its first and last entry; on level 0.
    pub ids: Option<(EntryId, EntryId)>,
    /// 256 hashes, 8192 bytes.
    pub hashes: Vec<u8>,
}

/// A full tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileRow {
    pub level: u8,
    pub index: u64,
    /// 256 hashes, 8192 bytes.
    pub hashes: Vec<u8>,
}

/// Where a tile of level 0 ends in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileEnd {
    pub index: u64,
    /// The id of its last entry, with `seq` 256 × `index` + 255.
    pub last_id: EntryId,
}

/// Writes the tiles, none of which is there.
pub async fn insert(tx: &mut FencedTx, tiles: &[NewTile]) -> Result<(), StoreError> {
    if tiles.is_empty() {
        return Ok(());
    }
    let indexes = tiles.iter().map(|tile| signed(tile.index)).collect::<Result<Vec<_>, _>>()?;
    let levels: Vec<_> = tiles.iter().map(|tile| i16::from(tile.level)).collect();
    let tenants: Vec<_> = tiles.iter().map(|tile| tile.tenant.0).collect();
    let roots: Vec<&[u8]> = tiles.iter().map(|tile| tile.root.as_slice()).collect();
    let first_ids: Vec<_> = tiles.iter().map(|tile| tile.ids.map(|ids| ids.0.0)).collect();
    let last_ids: Vec<_> = tiles.iter().map(|tile| tile.ids.map(|ids| ids.1.0)).collect();
    let hashes: Vec<&[u8]> = tiles.iter().map(|tile| tile.hashes.as_slice()).collect();
    sqlx::query(
        "INSERT INTO tiles (tenant_id, level, index, root, first_id, last_id, hashes)
         SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::bytea[], $5::uuid[],
             $6::uuid[], $7::bytea[])",
    )
    .bind(tenants)
    .bind(levels)
    .bind(indexes)
    .bind(roots)
    .bind(first_ids)
    .bind(last_ids)
    .bind(hashes)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What a proof is made from, beside the leaves that are in no tile.
#[derive(Debug, Default)]
pub struct Above {
    pub tiles: Vec<TileRow>,
    /// Roots of full tiles, by level and index. They are the hashes of the level above.
    pub roots: Vec<((u8, u64), Hash)>,
}

/// Those of these tiles, by level and index, that are full, and the roots of the full tiles with these
/// indexes of these levels; in no order.
pub async fn above(
    tx: &mut TenantTx,
    wanted: &[(u8, u64)],
    roots: &BTreeMap<u8, Range<u64>>,
) -> Result<Above, StoreError> {
    if wanted.is_empty() && roots.is_empty() {
        return Ok(Above::default());
    }
    let levels: Vec<_> = wanted.iter().map(|(level, _)| i16::from(*level)).collect();
    let indexes = wanted.iter().map(|(_, index)| signed(*index)).collect::<Result<Vec<_>, _>>()?;
    let root_levels: Vec<_> = roots.keys().map(|level| i16::from(*level)).collect();
    let from = roots.values().map(|range| signed(range.start)).collect::<Result<Vec<_>, _>>()?;
    let to = roots.values().map(|range| signed(range.end)).collect::<Result<Vec<_>, _>>()?;
    // One by one, which LIMIT makes sure of: a join may be planned as a walk over all of the tenant's.
    let rows = sqlx::query(
        "SELECT t.level, t.index, t.hashes, NULL::bytea AS root
         FROM unnest($2::smallint[], $3::bigint[]) AS wanted (level, index)
         CROSS JOIN LATERAL (
             SELECT level, index, hashes FROM tiles
             WHERE tenant_id = $1 AND tiles.level = wanted.level AND tiles.index = wanted.index LIMIT 1
         ) AS t
         UNION ALL
         SELECT t.level, t.index, NULL, t.root
         FROM unnest($4::smallint[], $5::bigint[], $6::bigint[]) AS wanted (level, from_index, to_index)
         CROSS JOIN LATERAL (
             SELECT level, index, root FROM tiles
             WHERE tenant_id = $1 AND tiles.level = wanted.level
                 AND tiles.index >= wanted.from_index AND tiles.index < wanted.to_index
             ORDER BY tiles.index LIMIT wanted.to_index - wanted.from_index
         ) AS t",
    )
    .bind(tx.tenant().0)
    .bind(levels)
    .bind(indexes)
    .bind(root_levels)
    .bind(from)
    .bind(to)
    .fetch_all(tx.connection())
    .await?;
    let mut above = Above::default();
    for row in &rows {
        let level = u8::try_from(row.try_get::<i16, _>("level")?)
            .map_err(|_| StoreError::unexpected("a tile of no level"))?;
        let index = unsigned(row.try_get("index")?)?;
        match row.try_get("hashes")? {
            Some(hashes) => above.tiles.push(TileRow { level, index, hashes }),
            None => above.roots.push(((level, index), columns::bytes32(row, "root")?)),
        }
    }
    Ok(above)
}

/// The roots of the full tiles `from..to` of a level, by index, for whoever makes the tiles.
pub async fn roots_for_follower(
    tx: &mut FencedTx,
    tenant: TenantId,
    level: u8,
    from: u64,
    to: u64,
) -> Result<Vec<(u64, Hash)>, StoreError> {
    sqlx::query(
        "SELECT index, root FROM tiles WHERE tenant_id = $1 AND level = $2 AND index >= $3 AND index < $4
         ORDER BY index",
    )
    .bind(tenant.0)
    .bind(i16::from(level))
    .bind(signed(from)?)
    .bind(signed(to)?)
    .fetch_all(tx.connection())
    .await?
    .iter()
    .map(|row| Ok((unsigned(row.try_get("index")?)?, columns::bytes32(row, "root")?)))
    .collect()
}

/// The end of the last full tile of level 0 with an index below `before`.
pub async fn last_end(tx: &mut TenantTx, before: u64) -> Result<Option<TileEnd>, StoreError> {
    sqlx::query(
        "SELECT index, last_id FROM tiles WHERE tenant_id = $1 AND level = 0 AND index < $2
         ORDER BY index DESC LIMIT 1",
    )
    .bind(tx.tenant().0)
    .bind(signed(before)?)
    .fetch_optional(tx.connection())
    .await?
    .as_ref()
    .map(end)
    .transpose()
}

/// The end of one full tile of level 0.
pub async fn end_for_follower(
    tx: &mut crate::SystemTx,
    tenant: TenantId,
    index: u64,
) -> Result<Option<TileEnd>, StoreError> {
    sqlx::query("SELECT index, last_id FROM tiles WHERE tenant_id = $1 AND level = 0 AND index = $2")
        .bind(tenant.0)
        .bind(signed(index)?)
        .fetch_optional(tx.connection())
        .await?
        .as_ref()
        .map(end)
        .transpose()
}

fn end(row: &PgRow) -> Result<TileEnd, StoreError> {
    let last_id = EntryId(row.try_get::<Uuid, _>("last_id")?);
    Ok(TileEnd { index: unsigned(row.try_get("index")?)?, last_id })
}
