//! JSON pointers in which `*` stands for any one key or index.

use custody_domain::json::Value;

/// A pointer such as `/requestParameters/*/value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PointerPattern(Vec<Token>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Any,
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

    /// Calls `found` for each value that the pattern names, with its pointer.
    pub(super) fn each<'a>(&self, value: &mut Value<'a>, found: &mut impl FnMut(&str, &mut Value<'a>)) {
        descend(&self.0, value, &mut String::new(), found);
    }

    /// Whether the value at `pointer` is named by the pattern, or lies within one that is.
    pub(super) fn covers(&self, pointer: &str) -> bool {
        let Some(rest) = pointer.strip_prefix('/') else {
            return false;
        };
        let mut tokens = rest.split('/');
        self.0.iter().all(|expected| tokens.next().is_some_and(|token| expected.is(token)))
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
        Ok(Self::Exactly(text.to_owned()))
    }

    /// `token` is escaped, as in a pointer, and so is what is expected.
    fn is(&self, token: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(text) => text == token,
        }
    }
}

fn descend<'a>(
    tokens: &[Token],
    value: &mut Value<'a>,
    at: &mut String,
    found: &mut impl FnMut(&str, &mut Value<'a>),
) {
    let Some((first, rest)) = tokens.split_first() else {
        return found(at, value);
    };
    let length = at.len();
    match value {
        Value::Object(object) => {
            for (key, member) in object.iter_mut() {
                custody_domain::json::push_token(at, key);
                if first.is(&at[length + 1..]) {
                    descend(rest, member, at, found);
                }
                at.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                custody_domain::json::push_token(at, &index.to_string());
                if first.is(&at[length + 1..]) {
                    descend(rest, item, at, found);
                }
                at.truncate(length);
            }
        }
        _ => {}
    }
}
