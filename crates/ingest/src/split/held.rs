//! The bytes of the item that is being read, within a bound.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::Cut;

/// So much of one item is held while its end is looked for. It may be more than an item may have, so
/// that what is a little too long can be kept whole in the quarantine.
pub const ITEM_HELD_BYTES_MAX: usize = 16 << 20;

/// So much of a longer one is kept, from its beginning.
pub const ITEM_KEPT_BYTES: usize = 64 << 10;

#[derive(Debug, Default)]
pub(super) struct Held {
    bytes: Vec<u8>,
    length: u64,
    /// Of all of it, once it is more than is held.
    hash: Option<Sha256>,
}

impl Held {
    pub(super) fn extend(&mut self, more: &[u8]) {
        self.length += more.len() as u64;
        if let Some(hash) = &mut self.hash {
            hash.update(more);
        } else if self.bytes.len() + more.len() <= ITEM_HELD_BYTES_MAX {
            self.bytes.extend_from_slice(more);
        } else {
            self.hash = Some(Sha256::new().chain_update(&self.bytes).chain_update(more));
            let missing = ITEM_KEPT_BYTES.saturating_sub(self.bytes.len());
            self.bytes.extend_from_slice(more.get(..missing).unwrap_or(more));
            self.bytes.truncate(ITEM_KEPT_BYTES);
            self.bytes.shrink_to_fit();
        }
    }

    /// What was held, whole or as it was cut; empty from then on.
    pub(super) fn take(&mut self) -> (Bytes, Option<Cut>) {
        let Self { bytes, length, hash } = std::mem::take(self);
        (bytes.into(), hash.map(|hash| Cut { length, sha256: hash.finalize().into() }))
    }

    /// What is held of it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Of what was read of it, held or not.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Of memory.
    pub(super) fn memory_bytes(&self) -> usize {
        self.bytes.capacity()
    }
}
