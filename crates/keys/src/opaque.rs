//! Short values that travel through others' hands and come back: unreadable there, and unchanged.
//!
//! Form, version 1: `0x01 ‖ salt[12] ‖ nonce[12] ‖ ciphertext and tag`, AES-256-GCM (NIST SP 800-38D)
//! with the additional data `0x01 ‖ context`. The key is HMAC-SHA256(secret, purpose ‖ 0x00 ‖ salt):
//! salt and nonce are random, and together long enough that there is no count of values after which
//! the secret had to be changed.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, Key, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::KeyError;

const VERSION: u8 = 0x01;
const RANDOM_LEN: usize = 12;

/// Seals and opens short values of one purpose under a secret of 32 bytes, without asking the keys
/// port: the secret is one that the port has opened.
#[derive(Clone)]
pub struct Opaque {
    secret: Zeroizing<[u8; 32]>,
    purpose: &'static str,
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opaque({})", self.purpose)
    }
}

impl Opaque {
    /// `purpose` says what the values are; they open for that purpose only.
    pub fn new(secret: [u8; 32], purpose: &'static str) -> Self {
        Self { secret: Zeroizing::new(secret), purpose }
    }

    /// Twice the same value is two different texts. Of `context` nothing is kept but that it must be
    /// the same when the value is opened.
    pub fn seal<const N: usize>(&self, value: &[u8; N], context: &[u8]) -> Vec<u8> {
        let (salt, nonce) = rand::random::<([u8; RANDOM_LEN], [u8; RANDOM_LEN])>();
        #[expect(clippy::expect_used, reason = "GCM takes what is shorter than 64 GiB")]
        let ciphertext = self
            .cipher(&salt)
            .encrypt(&Nonce::from(nonce), Payload { msg: value, aad: &additional_data(context) })
            .expect("a short value");
        [&[VERSION][..], &salt, &nonce, &ciphertext].concat()
    }

    /// The value that was sealed in that context: `Refused` where it was not, or was changed.
    pub fn open<const N: usize>(&self, sealed: &[u8], context: &[u8]) -> Result<[u8; N], KeyError> {
        let cut = || KeyError::Malformed("cut short");
        let (&version, rest) = sealed.split_first().ok_or_else(cut)?;
        if version != VERSION {
            return Err(KeyError::Malformed("unknown version"));
        }
        let (salt, rest) = rest.split_first_chunk::<RANDOM_LEN>().ok_or_else(cut)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<RANDOM_LEN>().ok_or_else(cut)?;
        self.cipher(salt)
            .decrypt(&Nonce::from(*nonce), Payload { msg: ciphertext, aad: &additional_data(context) })
            .map_err(|_| KeyError::Refused)?
            .try_into()
            .map_err(|_| KeyError::Malformed("a value of another length"))
    }

    fn cipher(&self, salt: &[u8; RANDOM_LEN]) -> Aes256Gcm {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.secret.as_slice()).expect("a key");
        let derived = mac.chain_update(self.purpose).chain_update([0]).chain_update(salt).finalize();
        Aes256Gcm::new(&Key::<Aes256Gcm>::from(<[u8; 32]>::from(derived.into_bytes())))
    }
}

fn additional_data(context: &[u8]) -> Vec<u8> {
    [&[VERSION][..], context].concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_under_its_secret_purpose_and_context_alone() {
        let opaque = Opaque::new([7; 32], "one");
        let sealed = opaque.seal(b"value", b"here");
        assert_eq!(opaque.open(&sealed, b"here").unwrap(), *b"value");
        for (other, context) in [
            (&opaque, &b"there"[..]),
            (&opaque, b""),
            (&Opaque::new([7; 32], "two"), b"here"),
            (&Opaque::new([8; 32], "one"), b"here"),
        ] {
            assert!(matches!(other.open::<5>(&sealed, context), Err(KeyError::Refused)));
        }
        assert!(opaque.open::<4>(&sealed, b"here").is_err());
    }

    #[test]
    fn it_shows_neither_the_value_nor_that_it_is_the_same_again() {
        let opaque = Opaque::new([7; 32], "one");
        let (one, two) = (opaque.seal(&[0xAB; 16], b""), opaque.seal(&[0xAB; 16], b""));
        assert_eq!(one.len(), 1 + 12 + 12 + 16 + 16);
        assert!(!one.windows(4).any(|bytes| bytes == [0xAB; 4]));
        assert_ne!(one[25..], two[25..]);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let opaque = Opaque::new([7; 32], "one");
        let sealed = opaque.seal(b"value", b"here");
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(opaque.open::<5>(&flipped, b"here").is_err(), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert!(opaque.open::<5>(&sealed[..len], b"here").is_err(), "{len} bytes");
        }
    }
}
