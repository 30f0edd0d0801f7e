//! Opaque secrets: 256 random bits that are shown once and kept as their SHA-256.
//!
//! A plain hash is enough here, and argon2 would not help: nobody can search through 2^256.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// What the store keeps of a secret. Compared in constant time.
#[derive(Clone, Copy, Eq)]
pub struct SecretHash(pub [u8; 32]);

impl SecretHash {
    /// SHA-256 of the text, prefix included.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// A secret that was just made: the text goes to its holder, the hash to the store.
#[derive(Clone)]
pub struct NewSecret {
    pub text: Zeroizing<String>,
    pub hash: SecretHash,
}

impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewSecret(…)")
    }
}

/// What a secret is for. Each has a prefix of its own, so that one is never taken for another and
/// scanners for leaked secrets can know them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// Renews a session's access token; replaced at every use.
    Refresh,
    /// Opens one WebSocket.
    Ticket,
    /// Signs a person in once, instead of a password: the first operator, a reset.
    OneTime,
    /// Accepts an invitation.
    Invitation,
}

impl SecretKind {
    pub const ALL: [Self; 4] = [Self::Refresh, Self::Ticket, Self::OneTime, Self::Invitation];

    pub fn prefix(self) -> &'static str {
        match self {
            Self::Refresh => "custr_",
            Self::Ticket => "custt_",
            Self::OneTime => "cust1_",
            Self::Invitation => "custi_",
        }
    }

    /// How long it is good for.
    pub fn lifetime(self) -> TimeDelta {
        match self {
            Self::Refresh | Self::Invitation => TimeDelta::days(7),
            Self::Ticket => TimeDelta::seconds(30),
            Self::OneTime => TimeDelta::hours(24),
        }
    }

    /// A new one: the prefix and 43 characters of base64url.
    pub fn generate(self) -> NewSecret {
        let text = Zeroizing::new(format!("{}{}", self.prefix(), *random_text()));
        let hash = SecretHash::of(&text);
        NewSecret { text, hash }
    }

    /// The hash to look for, if the text has the form of this kind.
    pub fn parse(self, text: &str) -> Option<SecretHash> {
        let secret = text.strip_prefix(self.prefix())?;
        is_random_text(secret).then(|| SecretHash::of(text))
    }
}

/// 256 random bits as 43 characters of base64url.
pub(crate) fn random_text() -> Zeroizing<String> {
    let bytes = Zeroizing::new(rand::random::<[u8; 32]>());
    Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

pub(crate) fn is_random_text(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_again_by_its_own_kind_alone() {
        for kind in SecretKind::ALL {
            let new = kind.generate();
            for other in SecretKind::ALL {
                let hash = other.parse(&new.text);
                assert_eq!(hash.is_some_and(|h| h == new.hash), other == kind);
            }
        }
    }

    #[test]
    fn a_changed_secret_is_another() {
        let new = SecretKind::Refresh.generate();
        let last = if new.text.ends_with('A') { "B" } else { "A" };
        let changed = format!("{}{last}", &new.text[..new.text.len() - 1]);
        assert_ne!(SecretKind::Refresh.parse(&changed), Some(new.hash));
        assert!(SecretKind::Refresh.parse(&new.text[..40]).is_none());
        assert!(SecretKind::Refresh.parse(&format!("{} ", *new.text)).is_none());
    }

    #[test]
    fn nothing_of_a_secret_is_printed() {
        let new = SecretKind::OneTime.generate();
        assert_eq!(format!("{new:?} {:?}", new.hash), "NewSecret(…) SecretHash(…)");
    }
}
