//! Hashes of the tree, from full tiles and from the leaves after the last of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use custody_domain::{EntryId, Hash, merkle};
use custody_proof::{
    CompactRange, compact, path,
    tile::{HEIGHT, WIDTH},
};
use custody_store::{TenantTx, leaves, tiles};

use super::TreeError;
use crate::LedgerError;

/// The tree's follower is far behind, or was never there, where more leaves are in no tile.
const TAIL_MAX: u64 = 1 << 17;

/// All that some ranges' hashes are made from.
struct Nodes {
    /// Full tiles, by level and index.
    tiles: BTreeMap<(u8, u64), Vec<u8>>,
    /// Roots of full tiles, by level and index.
    roots: BTreeMap<(u8, u64), Hash>,
    /// `seq` of the first of `tail`.
    tail_from: u64,
    tail: Vec<Hash>,
}

/// The roots of these ranges of leaves, each of which is one of a proof's (or the whole tree). The
/// work grows with the ranges' subtrees, not with the log. [`LedgerError::NotFound`] where the log
/// does not reach so far.
pub(super) async fn roots(tx: &mut TenantTx, ranges: &[Range<u64>]) -> Result<Vec<Hash>, LedgerError> {
    let places = ranges.iter().map(places).collect::<Result<Vec<_>, _>>()?;
    let nodes = Nodes::read(tx, places.iter().flatten()).await?;
    places
        .iter()
        .map(|places| {
            let hashes = places.iter().map(|(height, index)| nodes.hash(*height, *index));
            let hashes = hashes.collect::<Option<Vec<_>>>().ok_or(LedgerError::NotFound)?;
            Ok(path::fold(hashes.into_iter()).unwrap_or_else(|| merkle::root(&[])))
        })
        .collect()
}

/// The compact range of these leaves.
pub(super) async fn range(tx: &mut TenantTx, range: &Range<u64>) -> Result<CompactRange, LedgerError> {
    let places = places(range)?;
    let nodes = Nodes::read(tx, places.iter()).await?;
    let hashes: Option<Vec<_>> = places.iter().map(|(height, index)| nodes.hash(*height, *index)).collect();
    let hashes = hashes.ok_or(LedgerError::NotFound)?;
    Ok(CompactRange::from_hashes(range.start, range.end, &hashes).map_err(TreeError::from)?)
}

/// The hashes of the compact ranges of several ranges of leaves, read together.
pub(super) async fn compact_ranges(
    tx: &mut TenantTx,
    ranges: &[Range<u64>],
) -> Result<Vec<Vec<Hash>>, LedgerError> {
    let all = ranges.iter().map(places).collect::<Result<Vec<_>, _>>()?;
    let nodes = Nodes::read(tx, all.iter().flatten()).await?;
    all.iter()
        .map(|places| {
            let hashes = places.iter().map(|(height, index)| nodes.hash(*height, *index));
            hashes.collect::<Option<_>>().ok_or(LedgerError::NotFound)
        })
        .collect()
}

/// These leaves: the walk begins at the last full tile before them.
pub(super) async fn leaf_hashes(tx: &mut TenantTx, range: Range<u64>) -> Result<Vec<Hash>, LedgerError> {
    let end = tiles::last_end(tx, range.start / WIDTH).await?;
    let from = end.map_or(0, |end| (end.index + 1) * WIDTH);
    let mut hashes = tail(tx, end.map(|end| end.last_id), from, range.end).await?;
    let found = from + hashes.len() as u64;
    if found < range.end {
        return Err(LedgerError::Missing { tenant: tx.tenant(), seq: found });
    }
    Ok(hashes.split_off(usize::try_from(range.start - from).map_err(|_| TreeError::Behind)?))
}

fn places(range: &Range<u64>) -> Result<Vec<(u8, u64)>, LedgerError> {
    Ok(compact::places(range.start, range.end).map_err(TreeError::from)?)
}

impl Nodes {
    async fn read(
        tx: &mut TenantTx,
        places: impl Iterator<Item = &(u8, u64)> + Clone,
    ) -> Result<Self, LedgerError> {
        // First, where the tiles end: what becomes a tile from here on is in the tail too.
        let end = tiles::last_end(tx, u64::MAX >> 1).await?;
        let tail_from = end.map_or(0, |end| (end.index + 1) * WIDTH);
        let wanted: BTreeSet<_> = places.clone().map(|(height, index)| tile_of(*height, *index)).collect();
        let wanted: Vec<_> = wanted.into_iter().collect();
        let partial = wanted.iter().filter(|(level, index)| *index >= full(*level, tail_from));
        let above = tiles::above(tx, &wanted, &below(partial, tail_from)).await?;
        let tiles = above.tiles.into_iter().map(|tile| ((tile.level, tile.index), tile.hashes)).collect();
        let roots = above.roots.into_iter().collect();
        let to = places.map(|(height, index)| (index + 1) << height).max().unwrap_or(0);
        let tail = tail(tx, end.map(|end| end.last_id), tail_from, to).await?;
        Ok(Self { tiles, roots, tail_from, tail })
    }

    /// The root of the complete subtree of 2^height leaves; none where something of it is missing.
    fn hash(&self, height: u8, index: u64) -> Option<Hash> {
        if let Some(tile) = self.tiles.get(&tile_of(height, index)) {
            let span = 1_usize << (height % HEIGHT);
            let first = usize::try_from((index << (height % HEIGHT)) % WIDTH).ok()?;
            let (hashes, _) = tile.get(32 * first..32 * (first + span))?.as_chunks::<32>();
            return Some(merkle::root(hashes));
        }
        if height > 0
            && height.is_multiple_of(HEIGHT)
            && let Some(root) = self.roots.get(&(height / HEIGHT - 1, index))
        {
            return Some(*root);
        }
        if height == 0 {
            let at = usize::try_from(index.checked_sub(self.tail_from)?).ok()?;
            return self.tail.get(at).copied();
        }
        // Only below what is no tile yet.
        if (index + 1) << height > self.tail_from + self.tail.len() as u64 {
            return None;
        }
        Some(merkle::node(&self.hash(height - 1, 2 * index)?, &self.hash(height - 1, 2 * index + 1)?))
    }
}

/// Level and index of the tile that a node is in.
fn tile_of(height: u8, index: u64) -> (u8, u64) {
    (height / HEIGHT, (index << (height % HEIGHT)) / WIDTH)
}

/// How many tiles of a level are full, of so many leaves that are in a tile.
fn full(level: u8, leaves: u64) -> u64 {
    leaves.checked_shr(u32::from(HEIGHT) * (u32::from(level) + 1)).unwrap_or(0)
}

/// Of tiles that are not full (level, index), the full ones below whose roots make them: ranges by
/// level. On each level these are the few after the last one that is in a full tile above.
fn below<'a>(partial: impl Iterator<Item = &'a (u8, u64)>, leaves: u64) -> BTreeMap<u8, Range<u64>> {
    let mut ranges = BTreeMap::<u8, Range<u64>>::new();
    for (level, index) in partial {
        for below in 0..*level {
            let span = WIDTH.saturating_pow(u32::from(*level - below));
            let above = full(below + 1, leaves).saturating_mul(WIDTH);
            let from = index.saturating_mul(span).max(above);
            let to = index.saturating_add(1).saturating_mul(span).min(full(below, leaves));
            if from < to {
                let range = ranges.entry(below).or_insert(from..to);
                *range = range.start.min(from)..range.end.max(to);
            }
        }
    }
    ranges
}

/// The leaf hashes from `from` to `to`, or to the log's end. `after` is the id of leaf `from` − 1.
async fn tail(
    tx: &mut TenantTx,
    after: Option<EntryId>,
    from: u64,
    to: u64,
) -> Result<Vec<Hash>, LedgerError> {
    let count = to.saturating_sub(from);
    if count > TAIL_MAX {
        return Err(TreeError::Behind.into());
    }
    if count == 0 {
        return Ok(Vec::new());
    }
    let limit = u32::try_from(count).map_err(|_| TreeError::Behind)?;
    let tenant = tx.tenant();
    let hashes = leaves::hashes_after(tx, after, from, limit).await?;
    if hashes.len() as u64 == 32 * count {
        return Ok(hashes.as_chunks().0.to_vec());
    }
    // The log ends before, or lacks one: which?
    let found = leaves::after(tx, after, limit).await?;
    found
        .iter()
        .zip(from..)
        .map(
            |(leaf, seq)| {
                if leaf.seq == seq { Ok(leaf.hash) } else { Err(LedgerError::Missing { tenant, seq }) }
            },
        )
        .collect()
}
