//! Numbers, as JSON writes them.

use std::fmt;

/// A finite number, compared as an IEEE double: entries hold no other (what a double cannot hold
/// exactly is kept as its source text).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Number(f64);

impl Number {
    /// The number that `text` writes by the grammar of JSON (RFC 8259, section 6), if it does and
    /// is finite.
    pub fn parse(text: &str) -> Option<Self> {
        if !is_json_number(text.as_bytes()) {
            return None;
        }
        // Adding zero makes -0 the same as 0, in the comparison and in the rendering.
        let double = text.parse::<f64>().ok()? + 0.0;
        double.is_finite().then_some(Self(double))
    }

    pub fn get(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Number {
    /// As RFC 8785 writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ryu_js::Buffer::new().format_finite(self.0))
    }
}

fn is_json_number(text: &[u8]) -> bool {
    let digits = |at: &[u8]| at.iter().take_while(|b| b.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text.first() == Some(&b'0')) {
        return false;
    }
    let mut rest = text.get(whole..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = fraction.get(length..).unwrap_or_default();
    }
    let Some(exponent) = rest.strip_prefix(b"e").or(rest.strip_prefix(b"E")) else {
        return rest.is_empty();
    };
    let exponent = exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent);
    let length = digits(exponent);
    length > 0 && length == exponent.len()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn only_the_numbers_of_json_are_numbers() {
        for text in ["0", "-0", "5", "-5", "1.50", "1e3", "1E+3", "0.1e-7", "12345678901234567890"] {
            assert!(Number::parse(text).is_some(), "{text}");
        }
        for text in ["", "-", "05", "+5", "5.", ".5", "1e", "1e+", "0x1", "inf", "NaN", "1e999", "5 ", "٥"] {
            assert!(Number::parse(text).is_none(), "{text}");
        }
        assert_eq!(Number::parse("-0").unwrap().to_string(), "0");
        assert_eq!(Number::parse("1.50").unwrap(), Number::parse("15e-1").unwrap());
    }
}
