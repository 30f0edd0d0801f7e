//! The order of keys (RFC 8785, section 3.2.3): by their UTF-16 code units.

use std::cmp::Ordering;

use crate::json::{Object, Value};

/// The members in canonical order.
pub(crate) fn sorted<'v, 'a>(object: &'v Object<'a>) -> Vec<(&'v str, &'v Value<'a>)> {
    let mut members: Vec<_> = object.iter().collect();
    if !members.is_sorted_by(|a, b| utf16(a.0, b.0).is_lt()) {
        members.sort_unstable_by(|a, b| utf16(a.0, b.0));
    }
    members
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
