//! SHA-256, the one hash function of version 1.
//!
//! The compression function is `sha2`'s, which takes the processor's instructions where it has them.
//! Nearly all that is hashed here is one block or two, and for so little the library's buffering
//! takes longer than its hashing. So messages are written beside each other, padded, and then
//! compressed in a row, which lets the processor work on several at once (measured with SHA-NI: 112 ns
//! a member's salt and hash one by one, 64 in a row; the instructions alone take 60).

use sha2::{Digest as _, Sha256, block_api::compress256};

/// A SHA-256 value. In JSON: 64 digits of lower-case hex.
pub type Hash = [u8; 32];

const BLOCK_BYTES: usize = 64;
/// What padding needs behind the message: a one bit, and the length in 8 bytes.
const PADDING_BYTES_MIN: usize = 9;

/// FIPS 180-4, section 5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The hash of the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// Messages that wait to be hashed together.
#[derive(Default)]
pub(crate) struct Batch {
    /// Of all messages, padded: whole blocks.
    bytes: Vec<u8>,
    /// Where in `bytes` each message ends.
    ends: Vec<usize>,
}

impl Batch {
    /// Room for so many messages of a few blocks in all.
    pub(crate) fn with_room(messages: usize) -> Self {
        Self { bytes: Vec::with_capacity(messages * 3 * BLOCK_BYTES), ends: Vec::with_capacity(messages) }
    }

    /// Adds the message that the parts make, one after the other.
    #[inline]
    pub(crate) fn push(&mut self, parts: &[&[u8]]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        // SHA-256 counts bits, modulo 2^64.
        let bits = ((length as u64) << 3).to_be_bytes();
        let padded = (length + PADDING_BYTES_MIN).next_multiple_of(BLOCK_BYTES);
        // Nearly all are put together in two blocks that are zero already.
        let mut few = [0; 2 * BLOCK_BYTES];
        if let Some(message) = few.get_mut(..padded) {
            let mut rest = &mut *message;
            for part in parts {
                let (here, behind) = rest.split_at_mut(part.len());
                here.copy_from_slice(part);
                rest = behind;
            }
            rest[0] = 0x80;
            message[padded - 8..].copy_from_slice(&bits);
            self.bytes.extend_from_slice(message);
        } else {
            for part in parts {
                self.bytes.extend_from_slice(part);
            }
            self.bytes.push(0x80);
            self.bytes.resize(self.bytes.len() + padded - length - PADDING_BYTES_MIN, 0);
            self.bytes.extend_from_slice(&bits);
        }
        self.ends.push(self.bytes.len());
    }

    /// The hashes of the messages, in their order; afterwards there are none.
    pub(crate) fn hash_into(&mut self, hashes: &mut Vec<Hash>) {
        hashes.clear();
        let mut start = 0;
        for &end in &self.ends {
            let (blocks, _) = self.bytes.get(start..end).unwrap_or_default().as_chunks::<BLOCK_BYTES>();
            let mut state = INITIAL;
            compress256(&mut state, blocks);
            hashes.push(to_bytes(state));
            start = end;
        }
        self.bytes.clear();
        self.ends.clear();
    }
}

#[inline]
fn to_bytes(state: [u32; 8]) -> Hash {
    let mut hash = [0; 32];
    for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    hash
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_length_around_a_block_is_padded_as_the_standard_says() {
        let bytes: Vec<u8> = (0..=255).cycle().take(300).collect();
        let (mut batch, mut hashes) = (Batch::default(), Vec::new());
        for length in 0..bytes.len() {
            batch.push(&[&bytes[..length]]);
        }
        batch.hash_into(&mut hashes);
        for (length, hash) in hashes.iter().enumerate() {
            assert_eq!(*hash, Hash::from(Sha256::digest(&bytes[..length])), "{length} bytes");
        }
        assert_eq!(hashes.len(), bytes.len());
    }

    proptest! {
        #[test]
        fn parts_are_hashed_as_one_and_a_batch_can_be_used_again(
            messages in proptest::collection::vec(
                proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..90), 0..5), 0..6),
        ) {
            let (mut batch, mut hashes) = (Batch::with_room(2), Vec::new());
            for _ in 0..2 {
                for message in &messages {
                    batch.push(&message.iter().map(Vec::as_slice).collect::<Vec<_>>());
                }
                batch.hash_into(&mut hashes);
                let each: Vec<Hash> = messages.iter().map(|m| Sha256::digest(m.concat()).into()).collect();
                prop_assert_eq!(&hashes, &each);
            }
        }
    }
}
