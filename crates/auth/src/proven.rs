//! Tokens of ours whose signature was found good.
//!
//! That a signature is good under a key is a fact that does not age, and finding it out is the dearest
//! part of a small request (50 µs). All that may change is asked anew each time: whether the key still
//! counts, the times, and what the token stands for.

use std::{fmt, sync::Arc};

use moka::future::Cache;
use sha2::{Digest as _, Sha256};

use crate::claims::Claims;

/// Each a few hundred bytes; what falls out is checked again.
const TOKENS_MAX: u64 = 10_000;

/// What was found good, under which key.
pub(crate) struct Proof {
    pub(crate) kid: String,
    pub(crate) public_key: [u8; 32],
    pub(crate) claims: Claims,
}

/// By the tokens' hashes. What is refused is not kept: anybody can send that.
pub(crate) struct Proven(Cache<[u8; 32], Arc<Proof>>);

impl fmt::Debug for Proven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proven")
    }
}

impl Proven {
    pub(crate) fn new() -> Self {
        Self(Cache::new(TOKENS_MAX))
    }

    pub(crate) async fn find(&self, token: &str) -> Option<Arc<Proof>> {
        self.0.get(&hash(token)).await
    }

    pub(crate) async fn keep(&self, token: &str, proof: Proof) -> Arc<Proof> {
        let proof = Arc::new(proof);
        self.0.insert(hash(token), Arc::clone(&proof)).await;
        proof
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
