//! Salted commitments to the members of an entry, and the content hash over them, version 1.
//! Normative text: docs/proofs.md.

mod members;
mod salt;

pub use members::{Members, is_container, members};
pub use salt::Salt;
pub(crate) use salt::lower_hex;

use crate::{Hash, digest::sha256, json::Object};

/// `SHA-256(0x04 ‖ entry_salt ‖ pointer)[..16]`.
pub fn member_salt(entry_salt: &Salt, pointer: &str) -> Salt {
    let hash = sha256(&[&[0x04], &entry_salt.0, pointer.as_bytes()]);
    let mut salt = [0; 16];
    salt.copy_from_slice(&hash[..16]);
    Salt(salt)
}

/// `SHA-256(0x02 ‖ salt ‖ u32be(len pointer) ‖ pointer ‖ value)`, the value in canonical form.
pub fn member_hash(salt: &Salt, pointer: &str, value: &[u8]) -> Hash {
    // A pointer is part of a text that is bounded far below 4 GiB (`json::Limits`).
    let length = u32::try_from(pointer.len()).unwrap_or(u32::MAX).to_be_bytes();
    sha256(&[&[0x02], &salt.0, &length, pointer.as_bytes(), value])
}

/// `SHA-256(0x03 ‖ member hashes, sorted by their bytes)`.
pub fn content_hash(members: &[Hash]) -> Hash {
    let mut sorted = members.to_vec();
    sorted.sort_unstable();
    sha256(&[&[0x03], sorted.as_flattened()])
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
    let members = members(content);
    let hashes: Vec<Hash> = members
        .iter()
        .map(|(pointer, value)| member_hash(&member_salt(entry_salt, pointer), pointer, value))
        .collect();
    Commitment { content_hash: content_hash(&hashes), canonical: members.into_canonical() }
}
