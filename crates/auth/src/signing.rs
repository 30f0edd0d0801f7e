//! Ed25519 keys that sign our tokens: made here, sealed by the keys port, named by RFC 7638.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use custody_keys::{KeyError, Keys, Zeroizing};
use ed25519_dalek::pkcs8::{EncodePrivateKey as _, KeypairBytes};
use jsonwebtoken::EncodingKey;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::TokenError;

/// What signing keys are sealed for.
pub const PURPOSE: &str = "signing_keys/token";

/// A key that was just made, ready to be stored.
#[derive(Clone)]
pub struct NewSigningKey {
    pub kid: String,
    pub public_key: [u8; 32],
    /// The 32-byte seed, sealed.
    pub sealed_seed: Vec<u8>,
}

impl std::fmt::Debug for NewSigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewSigningKey({})", self.kid)
    }
}

impl NewSigningKey {
    pub async fn generate(keys: &Keys) -> Result<Self, KeyError> {
        let seed = Zeroizing::new(rand::random::<[u8; 32]>());
        let public_key = public_key(&seed);
        Ok(Self {
            kid: thumbprint(&public_key),
            public_key,
            sealed_seed: keys.seal(PURPOSE, seed.as_slice()).await?,
        })
    }
}

pub(crate) fn public_key(seed: &[u8; 32]) -> [u8; 32] {
    ed25519_dalek::SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

/// The form that `jsonwebtoken` signs with. PKCS#8 version 1, without the public key: version 2,
/// which `ed25519-dalek` writes by itself, is refused there.
pub(crate) fn encoding_key(seed: &[u8; 32]) -> Result<EncodingKey, TokenError> {
    let pair = KeypairBytes { secret_key: *seed, public_key: None };
    let der = pair.to_pkcs8_der().map_err(|_| TokenError::BadKey)?;
    Ok(EncodingKey::from_ed_der(der.as_bytes()))
}

/// The JWK thumbprint (RFC 7638, members of RFC 8037) of an Ed25519 public key.
pub fn thumbprint(public_key: &[u8; 32]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public_key);
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(members))
}

/// A public key as RFC 7517 and RFC 8037 write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    pub kty: &'static str,
    pub crv: &'static str,
    /// base64url of the 32 bytes.
    pub x: String,
    pub kid: String,
    #[serde(rename = "use")]
    pub use_: &'static str,
    pub alg: &'static str,
}

impl Jwk {
    pub fn new(kid: &str, public_key: &[u8; 32]) -> Self {
        Self {
            kty: "OKP",
            crv: "Ed25519",
            x: URL_SAFE_NO_PAD.encode(public_key),
            kid: kid.to_owned(),
            use_: "sig",
            alg: "EdDSA",
        }
    }
}

/// The document at `/.well-known/jwks.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    pub keys: Vec<Jwk>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendices A.1 to A.3: the key pair, and its thumbprint.
    #[test]
    fn the_vectors_of_rfc_8037() {
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
            0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
        ];
        let jwk = Jwk::new("", &public_key(&seed));
        assert_eq!(jwk.x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(thumbprint(&public_key(&seed)), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
