//! Hashes of complete subtrees, from the server's tiles.

use std::collections::HashMap;

use anyhow::Context as _;
use custody_domain::{Hash, merkle};
use custody_proof::{Tile, compact::places};

use crate::log::Log;

/// The nodes of the tree of one size. Tiles are fetched once.
#[derive(Debug)]
pub(super) struct Nodes<'l> {
    log: &'l Log,
    size: u64,
    tiles: HashMap<Tile, Vec<u8>>,
}

impl<'l> Nodes<'l> {
    pub(super) fn new(log: &'l Log, size: u64) -> Self {
        Self { log, size, tiles: HashMap::new() }
    }

    /// The hashes of the compact range of leaves `begin..end`.
    pub(super) async fn range(&mut self, begin: u64, end: u64) -> anyhow::Result<Vec<Hash>> {
        let mut hashes = Vec::new();
        for (height, index) in places(begin, end)? {
            hashes.push(self.node(height, index).await?);
        }
        Ok(hashes)
    }

    async fn node(&mut self, height: u8, index: u64) -> anyhow::Result<Hash> {
        let (tile, range) =
            Tile::of_node(height, index, self.size).context("a node that the tree does not have")?;
        if !self.tiles.contains_key(&tile) {
            let hashes = self.log.tile(tile).await?;
            self.tiles.insert(tile, hashes);
        }
        let hashes = self.tiles.get(&tile).map(Vec::as_slice).unwrap_or_default();
        let hashes = hashes.as_chunks::<32>().0.get(range);
        Ok(merkle::root(hashes.with_context(|| format!("the tile {tile} is too short"))?))
    }
}
