//! Values as SQL literals, for statements that go to the server as one text. Everything that is not a
//! number, a UUID or hexadecimal is quoted here and nowhere else.

use std::fmt::{Display, Write as _};

use crate::StoreError;

/// A string constant with C-style escapes (PostgreSQL, 4.1.2.2), which means the same whatever
/// `standard_conforming_strings` is; or NULL.
pub(crate) fn text(out: &mut String, value: Option<&str>) -> Result<(), StoreError> {
    let Some(value) = value else {
        out.push_str("NULL");
        return Ok(());
    };
    out.push_str("E'");
    for c in value.chars() {
        match c {
            // It would end the statement there.
            '\0' => return Err(StoreError::unexpected("a text column cannot hold a NUL")),
            '\'' => out.push_str("''"),
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    out.push('\'');
    Ok(())
}

/// A bytea in hexadecimal.
pub(crate) fn bytes(out: &mut String, value: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(value.len() * 2 + 6);
    out.push_str("E'\\\\x");
    for byte in value {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out.push('\'');
}

/// What needs no quoting, and a comma.
pub(crate) fn null_or(out: &mut String, value: Option<impl Display>) {
    let _ = match value {
        Some(value) => write!(out, "{value},"),
        None => write!(out, "NULL,"),
    };
}

/// An array's, of what needs no quoting: UUIDs and numbers.
pub(crate) fn array(items: impl IntoIterator<Item = impl Display>) -> String {
    let mut out = "'{".to_owned();
    for item in items {
        let separator = if out.len() == 2 { "" } else { "," };
        let _ = write!(out, "{separator}{item}");
    }
    out + "}'"
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_quotes() {
        let quoted = |value| {
            let mut out = String::new();
            text(&mut out, Some(value)).map(|()| out)
        };
        assert_eq!(quoted("a'; DROP--").unwrap(), "E'a''; DROP--'");
        assert_eq!(quoted("\\' || 1").unwrap(), "E'\\\\'' || 1'");
        assert_eq!(quoted("").unwrap(), "E''");
        assert!(quoted("a\0b").is_err());
        let mut out = String::new();
        bytes(&mut out, &[0, 0xab, b'\'']);
        assert_eq!(out, "E'\\\\x00ab27'");
        assert_eq!(array([1, 2]), "'{1,2}'");
        assert_eq!(array([0; 0]), "'{}'");
    }
}
