//! Proofs made from tiles are those that the definition makes from all leaves.

use custody_domain::merkle;
use custody_ledger::{LedgerError, TreeError};
use custody_proof::CompactRange;

use super::grower::{Grower, latest, write_leaves};
use crate::fixture::{Fixture, drafts};

/// Sizes around every kind of edge: of the tree, of tiles of level 0 and 1.
const SIZES: [u64; 11] = [1, 2, 255, 256, 257, 511, 513, 65_535, 65_536, 65_537, 66_100];

fn at(n: u64) -> usize {
    usize::try_from(n).unwrap()
}

#[tokio::test]
async fn they_are_those_of_the_definition_at_every_edge() {
    let fixture = Fixture::new().await;
    let (scope, grower) = (fixture.tenant("a").await, Grower::of(&fixture));
    let leaves = write_leaves(&fixture, &scope, 66_100).await;
    grower.follow().await;
    let ledger = &fixture.ledger;
    for size in SIZES {
        let tree = &leaves[..at(size)];
        assert_eq!(ledger.root(&scope, size).await.unwrap(), merkle::root(tree), "root of {size}");
        for index in [0, 1, 255, 256, 300, 65_535, 65_536, size / 2, size - 1] {
            let proof = ledger.inclusion_proof(&scope, index, size).await;
            if index >= size {
                assert!(matches!(proof, Err(LedgerError::NotFound)), "{index} in {size}");
                continue;
            }
            let proof = proof.unwrap();
            assert_eq!(proof.leaf_hash, tree[at(index)]);
            assert_eq!(Some(proof.hashes), merkle::inclusion_proof(tree, at(index)), "{index} in {size}");
        }
        for from in SIZES.into_iter().chain([0]).filter(|from| *from <= size) {
            let proof = ledger.consistency_proof(&scope, from, size).await.unwrap();
            assert_eq!(proof.from_root, merkle::root(&leaves[..at(from)]));
            assert_eq!(proof.to_root, merkle::root(tree));
            assert_eq!(Some(proof.hashes), merkle::consistency_proof(tree, at(from)), "{from} to {size}");
        }
    }
    for (begin, end) in
        [(0, 66_100), (3, 66_000), (255, 257), (256, 512), (300, 65_700), (66_000, 66_100), (9, 9)]
    {
        let mut range = CompactRange::empty(begin);
        leaves[at(begin)..at(end)].iter().for_each(|leaf| range.append(*leaf).unwrap());
        assert_eq!(ledger.compact_range(&scope, begin..end).await.unwrap(), range, "{begin}..{end}");
    }
}

#[tokio::test]
async fn what_the_log_does_not_have_is_not_found() {
    let fixture = Fixture::new().await;
    let (scope, other) = (fixture.tenant("a").await, fixture.tenant("b").await);
    write_leaves(&fixture, &scope, 10).await;
    let ledger = &fixture.ledger;
    for (index, size) in [(10, 10), (3, 11), (0, u64::MAX), (u64::MAX, u64::MAX)] {
        let proof = ledger.inclusion_proof(&scope, index, size).await;
        assert!(matches!(proof, Err(LedgerError::NotFound)), "{index} in {size}: {proof:?}");
    }
    for (from, to) in [(0, 11), (5, 4), (1, u64::MAX)] {
        let proof = ledger.consistency_proof(&scope, from, to).await;
        assert!(matches!(proof, Err(LedgerError::NotFound)), "{from} to {to}: {proof:?}");
    }
    assert!(matches!(ledger.inclusion_proof(&other, 0, 1).await, Err(LedgerError::NotFound)));
}

/// The tree of entries that no tile has yet, and far more than a tile of them.
#[tokio::test]
async fn a_follower_that_is_behind_makes_no_proof_wrong() {
    let fixture = Fixture::new().await;
    let (scope, grower) = (fixture.tenant("a").await, Grower::of(&fixture));
    let mut leaves = write_leaves(&fixture, &scope, 700).await;
    grower.follow().await;
    leaves.extend(write_leaves(&fixture, &scope, 2000).await);
    for (index, size) in [(0, 2700), (600, 2700), (2699, 2700), (511, 1024), (2000, 2049)] {
        let proof = fixture.ledger.inclusion_proof(&scope, index, size).await.unwrap();
        assert_eq!(Some(proof.hashes), merkle::inclusion_proof(&leaves[..at(size)], at(index)));
    }
}

#[tokio::test]
async fn the_proof_of_a_new_entry_waits_for_its_checkpoint() {
    let fixture = Fixture::new().await;
    let (scope, grower) = (fixture.tenant("a").await, Grower::of(&fixture));
    let appended = fixture.ledger.append(&scope, drafts(3)).await.unwrap();
    let receipt = *appended[2].receipt();
    let asked = fixture.ledger.prove(&scope, receipt.seq, receipt.leaf_hash);
    let (proof, ()) = futures::future::join(asked, grower.follow()).await;
    let (checkpoint, proof) = proof.unwrap();
    assert_eq!((checkpoint.size, proof.leaf_index), (3, 2));
    let opened = latest(&fixture.ledger, &scope).await;
    assert!(merkle::verify_inclusion(&receipt.leaf_hash, 2, 3, &proof.hashes, &opened.root));
    // Nobody makes one of the next.
    fixture.ledger.append(&scope, drafts(1)).await.unwrap();
    let late = fixture.ledger.prove(&scope, 3, [0; 32]).await;
    assert!(matches!(late, Err(LedgerError::Tree(TreeError::Behind))), "{late:?}");
    // And none of a leaf that is not the entry's.
    let foreign = fixture.ledger.prove(&scope, 2, [0; 32]).await;
    assert!(matches!(foreign, Err(LedgerError::Tree(TreeError::Mismatch { .. }))), "{foreign:?}");
}

#[tokio::test]
async fn the_proofs_of_several_entries_lead_to_one_checkpoint_and_wait_for_none() {
    let fixture = Fixture::new().await;
    let (scope, grower) = (fixture.tenant("a").await, Grower::of(&fixture));
    let mut appended = fixture.ledger.append(&scope, drafts(3)).await.unwrap();
    grower.follow().await;
    appended.extend(fixture.ledger.append(&scope, drafts(1)).await.unwrap());
    let leaves: Vec<_> =
        [3, 0, 2].map(|n: usize| appended[n].receipt()).map(|r| (r.seq, r.leaf_hash)).to_vec();
    let (checkpoint, proofs) = fixture.ledger.prove_each(&scope, &leaves).await.unwrap();
    assert_eq!((checkpoint.size, proofs[0].is_none()), (3, true));
    for ((seq, leaf_hash), proof) in leaves.iter().zip(&proofs).skip(1) {
        let proof = proof.as_ref().unwrap();
        assert!(merkle::verify_inclusion(leaf_hash, *seq, 3, &proof.hashes, &checkpoint.root));
    }
    let foreign = fixture.ledger.prove_each(&scope, &[(2, [0; 32])]).await;
    assert!(matches!(foreign, Err(LedgerError::Tree(TreeError::Mismatch { .. }))), "{foreign:?}");
}
