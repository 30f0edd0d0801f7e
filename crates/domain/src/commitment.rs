//! Salted commitments to the members of an entry, and the content hash over them, version 1.
//! Normative text: docs/proofs.md.

mod committer;
mod hasher;
mod members;
mod salt;

pub use committer::Committer;
pub use hasher::ContentHasher;
pub use members::{Members, is_container, members};
pub use salt::Salt;
pub(crate) use salt::lower_hex;

use crate::{Hash, digest::sha256, json::Object};

/// The first byte of what is hashed.
const MEMBER: u8 = 0x02;
const CONTENT: u8 = 0x03;
const SALT: u8 = 0x04;

/// `SHA-256(0x04 ‖ entry_salt ‖ pointer)[..16]`.
pub fn member_salt(entry_salt: &Salt, pointer: &str) -> Salt {
    let hash = sha256(&[&[SALT], &entry_salt.0, pointer.as_bytes()]);
    let mut salt = [0; 16];
    salt.copy_from_slice(&hash[..16]);
    Salt(salt)
}

/// `SHA-256(0x02 ‖ salt ‖ u32be(len pointer) ‖ pointer ‖ value)`, the value in canonical form.
pub fn member_hash(salt: &Salt, pointer: &str, value: &[u8]) -> Hash {
    sha256(&[&[MEMBER], &salt.0, &length(pointer), pointer.as_bytes(), value])
}

/// A pointer is part of a text that is bounded far below 4 GiB (`json::Limits`).
fn length(pointer: &str) -> [u8; 4] {
    u32::try_from(pointer.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// `SHA-256(0x03 ‖ member hashes, sorted by their bytes)`.
pub fn content_hash(members: &[Hash]) -> Hash {
    let mut message = Vec::with_capacity(1 + size_of_val(members));
    message.push(CONTENT);
    if !extend_sorted(&mut message, members) {
        let mut sorted = members.to_vec();
        sorted.sort_unstable();
        message.extend_from_slice(sorted.as_flattened());
    }
    sha256(&[&message])
}

/// As many as an index in the low bits of a number can tell apart.
const FEW: usize = 1 << INDEX_BITS;
const INDEX_BITS: u32 = 6;

/// Appends the hashes in order. What is sorted are numbers in their places: their beginnings, and in the last bits where
/// they stand. False, and nothing done, where there are too many, or two begin alike: nobody has seen
/// two such hashes, but a redacted body may claim any.
fn extend_sorted(message: &mut Vec<u8>, hashes: &[Hash]) -> bool {
    let mut order = [0; FEW];
    let Some(order) = order.get_mut(..hashes.len()) else { return false };
    for (at, (number, hash)) in order.iter_mut().zip(hashes).enumerate() {
        let first = hash.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        *number = first >> INDEX_BITS << INDEX_BITS | at as u64;
    }
    order.sort_unstable();
    if order.windows(2).any(|pair| matches!(pair, [a, b] if a >> INDEX_BITS == b >> INDEX_BITS)) {
        return false;
    }
    for number in order {
        let at = usize::try_from(*number & (FEW as u64 - 1)).unwrap_or_default();
        message.extend_from_slice(hashes.get(at).map_or(&[], Hash::as_slice));
    }
    true
}

/// An entry's content as it is kept, and what its leaf commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// The content's canonical form.
    pub canonical: Vec<u8>,
    pub content_hash: Hash,
}

/// Canonicalises and commits to `content` in one pass. The same as [`members`], [`member_salt`],
/// [`member_hash`] and [`content_hash`] one after the other.
pub fn commit(content: &Object<'_>, entry_salt: &Salt) -> Commitment {
    let mut committer = Committer::new();
    let content_hash = committer.commit(content, entry_salt);
    Commitment { canonical: committer.into_canonical(), content_hash }
}

#[cfg(test)]
mod tests;
