//! API keys: `cust_<prefix>_<secret>`, a public prefix to find the row by, and 256 secret bits.

use std::fmt;

use zeroize::Zeroizing;

use crate::secret::{SecretHash, is_random_text, random_text};

const HEAD: &str = "cust_";
/// Base32 (RFC 4648) in lower case: 60 bits that a person can read aloud.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
pub const PREFIX_LEN: usize = 12;

/// An API key as its holder has it. The text is shown once and never stored.
#[derive(Clone)]
pub struct ApiKeyText {
    text: Zeroizing<String>,
    secret_at: usize,
}

impl fmt::Debug for ApiKeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeyText({}…)", self.prefix())
    }
}

impl ApiKeyText {
    pub fn generate() -> Self {
        let prefix: String = rand::random::<[u8; PREFIX_LEN]>()
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
            .collect();
        let text = Zeroizing::new(format!("{HEAD}{prefix}_{}", *random_text()));
        Self { text, secret_at: HEAD.len() + PREFIX_LEN + 1 }
    }

    /// `None` where the text does not have the form of a key.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, secret) = text.strip_prefix(HEAD)?.split_at_checked(PREFIX_LEN)?;
        let secret = secret.strip_prefix('_')?;
        let is_prefix = prefix.bytes().all(|b| ALPHABET.contains(&b));
        (is_prefix && is_random_text(secret))
            .then(|| Self { text: Zeroizing::new(text.to_owned()), secret_at: text.len() - secret.len() })
    }

    /// The public part, unique in an installation.
    pub fn prefix(&self) -> &str {
        &self.text[HEAD.len()..HEAD.len() + PREFIX_LEN]
    }

    /// SHA-256 of the secret part.
    pub fn secret_hash(&self) -> SecretHash {
        SecretHash::of(&self.text[self.secret_at..])
    }

    /// The whole key, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
mod tests {
    use super::*;

    #[test]
    fn a_key_parses_back_to_the_same_prefix_and_hash() {
        let key = ApiKeyText::generate();
        assert_eq!(key.reveal().len(), 5 + 12 + 1 + 43);
        let again = ApiKeyText::parse(key.reveal()).unwrap();
        assert_eq!(again.prefix(), key.prefix());
        assert_eq!(again.secret_hash(), key.secret_hash());
        assert!(!format!("{key:?}").contains(&key.reveal()[18..]));
    }

    #[test]
    fn what_is_no_key_is_none() {
        let key = ApiKeyText::generate();
        let text = key.reveal();
        for bad in [
            "",
            "cust_",
            &text[1..],
            &text[..text.len() - 1],
            &format!("{text}x"),
            &text.to_uppercase(),
            &text.replace("cust_", "cust-"),
            "cust_äöüäöü_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert!(ApiKeyText::parse(bad).is_none(), "{bad}");
        }
    }
}
