//! Tiles are what c2sp.org/tlog-tiles says of them.

use custody_domain::{leaf, merkle};
use custody_ledger::LedgerError;
use custody_proof::Tile;
use sha2::{Digest as _, Sha256};

use super::grower::{Grower, write_leaves};
use crate::fixture::{Fixture, drafts};

#[tokio::test]
async fn they_hold_the_hashes_of_their_level() {
    let fixture = Fixture::new().await;
    let (scope, grower) = (fixture.tenant("a").await, Grower::of(&fixture));
    // The specification's example: 273 full tiles, then 112; one full of level 1, then 17; 1.
    let leaves = write_leaves(&fixture, &scope, 70_000).await;
    grower.follow().await;
    let level_1: Vec<_> = leaves.chunks_exact(256).map(merkle::root).collect();
    let level_2 = [merkle::root(&level_1[..256])];
    for (tile, hashes) in [
        (Tile::full(0, 0), &leaves[..256]),
        (Tile::full(0, 272), &leaves[272 * 256..273 * 256]),
        (Tile { level: 0, index: 273, width: 112 }, &leaves[273 * 256..]),
        (Tile { level: 0, index: 273, width: 1 }, &leaves[273 * 256..=273 * 256]),
        (Tile { level: 0, index: 5, width: 7 }, &leaves[5 * 256..5 * 256 + 7]),
        (Tile::full(1, 0), &level_1[..256]),
        (Tile { level: 1, index: 1, width: 17 }, &level_1[256..]),
        (Tile { level: 2, index: 0, width: 1 }, &level_2),
    ] {
        assert_eq!(fixture.ledger.tile(&scope, tile).await.unwrap(), hashes.as_flattened(), "{tile}");
    }
    for absent in ["0/273.p/113", "0/273", "0/274.p/1", "1/001.p/18", "2/000.p/2", "3/000.p/1", "7/000"] {
        let answer = fixture.ledger.tile(&scope, absent.parse().unwrap()).await;
        assert!(matches!(answer, Err(LedgerError::NotFound)), "{absent}");
    }
    let other = fixture.tenant("b").await;
    assert!(matches!(fixture.ledger.tile(&other, Tile::full(0, 0)).await, Err(LedgerError::NotFound)));
}

/// Also of an entry that has been redacted since.
#[tokio::test]
async fn a_bundle_of_leaf_data_hashes_to_the_tile() {
    let fixture = Fixture::new().await;
    let (scope, grower) = (fixture.tenant("a").await, Grower::of(&fixture));
    let appended = fixture.ledger.append(&scope, drafts(600)).await.unwrap();
    grower.follow().await;
    let redacted = appended[3].receipt().id;
    fixture.ledger.redact(&fixture.authority, scope.tenant(), redacted, &["/actor"]).await.unwrap();
    for (index, width) in [(0, 256), (1, 256), (2, 88), (2, 1)] {
        let bundle = fixture.ledger.entries_tile(&scope, index, width).await.unwrap();
        let tile = fixture.ledger.tile(&scope, Tile { level: 0, index, width }).await.unwrap();
        let mut hashes = Vec::new();
        for entry in bundle.chunks(67) {
            assert_eq!(entry[..2], [0, 65]);
            hashes.extend_from_slice(&Sha256::new_with_prefix([0]).chain_update(&entry[2..]).finalize());
        }
        assert_eq!(hashes, tile, "{index}.p/{width}");
    }
    let first = fixture.ledger.get(&scope, appended[0].receipt().id).await.unwrap().unwrap();
    let data = leaf::leaf_data(scope.tenant(), first.id, &first.body.content_hash().unwrap());
    assert_eq!(fixture.ledger.entries_tile(&scope, 0, 1).await.unwrap()[2..], data);
    for (index, width) in [(2, 89), (3, 1), (u64::MAX, 1)] {
        let answer = fixture.ledger.entries_tile(&scope, index, width).await;
        assert!(matches!(answer, Err(LedgerError::NotFound)), "{index}.p/{width}");
    }
}
