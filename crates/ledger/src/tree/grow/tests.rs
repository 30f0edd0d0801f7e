#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
use custody_domain::merkle;
use uuid::Uuid;

use super::*;

fn leaves(range: std::ops::Range<u64>) -> Vec<RecentLeaf> {
    range
        .map(|n| {
            let mut leaf_hash = [0; 32];
            leaf_hash[..8].copy_from_slice(&n.to_le_bytes());
            RecentLeaf { id: EntryId(Uuid::from_u128(u128::from(n))), leaf_hash }
        })
        .collect()
}

fn hashes(leaves: &[RecentLeaf]) -> Vec<Hash> {
    leaves.iter().map(|leaf| leaf.leaf_hash).collect()
}

/// However the leaves come, the tree is the same, and each full tile is made once.
#[test]
fn it_does_not_matter_in_which_portions_the_leaves_come() {
    let whole = hashes(&leaves(0..2000));
    for portions in
        [vec![2000], vec![1, 1, 254, 1, 255, 256, 257, 512, 463], vec![255, 1, 1744], vec![100; 20]]
    {
        let mut tree = Known::none(TenantId::RESERVED);
        let mut tiles = Vec::new();
        for portion in portions {
            let end = tree.size() + portion;
            let grown = tree.grow(&leaves(tree.first_leaf()..end)).unwrap();
            assert_eq!(grown.root, merkle::root(&whole[..usize::try_from(end).unwrap()]));
            assert_eq!(grown.last_id, EntryId(Uuid::from_u128(u128::from(end - 1))));
            tree = grown.known(TenantId::RESERVED, 0);
            tiles.extend(grown.tiles);
        }
        assert_eq!(tiles.iter().map(|tile| tile.index).collect::<Vec<_>>(), (0..7).collect::<Vec<_>>());
        for (tile, of) in tiles.iter().zip(whole.chunks(256)) {
            assert_eq!((tile.hashes.as_slice(), tile.root), (of.as_flattened(), merkle::root(of)));
        }
    }
}

#[test]
fn leaves_that_are_not_those_that_were_signed_make_no_tree() {
    let tree = Known::none(TenantId::RESERVED).grow(&leaves(0..300)).unwrap().known(TenantId::RESERVED, 0);
    let good = leaves(256..400);
    assert!(tree.grow(&good).is_ok());
    for changed in [0, 43] {
        let mut bad = good.clone();
        bad[changed].leaf_hash[0] ^= 1;
        assert!(matches!(tree.grow(&bad), Err(TreeError::Mismatch { size: 300, .. })), "{changed}");
    }
    assert!(tree.grow(&good[..43]).is_err(), "one of them is missing");
}

#[test]
fn a_row_that_was_changed_is_no_tree() {
    let grown = Known::none(TenantId::RESERVED).grow(&leaves(0..300)).unwrap();
    let row = TreeRow {
        tenant: TenantId::RESERVED,
        epoch: 0,
        size: 300,
        root: grown.root,
        frontier: frontier_bytes(&grown.frontier),
        note: String::new(),
        made_at: chrono::DateTime::UNIX_EPOCH,
    };
    assert_eq!(Known::of(&row).unwrap().size(), 300);
    assert!(Known::of(&TreeRow { size: 301, ..row.clone() }).is_err());
    // As many subtrees, and so the same root; but the leaves are others.
    let other = Known::of(&TreeRow { size: 308, ..row.clone() }).unwrap();
    assert!(matches!(other.grow(&leaves(256..400)), Err(TreeError::Mismatch { size: 308, .. })));
    assert!(Known::of(&TreeRow { root: [0; 32], ..row.clone() }).is_err());
    assert!(Known::of(&TreeRow { frontier: vec![0; 33], ..row }).is_err());
}
