//! SHA-256, the one hash function of version 1.

use sha2::{Digest as _, Sha256};

/// A SHA-256 value. In JSON: 64 digits of lower-case hex.
pub type Hash = [u8; 32];

/// The hash of the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}
