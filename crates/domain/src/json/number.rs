//! The grammar of a JSON number (RFC 8259, section 6), and its exact decimal value.

/// Whether `text` begins with a JSON number: its length in bytes, or the offset at which the
/// grammar was left.
pub(crate) fn scan(text: &[u8]) -> Result<usize, usize> {
    let mut at = usize::from(text.first() == Some(&b'-'));
    match text.get(at) {
        Some(b'0') => at += 1,
        Some(b'1'..=b'9') => at = digits(text, at)?,
        _ => return Err(at),
    }
    if text.get(at) == Some(&b'.') {
        at = digits(text, at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = text.get(at) {
            at += 1;
        }
        at = digits(text, at)?;
    }
    Ok(at)
}

/// One digit or more from `at` on.
fn digits(text: &[u8], at: usize) -> Result<usize, usize> {
    let rest = text.get(at..).unwrap_or_default();
    let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 { Err(at) } else { Ok(at + count) }
}

/// A decimal number as written: `± 0.d₁d₂… × 10^point`, the digits being those of `int` and then
/// `frac` without the zeros at either end.
struct Decimal<'t> {
    negative: bool,
    int: &'t [u8],
    frac: &'t [u8],
    /// `None`: so large or so small that no digits of this text could bring it back into range.
    point: Option<i64>,
}

impl<'t> Decimal<'t> {
    /// `text` is a JSON number, or what ECMAScript renders one as (which is a JSON number too).
    fn read(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let (negative, bytes) = match bytes.split_first() {
            Some((b'-', rest)) => (true, rest),
            _ => (false, bytes),
        };
        let end = bytes.iter().position(|b| matches!(b, b'e' | b'E'));
        let (mantissa, exponent) = bytes.split_at(end.unwrap_or(bytes.len()));
        let dot = mantissa.iter().position(|&b| b == b'.');
        let (int, frac) = mantissa.split_at(dot.unwrap_or(mantissa.len()));
        let frac = frac.get(1..).unwrap_or_default();
        let mut decimal = Self { negative, int, frac, point: None };
        let leading = decimal.raw().take_while(|&d| d == b'0').count();
        decimal.point = exponent_of(exponent).and_then(|e| {
            let shift = i64::try_from(decimal.int.len()).ok()? - i64::try_from(leading).ok()?;
            e.checked_add(shift)
        });
        decimal
    }

    fn raw(&self) -> impl DoubleEndedIterator<Item = u8> + use<'t> {
        self.int.iter().chain(self.frac).copied()
    }

    fn is_zero(&self) -> bool {
        self.raw().all(|d| d == b'0')
    }

    /// How many digits are left without the zeros at the end.
    fn significant(&self) -> usize {
        let all = self.int.len() + self.frac.len();
        all - self.raw().rev().take_while(|&d| d == b'0').count()
    }

    fn digits(&self) -> impl Iterator<Item = u8> + use<'t> {
        self.raw().take(self.significant()).skip_while(|&d| d == b'0')
    }
}

/// The exponent part (`""`, `e5`, `E+05`, `e-7`); `None` where it does not fit.
fn exponent_of(text: &[u8]) -> Option<i64> {
    let digits = text.get(1..).unwrap_or_default();
    if digits.is_empty() {
        return Some(0);
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether two JSON numbers have the same decimal value, exactly: `1e2` and `100.0` have, `0.1` and
/// `0.1000000000000000055511151231257827` have not. Zero has no sign.
pub(crate) fn same_value(a: &str, b: &str) -> bool {
    let (a, b) = (Decimal::read(a), Decimal::read(b));
    match (a.is_zero(), b.is_zero()) {
        (true, true) => true,
        (false, false) => {
            a.negative == b.negative && a.point.is_some() && a.point == b.point && a.digits().eq(b.digits())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_the_rfcs() {
        for good in ["0", "-0", "10", "-1.50", "1e5", "1E+05", "0.0e-0", "123456789012345678901234567890"] {
            assert_eq!(scan(good.as_bytes()), Ok(good.len()), "{good}");
        }
        for (bad, at) in
            [("", 0), ("-", 1), ("+1", 0), (".5", 0), ("1.", 2), ("1e", 2), ("1e+", 3), ("-a", 1)]
        {
            assert_eq!(scan(bad.as_bytes()), Err(at), "{bad}");
        }
        // A leading zero ends the number; what follows is the parser's to refuse.
        assert_eq!(scan(b"012"), Ok(1));
    }

    #[test]
    fn values_are_compared_by_digits_not_through_doubles() {
        for (a, b) in [
            ("1e2", "100"),
            ("100", "1E+2"),
            ("1.0", "1"),
            ("-0", "0"),
            ("-0.0e5", "0"),
            ("0e99999999999999999999", "0"),
            ("0.00120", "12e-4"),
            ("1200e-4", "0.12"),
            ("1e21", "1000000000000000000000"),
            ("1e0000000000000000000000002", "100"),
        ] {
            assert!(same_value(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("0.1", "0.10000000000000001"),
            ("12345678901234567890", "12345678901234567000"),
            ("1", "-1"),
            ("0", "1e-400"),
            ("1e99999999999999999999", "1e99999999999999999999"),
            ("12", "120"),
            ("102", "12"),
        ] {
            assert!(!same_value(a, b), "{a} {b}");
        }
    }
}
