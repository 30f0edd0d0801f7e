//! Tiles, and the bundles of leaf data, as they are fetched.

use std::collections::BTreeMap;

use custody_auth::Scope;
use custody_domain::{EntryId, leaf};
use custody_proof::{Tile, tile::HEIGHT, tile::WIDTH};
use custody_store::{
    entries::{Order, Range},
    tiles, trees,
};

use super::nodes;
use crate::{Ledger, LedgerError};

impl Ledger {
    /// The hashes of a tile, 32 bytes each. [`LedgerError::NotFound`] where the newest checkpoint's
    /// tree does not have it.
    pub async fn tile(&self, scope: &Scope, tile: Tile) -> Result<Vec<u8>, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let size = trees::read(&mut tx).await?.map_or(0, |tree| tree.size);
        if tile.size_min().is_none_or(|size_min| size_min > size) {
            return Err(LedgerError::NotFound);
        }
        let above = tiles::above(&mut tx, &[(tile.level, tile.index)], &BTreeMap::new()).await?;
        let stored = above.tiles.into_iter().next();
        let width = usize::from(tile.width);
        if let Some(stored) = stored {
            return stored.hashes.get(..32 * width).map(<[u8]>::to_vec).ok_or(LedgerError::NotFound);
        }
        let span = 1_u64 << (tile.level * HEIGHT);
        let first = tile.index * WIDTH;
        let ranges: Vec<_> =
            (first..first + u64::from(tile.width)).map(|n| n * span..(n + 1) * span).collect();
        let hashes = nodes::roots(&mut tx, &ranges).await?;
        tx.commit().await?;
        Ok(hashes.as_flattened().to_vec())
    }

    /// The leaf data of entries `256 × index ..`, each after its length (u16, big-endian).
    /// [`LedgerError::NotFound`] where the newest checkpoint's tree does not have them.
    pub async fn entries_tile(&self, scope: &Scope, index: u64, width: u16) -> Result<Vec<u8>, LedgerError> {
        let tile = Tile { level: 0, index, width };
        let mut tx = self.store.tenant_tx(scope).await?;
        let size = trees::read(&mut tx).await?.map_or(0, |tree| tree.size);
        if tile.size_min().is_none_or(|size_min| size_min > size) {
            return Err(LedgerError::NotFound);
        }
        let after = id_before_tile(tiles::last_end(&mut tx, index).await?, index)?;
        tx.commit().await?;
        let range = Range { after, before: None };
        let entries = self.page(scope, range, Order::OldestFirst, u32::from(width)).await?;
        let (mut bundle, tenant) = (Vec::with_capacity(67 * usize::from(width)), scope.tenant());
        for seq in index * WIDTH..index * WIDTH + u64::from(width) {
            let entry = entries.get(usize::try_from(seq % WIDTH).unwrap_or(usize::MAX));
            let entry = entry.filter(|entry| entry.seq == seq).ok_or(LedgerError::Missing { tenant, seq })?;
            let content_hash = entry.body.content_hash().map_err(|error| LedgerError::Unreadable {
                tenant,
                seq,
                source: error.into(),
            })?;
            let data = leaf::leaf_data(tenant, entry.id, &content_hash);
            bundle.extend_from_slice(&u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
            bundle.extend_from_slice(&data);
        }
        Ok(bundle)
    }
}

/// The id of the entry before a tile's first.
fn id_before_tile(end: Option<tiles::TileEnd>, index: u64) -> Result<Option<EntryId>, LedgerError> {
    match (index, end) {
        (0, _) => Ok(None),
        (_, Some(end)) if end.index + 1 == index => Ok(Some(end.last_id)),
        _ => Err(LedgerError::NotFound),
    }
}
