//! The port: what a holder of master keys must do.

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::KeyError;

/// Wraps small payloads (data keys, up to 4096 bytes: what key services take) under a master key
/// that never leaves it.
#[async_trait]
pub trait KeyPort: std::fmt::Debug + Send + Sync {
    /// Wraps `plaintext`, bound to `context`: it unwraps with the same context only. Two calls
    /// with the same arguments give different bytes.
    async fn wrap(&self, context: &str, plaintext: &[u8]) -> Result<Vec<u8>, KeyError>;

    /// The plaintext that was wrapped with this context.
    async fn unwrap(&self, context: &str, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError>;

    /// Where the master key is, for `custody doctor`; no secret.
    fn describe(&self) -> String;
}
