//! JSON pointers (RFC 6901).

use std::borrow::Cow;

use super::Value;

/// Appends `/` and `key`, escaped: `~` as `~0`, `/` as `~1`.
pub fn push_token(pointer: &mut String, key: &str) {
    pointer.push('/');
    if !key.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        pointer.push_str(key);
        return;
    }
    for c in key.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            _ => pointer.push(c),
        }
    }
}

pub(super) fn resolve<'v, 'a>(value: &'v Value<'a>, pointer: &str) -> Option<&'v Value<'a>> {
    if pointer.is_empty() {
        return Some(value);
    }
    pointer.strip_prefix('/')?.split('/').try_fold(value, |at, token| match at {
        Value::Object(object) => object.get(&unescape(token)),
        Value::Array(items) => items.get(index(token)?),
        _ => None,
    })
}

fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

/// RFC 6901, section 4: digits without leading zeros.
fn index(token: &str) -> Option<usize> {
    let plain = token == "0" || !token.starts_with(['0', '+']);
    plain.then(|| token.parse().ok())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
    use crate::json::{Limits, parse};

    /// The examples of RFC 6901, section 5.
    #[test]
    fn the_rfcs_examples_resolve() {
        let text =
            br#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
        let value = parse(text, &Limits::default()).unwrap();
        assert_eq!(value.pointer(""), Some(&value));
        assert_eq!(value.pointer("/foo/0").unwrap().as_str(), Some("bar"));
        for (pointer, number) in [
            ("/", "0"),
            ("/a~1b", "1"),
            ("/c%d", "2"),
            ("/e^f", "3"),
            ("/g|h", "4"),
            ("/i\\j", "5"),
            ("/k\"l", "6"),
            ("/ ", "7"),
            ("/m~0n", "8"),
        ] {
            let crate::json::Value::Number(n) = value.pointer(pointer).unwrap() else { panic!("{pointer}") };
            assert_eq!(n, number, "{pointer}");
        }
        for absent in ["foo", "/foo/2", "/foo/00", "/foo/+1", "/foo/-", "/nope"] {
            assert_eq!(value.pointer(absent), None, "{absent}");
        }
    }
}
