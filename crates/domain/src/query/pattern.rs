//! Exact values, and values with `*` in them.

/// The longest text, in bytes of UTF-8, that has an exact form. A longer one is found by free text
/// and `exists:` alone, so that an index may leave its exact form out.
pub const EXACT_BYTES_MAX: usize = 2_048;

/// The most `*` in one pattern.
pub const STARS_MAX: usize = 8;

/// What a whole text must be. Case and accents count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    Literal(String),
    Wildcard(Wildcard),
}

/// Texts with any number of characters between them: `iam.*` is `["iam.", ""]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wildcard(Vec<String>);

impl Wildcard {
    /// The pieces around the stars. Neighbouring stars count as one; none when no star is left, or
    /// nothing but stars.
    pub fn new(pieces: Vec<String>) -> Option<Self> {
        let last = pieces.len().checked_sub(1)?;
        let pieces: Vec<String> = pieces
            .into_iter()
            .enumerate()
            .filter(|(at, piece)| *at == 0 || *at == last || !piece.is_empty())
            .map(|(_, piece)| piece)
            .collect();
        let holds_text = pieces.iter().any(|piece| !piece.is_empty());
        (pieces.len() > 1 && holds_text).then_some(Self(pieces))
    }

    /// At least two; the first and the last may be empty.
    pub fn pieces(&self) -> &[String] {
        &self.0
    }

    /// What it begins with, where that is all it asks: `iam.` of `iam.*`.
    pub fn as_prefix(&self) -> Option<&str> {
        match self.0.as_slice() {
            [prefix, end] if end.is_empty() => Some(prefix),
            _ => None,
        }
    }

    /// Whether it matches a text that has an exact form.
    pub fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.0.as_slice() else {
            return false;
        };
        // The leftmost place for each piece is never worse than a later one, so one pass is enough.
        let Some(rest) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        let Some(mut rest) = rest.strip_suffix(last.as_str()) else {
            return false;
        };
        for piece in middle {
            match rest.find(piece.as_str()) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        true
    }
}

impl Pattern {
    /// Whether `text` is such a text; never where it is too long to have an exact form.
    pub fn matches(&self, text: &str) -> bool {
        text.len() <= EXACT_BYTES_MAX
            && match self {
                Self::Literal(literal) => literal == text,
                Self::Wildcard(wildcard) => wildcard.matches(text),
            }
    }
}

impl From<&str> for Pattern {
    fn from(literal: &str) -> Self {
        Self::Literal(literal.to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    fn wildcard(pattern: &str) -> Pattern {
        let pieces = pattern.split('*').map(str::to_owned).collect();
        Pattern::Wildcard(Wildcard::new(pieces).unwrap())
    }

    #[test]
    fn stars_stand_for_any_characters_or_none() {
        for (pattern, text, expected) in [
            ("iam.*", "iam.CreateUser", true),
            ("iam.*", "iam.", true),
            ("iam.*", "IAM.CreateUser", false),
            ("*User", "iam.CreateUser", true),
            ("*User", "iam.CreateUsers", false),
            ("i*Create*r", "iam.CreateUser", true),
            ("ab*ab", "ab", false),
            ("ab*ab", "abab", true),
            ("a*b*b", "ab", false),
            ("a**b", "a-b", true),
            ("*é*", "café au lait", true),
        ] {
            assert_eq!(wildcard(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_text_beyond_the_bound_has_no_exact_form() {
        let longest = "x".repeat(EXACT_BYTES_MAX);
        assert!(Pattern::Literal(longest.clone()).matches(&longest));
        assert!(wildcard("x*").matches(&longest));
        let longer = "x".repeat(EXACT_BYTES_MAX + 1);
        assert!(!Pattern::Literal(longer.clone()).matches(&longer));
        assert!(!wildcard("x*").matches(&longer));
    }

    #[test]
    fn nothing_but_stars_is_no_pattern() {
        assert_eq!(Wildcard::new(vec!["plain".into()]), None);
        assert_eq!(Wildcard::new(vec![String::new(), String::new()]), None);
        assert_eq!(Wildcard::new(vec![]), None);
    }
}
