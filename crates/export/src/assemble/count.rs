//! Bytes that went by.

use sha2::{Digest as _, Sha256};

#[derive(Clone, Debug, Default)]
pub(crate) struct Count {
    bytes: u64,
    hash: Sha256,
}

impl Count {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    /// How many, and their SHA-256 in lower-case hex.
    pub(crate) fn so_far(&self) -> (u64, String) {
        (self.bytes, hex::encode(self.hash.clone().finalize()))
    }
}
