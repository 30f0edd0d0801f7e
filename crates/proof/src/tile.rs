//! The coordinates of tiles (c2sp.org/tlog-tiles): a tree cut into tiles of 256 hashes.

mod path;

pub use path::{InvalidPath, entries_path, parse_entries_path};

/// Hashes in a full tile, and the height of the subtree that it is: 2⁸ = 256.
pub const WIDTH: u64 = 256;
pub const HEIGHT: u8 = 8;
/// A tree of 2⁶⁴ leaves has tiles on eight levels.
pub const LEVEL_MAX: u8 = 7;

/// Hashes `index × 256 ..` of `level`, where those of level 0 are leaf hashes and each of level *n*
/// is the root of a full tile of level *n* − 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    pub level: u8,
    pub index: u64,
    /// 1 to 256; 256 is a full tile.
    pub width: u16,
}

impl Tile {
    pub fn full(level: u8, index: u64) -> Self {
        Self { level, index, width: 256 }
    }

    /// A full tile never changes; one that is not is a view of one size of the tree.
    pub fn is_full(&self) -> bool {
        u64::from(self.width) == WIDTH
    }

    /// The tree must have so many leaves for this tile to be in it. `None` beyond 2⁶⁴.
    pub fn size_min(&self) -> Option<u64> {
        let hashes = self.index.checked_mul(WIDTH)?.checked_add(u64::from(self.width))?;
        hashes.checked_mul(leaves_a_hash(self.level)?)
    }

    /// The tile that holds node `(height, index)` of the tree, at `size` leaves, where height 0 are
    /// leaf hashes; and the node as a range of that tile's hashes: where it begins, and how many
    /// hashes it is the root of (a power of two up to 128). `None` where the node is not a complete
    /// subtree of such a tree.
    pub fn of_node(height: u8, index: u64, size: u64) -> Option<(Self, std::ops::Range<usize>)> {
        let level = height / HEIGHT;
        let span = 1_u64 << (height % HEIGHT);
        let first = index.checked_mul(span)?;
        let hashes = size.checked_shr(u32::from(level * HEIGHT)).unwrap_or(0);
        if first.checked_add(span)? > hashes {
            return None;
        }
        let tile = first / WIDTH;
        let width = (hashes - tile * WIDTH).min(WIDTH);
        let begin = usize::try_from(first % WIDTH).ok()?;
        let end = begin + usize::try_from(span).ok()?;
        Some((Self { level, index: tile, width: u16::try_from(width).ok()? }, begin..end))
    }
}

/// How many leaves are under one hash of a level; `None` beyond 2⁶³.
fn leaves_a_hash(level: u8) -> Option<u64> {
    1_u64.checked_shl(u32::from(level).checked_mul(u32::from(HEIGHT))?)
}

#[cfg(test)]
mod tests;
