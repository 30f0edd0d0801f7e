#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
use proptest::prelude::*;

use super::*;

/// The examples of the specification.
#[test]
fn paths_are_those_of_the_specification() {
    let tile = Tile { level: 0, index: 1_234_067, width: 256 };
    assert_eq!(tile.to_string(), "0/x001/x234/067");
    assert_eq!("0/x001/x234/067".parse(), Ok(tile));
    let partial = Tile { level: 1, index: 1, width: 17 };
    assert_eq!(partial.to_string(), "1/001.p/17");
    assert_eq!("1/001.p/17".parse(), Ok(partial));
    assert_eq!(parse_entries_path("x001/067.p/3"), Ok((1067, 3)));
    // A tree of 70,000 leaves.
    assert_eq!(Tile { level: 0, index: 273, width: 112 }.size_min(), Some(70_000));
    assert_eq!(Tile { level: 1, index: 1, width: 17 }.size_min(), Some(273 * 256));
    assert_eq!(Tile { level: 2, index: 0, width: 1 }.size_min(), Some(65_536));
}

#[test]
fn each_tile_has_one_path() {
    for bad in [
        "",
        "0",
        "0/",
        "0/0",
        "0/00",
        "0/1",
        "0/0001",
        "0/x001",
        "0/001/x002",
        "0/x000/001",
        "00/001",
        "+0/001",
        "0/+01",
        "0/001.p/0",
        "0/001.p/256",
        "0/001.p/007",
        "0/001.p/",
        "0/001.p/-1",
        "8/000",
        "63/000",
        "-1/000",
        "0/x001/x234/067/",
        "/0/001",
        "0/001.p/1.p/1",
        "0/x018/x446/x744/x073/x709/x551/616",
        "0/é01",
        "0/ 01",
    ] {
        assert_eq!(bad.parse::<Tile>(), Err(InvalidPath), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn paths_lead_back(level in 0..=LEVEL_MAX, index: u64, width in 1_u16..=256) {
        let tile = Tile { level, index, width };
        prop_assert_eq!(tile.to_string().parse(), Ok(tile));
    }

    /// The node is where the definition of tiles puts it.
    #[test]
    fn a_node_is_in_one_tile(height in 0_u8..20, index in 0_u64..5000, size in 0_u64..3_000_000) {
        let complete = (index + 1).checked_mul(1 << height).is_some_and(|end| end <= size);
        let found = Tile::of_node(height, index, size);
        prop_assert_eq!(found.is_some(), complete);
        if let Some((tile, hashes)) = found {
            let unit = 1_u64 << (tile.level * HEIGHT);
            let first = tile.index * WIDTH + u64::try_from(hashes.start).unwrap();
            prop_assert_eq!(first * unit, index << height);
            prop_assert_eq!(u64::try_from(hashes.len()).unwrap() * unit, 1 << height);
            prop_assert!(hashes.end <= usize::from(tile.width) && hashes.len() <= 128);
            prop_assert!(tile.size_min().unwrap() <= size);
        }
    }
}
