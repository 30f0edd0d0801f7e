//! Paths of tiles.

use custody_proof::{
    Tile,
    tile::{entries_path, parse_entries_path},
};

pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(tile) = text.parse::<Tile>() {
        assert_eq!(tile.to_string(), text, "one tile has one path");
        assert!((1..=256).contains(&tile.width));
        tile.size_min();
    }
    if let Ok((index, width)) = parse_entries_path(&text) {
        assert_eq!(entries_path(index, width), text, "one bundle has one path");
    }
    if let Some(numbers) = bytes.first_chunk::<17>() {
        let number =
            |at: usize| numbers[at..at + 8].iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        if let Some((tile, hashes)) = Tile::of_node(numbers[16], number(0), number(8)) {
            assert!(!hashes.is_empty() && hashes.end <= usize::from(tile.width), "{tile:?} {hashes:?}");
            assert!(
                tile.size_min().is_some_and(|size| size <= number(8)),
                "{tile:?} in a tree of {}",
                number(8)
            );
            assert_eq!(tile.to_string().parse(), Ok(tile));
        }
    }
}
