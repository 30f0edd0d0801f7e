//! Runs of characters: one pass over a text that says whether it can hold a card number or a key at
//! all. Nearly no text can.

/// The longest runs of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Longest {
    /// Digits, with single spaces, dashes or dots between them that are not counted.
    pub(super) digits: usize,
    /// Letters, digits, `/` and `+`.
    pub(super) base64: usize,
}

pub(super) fn longest(text: &str) -> Longest {
    let mut longest = Longest::default();
    let (mut digits, mut base64, mut separated) = (0, 0, false);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+') {
            base64 += 1;
        } else {
            longest.base64 = longest.base64.max(base64);
            base64 = 0;
        }
        if byte.is_ascii_digit() {
            digits += 1;
            separated = false;
        } else if matches!(byte, b' ' | b'-' | b'.') && !separated {
            separated = true;
        } else {
            longest.digits = longest.digits.max(digits);
            digits = 0;
            separated = true;
        }
    }
    Longest { digits: longest.digits.max(digits), base64: longest.base64.max(base64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted() {
        for (text, digits, base64) in [
            ("", 0, 0),
            ("4111 1111-1111 1111", 16, 4),
            ("12  34", 2, 2),
            ("4111.1111.1111", 12, 4),
            ("ab/cd+12=x", 2, 8),
            ("é1é", 1, 1),
        ] {
            assert_eq!(longest(text), Longest { digits, base64 }, "{text}");
        }
    }
}
