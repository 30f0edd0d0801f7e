//! The members of an object in canonical form, as the bytes that they are there: nothing is parsed that is
//! only copied.

/// Calls `each` with every key, unescaped as no key of ours needs more, and the bytes of its value. None
/// where the bytes are no such object.
pub(crate) fn each<'b>(object: &'b [u8], mut each: impl FnMut(&'b [u8], &'b [u8])) -> Option<()> {
    let mut rest = object.strip_prefix(b"{")?;
    if rest == b"}" {
        return Some(());
    }
    loop {
        let (key, after) = rest.split_at_checked(value_length(rest)?)?;
        let key = key.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let after = after.strip_prefix(b":")?;
        let (value, after) = after.split_at_checked(value_length(after)?)?;
        each(key, value);
        rest = match after.split_first()? {
            (b',', rest) => rest,
            (b'}', []) => return Some(()),
            _ => return None,
        };
    }
}

/// Of the value that these bytes begin with.
fn value_length(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'"' => string_length(bytes),
        b'{' | b'[' => container_length(bytes),
        _ => bytes.iter().position(|byte| matches!(byte, b',' | b'}' | b']')).filter(|length| *length > 0),
    }
}

/// With its quotes.
fn string_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn container_length(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        match bytes.get(at)? {
            b'"' => at += string_length(bytes.get(at..)?)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
}

/// The text of a string in canonical form; None for any other value.
pub(crate) fn text(value: &[u8]) -> Option<std::borrow::Cow<'_, str>> {
    let inner = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', inner).is_none() {
        return std::str::from_utf8(inner).ok().map(Into::into);
    }
    serde_json::from_slice::<String>(value).ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use custody_domain::{
        canonical,
        json::{Limits, Value, parse},
    };
    use proptest::prelude::*;

    use super::*;

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i32>().prop_map(Into::into),
            ".{0,12}".prop_map(Into::into),
            r#"["\\{}\[\],:]{0,8}"#.prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::btree_map("[a-z]{1,6}", inner, 0..5)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn members_are_those_of_the_parser(
            members in prop::collection::btree_map("[a-z_]{1,8}", json(), 0..8)
        ) {
            let text = serde_json::Value::Object(members.into_iter().collect()).to_string();
            let parsed = parse(text.as_bytes(), &Limits::default()).unwrap();
            let bytes = canonical::to_vec(&parsed);
            let mut found = Vec::new();
            each(&bytes, |key, value| found.push((key, value))).unwrap();
            let object = parsed.as_object().unwrap();
            prop_assert_eq!(found.len(), object.len());
            for (key, value) in found {
                let parsed = object.get(std::str::from_utf8(key).unwrap()).unwrap();
                prop_assert_eq!(value, &canonical::to_vec(parsed)[..]);
                if let Value::String(string) = parsed {
                    prop_assert_eq!(super::text(value).unwrap(), &**string);
                }
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = each(&bytes, |_, value| { text(value); });
        }
    }

    #[test]
    fn what_is_no_object_is_none() {
        for bytes in [&b""[..], b"{", b"[]", b"{\"a\":1", b"{\"a\":1}x", b"{\"a\"1}", b"{a:1}", b"{\"a\":\"}"]
        {
            assert!(each(bytes, |_, _| {}).is_none(), "{}", String::from_utf8_lossy(bytes));
        }
    }
}
