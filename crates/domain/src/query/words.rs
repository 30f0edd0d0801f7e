//! What is looked for in a text.

use super::analyse;

/// Tokens that must stand side by side in one text, or the beginning of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// At least one, as [`super::tokens`] makes them.
    Phrase(Phrase),
    Prefix(Prefix),
}

/// At least one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase(Vec<String>);

/// The beginning of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

impl Words {
    /// The words of `text`; none where it has no letter and no digit.
    pub fn phrase(text: &str) -> Option<Self> {
        let tokens = analyse::tokens(text);
        (!tokens.is_empty()).then_some(Self::Phrase(Phrase(tokens)))
    }

    /// Tokens that begin with the one token of `text`; none where it has not just one.
    pub fn prefix(text: &str) -> Option<Self> {
        let [token] = <[String; 1]>::try_from(analyse::tokens(text)).ok()?;
        Some(Self::Prefix(Prefix(token)))
    }

    /// How many tokens are looked for.
    pub fn count(&self) -> usize {
        match self {
            Self::Phrase(phrase) => phrase.0.len(),
            Self::Prefix(_) => 1,
        }
    }

    /// Whether they are found in a text that is folded already.
    pub(crate) fn found_in(&self, folded: &str) -> bool {
        match self {
            Self::Prefix(Prefix(prefix)) => {
                analyse::tokens_of_folded(folded).any(|token| token.starts_with(prefix.as_str()))
            }
            Self::Phrase(Phrase(wanted)) => match wanted.as_slice() {
                [only] => analyse::tokens_of_folded(folded).any(|token| token == only),
                several => {
                    let tokens: Vec<&str> = analyse::tokens_of_folded(folded).collect();
                    tokens.windows(several.len()).any(|window| window == several)
                }
            },
        }
    }
}

impl Phrase {
    pub fn tokens(&self) -> &[String] {
        &self.0
    }
}

impl Prefix {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
