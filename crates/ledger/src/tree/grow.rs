//! A tree and the leaves that came after it: the next tree, and the tiles that became full. Pure.

use custody_domain::{EntryId, Hash, TenantId};
use custody_proof::{
    CompactRange,
    tile::{HEIGHT, WIDTH},
};
use custody_store::{tiles::NewTile, trees::TreeRow};

use super::TreeError;
use crate::RecentLeaf;

/// Leaves of a full tile, as a length.
const TILE: usize = 256;

/// A tree as it was signed last; of no leaves where none was.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) tenant: TenantId,
    /// Of the checkpoint; none where there is none.
    pub(super) epoch: Option<u32>,
    frontier: CompactRange,
    root: Hash,
}

/// What leaves make of a tree.
#[derive(Debug)]
pub(super) struct Grown {
    pub(super) frontier: CompactRange,
    pub(super) root: Hash,
    /// Full tiles of level 0, by index.
    pub(super) tiles: Vec<NewTile>,
    pub(super) last_id: EntryId,
}

impl Known {
    pub(super) fn none(tenant: TenantId) -> Self {
        let frontier = CompactRange::default();
        Self { tenant, epoch: None, root: custody_domain::merkle::root(&[]), frontier }
    }

    pub(super) fn of(row: &TreeRow) -> Result<Self, TreeError> {
        let mismatch = TreeError::Mismatch { tenant: row.tenant, size: row.size };
        let (hashes, []) = row.frontier.as_chunks::<32>() else { return Err(mismatch) };
        let frontier = CompactRange::from_hashes(0, row.size, hashes)?;
        if frontier.root() != Some(row.root) {
            return Err(mismatch);
        }
        Ok(Self { tenant: row.tenant, epoch: Some(row.epoch), frontier, root: row.root })
    }

    pub(super) fn size(&self) -> u64 {
        self.frontier.end()
    }

    /// The `seq` of the first leaf to be handed to [`Known::grow`]: where the tile begins that was
    /// not full at this size. So that tile can be written whole, and its first leaves are compared
    /// with what was signed.
    pub(super) fn first_leaf(&self) -> u64 {
        self.size() - self.size() % WIDTH
    }

    /// The tree with these leaves, the first of which is [`Known::first_leaf`]. Leaves that this
    /// tree has already must be the same.
    pub(super) fn grow(&self, leaves: &[RecentLeaf]) -> Result<Grown, TreeError> {
        let mismatch = || TreeError::Mismatch { tenant: self.tenant, size: self.size() };
        let mut frontier = self.full_tiles()?;
        let known = usize::try_from(self.size() - self.first_leaf()).map_err(|_| mismatch())?;
        let mut again = frontier.clone();
        for leaf in leaves.get(..known).ok_or_else(mismatch)? {
            again.append(leaf.leaf_hash)?;
        }
        if again.root() != Some(self.root) {
            return Err(mismatch());
        }
        let mut tiles = Vec::new();
        for chunk in leaves.chunks(TILE) {
            let mut range = CompactRange::empty(frontier.end());
            for leaf in chunk {
                range.append(leaf.leaf_hash)?;
            }
            if let (Some(first), Some(last), [root]) = (chunk.first(), chunk.last(), range.nodes())
                && u64::from(root.height) == u64::from(HEIGHT)
            {
                tiles.push(NewTile {
                    tenant: self.tenant,
                    level: 0,
                    index: root.index,
                    root: root.hash,
                    ids: Some((first.id, last.id)),
                    hashes: chunk.iter().flat_map(|leaf| leaf.leaf_hash).collect(),
                });
            }
            frontier.merge(&range)?;
        }
        let last_id = leaves.last().ok_or_else(mismatch)?.id;
        let root = frontier.root().ok_or_else(mismatch)?;
        Ok(Grown { frontier, root, tiles, last_id })
    }

    /// The tree up to the last full tile of level 0.
    fn full_tiles(&self) -> Result<CompactRange, TreeError> {
        let nodes = self.frontier.nodes().iter().filter(|node| node.height >= HEIGHT);
        let hashes: Vec<_> = nodes.map(|node| node.hash).collect();
        Ok(CompactRange::from_hashes(0, self.first_leaf(), &hashes)?)
    }
}

impl Grown {
    pub(super) fn size(&self) -> u64 {
        self.frontier.end()
    }

    pub(super) fn known(&self, tenant: TenantId, epoch: u32) -> Known {
        Known { tenant, epoch: Some(epoch), frontier: self.frontier.clone(), root: self.root }
    }
}

/// The hashes of the frontier, as they are stored.
pub(super) fn frontier_bytes(frontier: &CompactRange) -> Vec<u8> {
    frontier.hashes().flatten().copied().collect()
}

#[cfg(test)]
mod tests;
