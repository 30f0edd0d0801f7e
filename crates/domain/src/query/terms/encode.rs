//! How the parts of a term are written.

use std::{fmt::Write as _, net::IpAddr};

use super::{super::Number, PATH_BYTES_MAX};
use crate::digest;

/// Ends a path.
pub(super) const END: char = '\0';

/// Appends a path, such that none can be taken for another, nor for its own end.
pub(super) fn path(out: &mut String, path: &str) {
    if path.len() > PATH_BYTES_MAX {
        out.push('\u{2}');
        out.push_str(&hex::encode(digest::sha256(&[path.as_bytes()])));
        return;
    }
    if !path.bytes().any(|b| b <= 2) {
        return out.push_str(path);
    }
    for c in path.chars() {
        match c {
            '\0' => out.push_str("\u{1}0"),
            '\u{1}' => out.push_str("\u{1}1"),
            '\u{2}' => out.push_str("\u{1}2"),
            other => out.push(other),
        }
    }
}

/// Digits whose order is the order of the numbers.
pub(super) fn number(out: &mut String, number: Number) {
    digits(out, ordinal(number));
}

/// An integer whose order is the order of the numbers: of a negative double all bits are turned
/// round, of another the sign alone (IEEE 754, section 5.10, but for NaN, which there is not).
pub(super) fn ordinal(number: Number) -> u64 {
    let bits = number.get().to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

pub(super) fn digits(out: &mut String, number: u64) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{number:016x}");
}

pub(super) fn address(out: &mut String, address: IpAddr) {
    let _ = match address.to_canonical() {
        IpAddr::V4(four) => write!(out, "4{:08x}", four.to_bits()),
        IpAddr::V6(six) => write!(out, "6{:032x}", six.to_bits()),
    };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> String {
        let mut out = String::new();
        path(&mut out, text);
        out
    }

    proptest! {
        #[test]
        fn no_two_paths_are_written_alike(one in "[\0-\u{3}0-2a]{0,6}", other in "[\0-\u{3}0-2a]{0,6}") {
            prop_assert_eq!(written(&one) == written(&other), one == other);
            prop_assert!(!written(&one).contains(END));
        }

        #[test]
        fn digits_stand_in_the_order_of_numbers(one in any::<f64>(), other in any::<f64>()) {
            prop_assume!(one.is_finite() && other.is_finite());
            let parse = |f: f64| Number::parse(ryu_js::Buffer::new().format_finite(f)).unwrap();
            let (a, b) = (parse(one), parse(other));
            let (mut left, mut right) = (String::new(), String::new());
            number(&mut left, a);
            number(&mut right, b);
            prop_assert_eq!(a.partial_cmp(&b), Some(left.cmp(&right)));
        }
    }

    #[test]
    fn a_long_path_is_short_in_a_term() {
        let (one, other) = ("a".repeat(10_000), "a".repeat(10_001));
        assert_eq!(written(&one).len(), 65);
        assert_ne!(written(&one), written(&other));
        assert_ne!(written(&written(&one)), written(&one));
    }
}
