//! The order of keys (RFC 8785, section 3.2.3): by their UTF-16 code units.

use std::cmp::Ordering;

use crate::json::{Object, Value};

/// The members in canonical order.
pub(crate) fn sorted<'v, 'a>(
    object: &'v Object<'a>,
) -> impl ExactSizeIterator<Item = (&'v str, &'v Value<'a>)> {
    let mut members: Vec<_> = object.iter().map(|(key, value)| (first(key), key, value)).collect();
    let order = |a: &(u64, &str, _), b: &(u64, &str, _)| {
        // Among ASCII the order of bytes is that of UTF-16, and most keys differ in their first eight.
        if a.0 != b.0 && (a.0 | b.0) & NOT_ASCII == 0 { a.0.cmp(&b.0) } else { utf16(a.1, b.1) }
    };
    if !members.is_sorted_by(|a, b| order(a, b).is_lt()) {
        members.sort_unstable_by(order);
    }
    members.into_iter().map(|(_, key, value)| (key, value))
}

const NOT_ASCII: u64 = 0x8080_8080_8080_8080;

/// The first eight bytes as a number that sorts as they do; a key that is shorter has zeros behind it.
#[inline]
fn first(key: &str) -> u64 {
    if let Some(bytes) = key.as_bytes().first_chunk() {
        return u64::from_be_bytes(*bytes);
    }
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(key.bytes()) {
        *to = from;
    }
    u64::from_be_bytes(bytes)
}

/// Compares as UTF-16 would, without making it. The orders of UTF-8 and UTF-16 differ in one place:
/// characters beyond the basic plane (four bytes, the first at least F0) are surrogates in UTF-16,
/// which sort before U+E000…U+FFFF (three bytes, the first EE or EF).
pub(crate) fn utf16(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    match a.iter().zip(b).find(|(x, y)| x != y) {
        None => a.len().cmp(&b.len()),
        Some((&x, &y)) => match (x, y) {
            (0xf0.., 0xee..=0xef) => Ordering::Less,
            (0xee..=0xef, 0xf0..) => Ordering::Greater,
            _ => x.cmp(&y),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn as_the_code_units_sort(keys in proptest::collection::hash_set("[a-c\0é\u{ee00}\u{10000}]{0,10}", 0..40)) {
            let mut object = Object::new();
            for key in &keys {
                object.insert(key.clone(), Value::Null);
            }
            let mut expected: Vec<_> = keys.iter().map(String::as_str).collect();
            expected.sort_by_key(|key| key.encode_utf16().collect::<Vec<_>>());
            prop_assert_eq!(sorted(&object).map(|(key, _)| key).collect::<Vec<_>>(), expected);
        }
    }
}
