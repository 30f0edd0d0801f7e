//! Envelope sealing: a fresh data key for every payload, wrapped by the port.
//!
//! Form, version 1: `0x01 ‖ u16be(length of the wrapped key) ‖ wrapped key ‖ nonce[12] ‖ ciphertext
//! and tag`, AES-256-GCM (NIST SP 800-38D) with the additional data `0x01 ‖ purpose`.

use std::sync::Arc;

use aes_gcm::{
    Aes256Gcm, Key, Nonce,
    aead::{Aead, Generate, KeyInit, Payload},
};
use zeroize::Zeroizing;

use crate::{KeyError, KeyPort, LocalKeys};

const VERSION: u8 = 0x01;
const NONCE_LEN: usize = 12;
const KEY_LEN: usize = 32;

/// Seals and opens; cheap to clone.
#[derive(Clone, Debug)]
pub struct Keys {
    port: Arc<dyn KeyPort>,
}

impl Keys {
    pub fn new(port: Arc<dyn KeyPort>) -> Self {
        Self { port }
    }

    /// The local part: the master key in the file at `path`, made if it is missing.
    pub fn local(path: &std::path::Path) -> Result<Self, KeyError> {
        Ok(Self::new(Arc::new(LocalKeys::open_or_create(path)?)))
    }

    /// Seals `plaintext` of any length for `purpose`, a constant name such as
    /// `role_credentials/app` that says what the bytes are; they open for that purpose only, so
    /// that a sealed value moved to another row or table is refused.
    pub async fn seal(&self, purpose: &str, plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
        let data_key = Zeroizing::new(<[u8; KEY_LEN]>::from(Key::<Aes256Gcm>::generate()));
        let wrapped = self.port.wrap(purpose, data_key.as_slice()).await?;
        let wrapped_len =
            u16::try_from(wrapped.len()).map_err(|_| KeyError::Malformed("wrapped key too long"))?;
        let nonce: Nonce<_> = Generate::generate();
        let ciphertext = cipher(&data_key)
            .encrypt(&nonce, Payload { msg: plaintext, aad: &additional_data(purpose) })
            .map_err(|_| KeyError::Malformed("plaintext too long"))?;
        let mut sealed = Vec::with_capacity(3 + wrapped.len() + NONCE_LEN + ciphertext.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&wrapped_len.to_be_bytes());
        sealed.extend_from_slice(&wrapped);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// What was sealed for `purpose`; wiped from memory when dropped.
    pub async fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let (&version, rest) = sealed.split_first().ok_or(KeyError::Malformed("empty"))?;
        if version != VERSION {
            return Err(KeyError::Malformed("unknown version"));
        }
        let cut = KeyError::Malformed("cut short");
        let Some((len, rest)) = rest.split_first_chunk::<2>() else {
            return Err(cut);
        };
        let Some((wrapped, rest)) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len))) else {
            return Err(cut);
        };
        let Some((nonce, ciphertext)) = rest.split_first_chunk::<NONCE_LEN>() else {
            return Err(cut);
        };
        let data_key = self.port.unwrap(purpose, wrapped).await?;
        let data_key: Zeroizing<[u8; KEY_LEN]> = Zeroizing::new(
            data_key.as_slice().try_into().map_err(|_| KeyError::Malformed("data key of another length"))?,
        );
        cipher(&data_key)
            .decrypt(&Nonce::from(*nonce), Payload { msg: ciphertext, aad: &additional_data(purpose) })
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Refused)
    }

    /// Where the master key is, for `custody doctor`; no secret.
    pub fn describe(&self) -> String {
        self.port.describe()
    }
}

fn cipher(key: &[u8; KEY_LEN]) -> Aes256Gcm {
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key))
}

fn additional_data(purpose: &str) -> Vec<u8> {
    let mut aad = Vec::with_capacity(1 + purpose.len());
    aad.push(VERSION);
    aad.extend_from_slice(purpose.as_bytes());
    aad
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
mod tests {
    use async_trait::async_trait;

    use super::*;

    /// A part that forgets the context.
    #[derive(Debug)]
    struct Careless;

    #[async_trait]
    impl KeyPort for Careless {
        async fn wrap(&self, _context: &str, plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
            Ok(plaintext.to_vec())
        }

        async fn unwrap(&self, _context: &str, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
            Ok(Zeroizing::new(wrapped.to_vec()))
        }

        fn describe(&self) -> String {
            "careless".to_owned()
        }
    }

    #[tokio::test]
    async fn the_purpose_is_bound_whatever_the_part_does() {
        let keys = Keys::new(Arc::new(Careless));
        let sealed = keys.seal("a", b"secret").await.unwrap();
        assert_eq!(*keys.open("a", &sealed).await.unwrap(), b"secret");
        assert!(matches!(keys.open("b", &sealed).await, Err(KeyError::Refused)));
    }
}
