//! JSON pointers in which `*` stands for any one key or index.

/// A pointer such as `/requestParameters/*/value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PointerPattern(Vec<Token>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Any,
    /// A key, or an index in digits; no longer escaped.
    Exactly(String),
}

impl PointerPattern {
    pub(super) const LENGTH_MAX: usize = 1_024;
    const TOKENS_MAX: usize = 64;

    /// Why a text is no such pointer, if it is none.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > Self::LENGTH_MAX {
            return Err("a pointer may have at most 1,024 bytes");
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err("a pointer begins with / (RFC 6901), as /requestParameters/password does");
        };
        let tokens = rest.split('/').map(Token::parse).collect::<Result<Vec<_>, _>>()?;
        if tokens.len() > Self::TOKENS_MAX {
            return Err("a pointer may have at most 64 parts");
        }
        Ok(Self(tokens))
    }

    /// The last of its tokens that is a name.
    pub(super) fn last_name(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|token| match token {
            Token::Exactly(text) if text.parse::<usize>().is_err() => Some(text.as_str()),
            _ => None,
        })
    }
}

impl Token {
    fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let bytes = text.as_bytes();
        let escapes = bytes.iter().enumerate().filter(|(_, b)| **b == b'~');
        for (at, _) in escapes {
            if !matches!(bytes.get(at + 1), Some(b'0' | b'1')) {
                return Err("in a pointer ~ is written ~0 and / is written ~1");
            }
        }
        Ok(Self::Exactly(text.replace("~1", "/").replace("~0", "~")))
    }
}

/// The patterns of one list that lead further from where a walk stands. Nothing is allocated where
/// none does, which is nearly everywhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Ahead<'p> {
    /// What is left of each; never empty.
    rest: Vec<&'p [Token]>,
    /// Whether one of them ends here.
    pub(super) here: bool,
}

impl<'p> Ahead<'p> {
    pub(super) fn from_root(patterns: &'p [PointerPattern]) -> Self {
        Self { rest: patterns.iter().map(|pattern| pattern.0.as_slice()).collect(), here: false }
    }

    /// Whether no pattern leads further.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// From here to the member `key`.
    pub(super) fn key(&self, key: &str) -> Self {
        self.step(|token| match token {
            Token::Any => true,
            Token::Exactly(text) => text == key,
        })
    }

    /// From here to the item at `index`.
    pub(super) fn index(&self, index: usize) -> Self {
        if self.rest.is_empty() { Self::default() } else { self.key(&index.to_string()) }
    }

    fn step(&self, is: impl Fn(&Token) -> bool) -> Self {
        let mut next = Self::default();
        for tokens in &self.rest {
            match tokens.split_first() {
                Some((first, [])) if is(first) => next.here = true,
                Some((first, rest)) if is(first) => next.rest.push(rest),
                _ => {}
            }
        }
        next
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn a_pattern_leads_to_what_it_names_and_no_further() {
        let patterns = ["/a~1b/*/c~0d", "/x", "/x/0"].map(|text| PointerPattern::parse(text).unwrap());
        let root = Ahead::from_root(&patterns);
        assert!(!root.here);
        assert!(root.key("a/b").index(7).key("c~d").here);
        assert!(root.key("x").here);
        assert!(root.key("x").index(0).here);
        assert!(!root.key("x").index(1).here);
        assert!(!root.key("a/b").index(7).here);
        assert!(root.key("y").rest.is_empty());
    }
}
