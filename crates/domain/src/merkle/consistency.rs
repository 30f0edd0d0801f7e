//! That a smaller tree is the beginning of a larger one.

use super::{node, root, split};
use crate::{Hash, digest::sha256};

/// The proof that the tree of the first `first` of `leaves` is a prefix of the tree of all. Empty for
/// `first` 0 and for all of them; `None` where `first` is more than there are.
pub fn consistency_proof(leaves: &[Hash], first: usize) -> Option<Vec<Hash>> {
    if first > leaves.len() {
        return None;
    }
    let mut proof = Vec::new();
    if first > 0 {
        subproof(leaves, first, true, &mut proof);
    }
    Some(proof)
}

/// SUBPROOF of RFC 9162, section 2.1.4.1. `whole`: the verifier knows the root of these leaves.
fn subproof(leaves: &[Hash], first: usize, whole: bool, proof: &mut Vec<Hash>) {
    if first == leaves.len() {
        if !whole {
            proof.push(root(leaves));
        }
        return;
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    if first <= at {
        subproof(left, first, whole, proof);
        proof.push(root(right));
    } else {
        subproof(right, first - at, false, proof);
        proof.push(root(left));
    }
}

/// Whether `proof` shows that the tree of `first` leaves with `first_root` is a prefix of the one of
/// `second` leaves with `second_root`: RFC 9162, section 2.1.4.2. The empty tree is a prefix of every
/// tree; its proof is empty and its root that of no leaves.
pub fn verify_consistency(
    first: u64,
    second: u64,
    proof: &[Hash],
    first_root: &Hash,
    second_root: &Hash,
) -> bool {
    if first > second {
        return false;
    }
    if first == second {
        return proof.is_empty() && first_root == second_root;
    }
    if first == 0 {
        return proof.is_empty() && *first_root == sha256(&[]);
    }
    // A first tree that is a full subtree is itself the first hash of the way, and left out.
    let (seed, rest) = match proof.split_first() {
        None => return false,
        Some(_) if first.is_power_of_two() => (first_root, proof),
        Some((hash, rest)) => (hash, rest),
    };
    let shift = (first - 1).trailing_ones();
    let (mut at, mut last) = ((first - 1) >> shift, (second - 1) >> shift);
    let (mut of_first, mut of_second) = (*seed, *seed);
    for hash in rest {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            of_first = node(hash, &of_first);
            of_second = node(hash, &of_second);
            while at % 2 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            of_second = node(&of_second, hash);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && of_first == *first_root && of_second == *second_root
}
