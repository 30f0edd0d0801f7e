//! Where a JSON value ends: by strings, escapes and brackets alone, without asking whether what
//! stands between them is JSON. The parser that judges an item comes later and sees only that item.

use super::{Fault, SplitErrorKind};

/// Why the end of a value could not be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The text ends first.
    End,
    /// No value begins there.
    NoValue,
}

impl Stop {
    pub(super) fn fault(self, text: &[u8], at: usize) -> Fault {
        match (self, text.get(at)) {
            (Self::NoValue, Some(&byte)) => (at, SplitErrorKind::Unexpected { byte }),
            _ => (text.len(), SplitErrorKind::Truncated),
        }
    }
}

/// The first offset from `at` on that holds no JSON white space (RFC 8259, section 2).
pub(super) fn skip_blank(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n')).unwrap_or(rest.len())
}

/// The offset behind the value that begins at `at`.
pub(super) fn value_end(text: &[u8], at: usize) -> Result<usize, Stop> {
    match text.get(at) {
        None => Err(Stop::End),
        Some(b'"') => string_end(text, at),
        Some(b'{' | b'[') => close(text, at + 1),
        Some(b',' | b':' | b']' | b'}') => Err(Stop::NoValue),
        Some(_) => Ok(at + scalar_length(&text[at..])),
    }
}

/// A number, a literal, or nonsense: up to what can follow a value.
fn scalar_length(rest: &[u8]) -> usize {
    rest.iter()
        .position(|b| matches!(b, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n'))
        .unwrap_or(rest.len())
}

/// The offset behind the bracket that closes the one that stands open at `at`.
pub(super) fn close(text: &[u8], mut at: usize) -> Result<usize, Stop> {
    let mut open = 1_usize;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at = string_end(text, at)?;
                continue;
            }
            b'{' | b'[' => open += 1,
            b'}' | b']' => {
                open -= 1;
                if open == 0 {
                    return Ok(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    Err(Stop::End)
}

/// The offset behind the string whose opening quote stands at `at`.
fn string_end(text: &[u8], at: usize) -> Result<usize, Stop> {
    let mut at = at + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return Ok(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    Err(Stop::End)
}

/// Where the array of the top-level member `Records` begins, if the object at `start` has one.
/// Members in front of it are stepped over.
pub(super) fn records(text: &[u8], start: usize) -> Option<usize> {
    if text.get(start) != Some(&b'{') {
        return None;
    }
    let mut at = skip_blank(text, start + 1);
    while text.get(at) == Some(&b'"') {
        let key_end = string_end(text, at).ok()?;
        let key = text.get(at + 1..key_end - 1)?;
        let colon = skip_blank(text, key_end);
        if text.get(colon) != Some(&b':') {
            return None;
        }
        let value = skip_blank(text, colon + 1);
        if key == b"Records" {
            return (text.get(value) == Some(&b'[')).then_some(value);
        }
        at = skip_blank(text, value_end(text, value).ok()?);
        if text.get(at) != Some(&b',') {
            return None;
        }
        at = skip_blank(text, at + 1);
    }
    None
}

/// How many lines from `start` on begin with `{`: more than one is how NDJSON looks.
pub(super) fn lines_beginning_with_brace(text: &[u8], start: usize) -> usize {
    text.get(start..)
        .unwrap_or_default()
        .split(|&b| b == b'\n')
        .filter(|line| line.first() == Some(&b'{'))
        .count()
}
