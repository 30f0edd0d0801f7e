//! Inclusion and consistency proofs of every tree up to 70 leaves: each verifies, and none does with
//! a hash that was changed.

use custody_domain::{
    Hash,
    merkle::{consistency_proof, inclusion_proof, node, root, verify_consistency, verify_inclusion},
};
use proptest::prelude::*;

const SIZE_MAX: usize = 70;

fn leaves() -> Vec<Hash> {
    (0..SIZE_MAX).map(|i| node(&[u8::try_from(i).unwrap(); 32], &[0xab; 32])).collect()
}

fn long(n: usize) -> u64 {
    u64::try_from(n).unwrap()
}

/// One bit of the hash at `at` turned.
fn flipped(proof: &[Hash], at: usize) -> Vec<Hash> {
    let mut proof = proof.to_vec();
    proof[at][at % 32] ^= 1 << (at % 8);
    proof
}

#[test]
fn every_inclusion_proof_holds_and_no_changed_one() {
    let leaves = leaves();
    for size in 1..=SIZE_MAX {
        let root = root(&leaves[..size]);
        for index in 0..size {
            let proof = inclusion_proof(&leaves[..size], index).unwrap();
            let holds = |leaf: &Hash, proof: &[Hash], root: &Hash| {
                verify_inclusion(leaf, long(index), long(size), proof, root)
            };
            assert!(holds(&leaves[index], &proof, &root), "{index} of {size}");
            for at in 0..proof.len() {
                assert!(!holds(&leaves[index], &flipped(&proof, at), &root), "{index} of {size}");
            }
            assert!(!holds(&flipped(&leaves, index)[index], &proof, &root));
            assert!(!holds(&leaves[index], &proof, &flipped(&[root], 0)[0]));
        }
    }
}

#[test]
fn every_consistency_proof_holds_and_no_changed_one() {
    let leaves = leaves();
    let roots: Vec<Hash> = (0..=SIZE_MAX).map(|size| root(&leaves[..size])).collect();
    for second in 0..=SIZE_MAX {
        for first in 0..=second {
            let proof = consistency_proof(&leaves[..second], first).unwrap();
            let holds = |proof: &[Hash], of_first: &Hash, of_second: &Hash| {
                verify_consistency(long(first), long(second), proof, of_first, of_second)
            };
            assert!(holds(&proof, &roots[first], &roots[second]), "{first} to {second}");
            for at in 0..proof.len() {
                let proof = flipped(&proof, at);
                assert!(!holds(&proof, &roots[first], &roots[second]), "{first} to {second}");
            }
            assert!(!holds(&proof, &flipped(&roots, first)[first], &roots[second]));
            if first > 0 {
                assert!(!holds(&proof, &roots[first], &flipped(&roots, second)[second]));
            }
        }
    }
}

proptest! {
    /// Verification takes numbers and hashes from strangers.
    #[test]
    fn verifying_never_panics(
        a in any::<u64>(),
        b in any::<u64>(),
        hashes in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
        root in any::<[u8; 32]>(),
    ) {
        verify_inclusion(&root, a, b, &hashes, &root);
        prop_assert!(!verify_consistency(a, b, &hashes, &root, &[0; 32]) || a == 0);
        verify_consistency(a.min(b), a.max(b), &hashes, &root, &root);
    }
}
