//! Times as text (RFC 3339).

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, SecondsFormat, Utc};

/// `2026-01-02T03:04:05.678Z`: UTC, cut to the millisecond.
pub fn rfc3339_millis(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A `date-time` of RFC 3339, section 5.6, to the letter: the offset is required, `T` stands between
/// date and time (`t` and `z` are allowed, a space is not). Digits beyond the nanosecond are cut.
pub fn parse_rfc3339(text: &str) -> Option<DateTime<FixedOffset>> {
    let bytes = text.as_bytes();
    let shape = bytes.get(..19)?.iter().zip(b"0000-00-00T00:00:00");
    let fits = shape.into_iter().all(|(&byte, &form)| match form {
        b'0' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't'),
        _ => byte == form,
    });
    if !fits || !offset_fits(bytes.get(19..)?) {
        return None;
    }
    DateTime::parse_from_rfc3339(text).ok()
}

/// The first instant in UTC of a date, `2026-01-31`.
pub fn parse_date(text: &str) -> Option<DateTime<Utc>> {
    let shaped = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let date = shaped.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d"))?.ok()?;
    Some(date.and_time(NaiveTime::MIN).and_utc())
}

/// Either of the two, as bounds are given.
pub fn parse_time_or_date(text: &str) -> Option<DateTime<Utc>> {
    parse_rfc3339(text).map(|at| at.to_utc()).or_else(|| parse_date(text))
}

/// What follows the seconds: an optional fraction, then `Z` or `±hh:mm`.
fn offset_fits(rest: &[u8]) -> bool {
    let offset = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            fraction.get(digits..).unwrap_or_default()
        }
        None => rest,
    };
    match offset {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn the_rfcs_examples_are_read() {
        for (text, utc) in [
            ("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520Z"),
            ("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000Z"),
            ("1990-12-31T23:59:60Z", "1990-12-31T23:59:60.000Z"),
            ("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870Z"),
            ("2026-01-02t03:04:05.123456789012z", "2026-01-02T03:04:05.123Z"),
            ("2026-01-02T03:04:05-00:00", "2026-01-02T03:04:05.000Z"),
        ] {
            let read = parse_rfc3339(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(rfc3339_millis(read.to_utc()), utc, "{text}");
        }
    }

    #[test]
    fn a_bound_is_a_time_or_a_date() {
        for (text, utc) in [
            ("2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05.000Z"),
            ("2026-01-02", "2026-01-02T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339_millis(parse_time_or_date(text).unwrap()), utc, "{text}");
        }
        for text in ["2026-02-30", "2026-1-2", "2026-01-02T03:04:05", "today"] {
            assert_eq!(parse_time_or_date(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_to_the_letter_is_refused() {
        for text in [
            "",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-01-02 03:04:05Z",
            "2026-01-02T03:04Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05+0100",
            "2026-01-02T03:04:05+01",
            "2026-02-30T03:04:05Z",
            "2026-01-02T24:00:00Z",
            "2026-01-02T03:04:05+25:00",
            "2026-01-02T03:04:05,5Z",
            " 2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05Z ",
            "+12026-01-02T03:04:05Z",
            "2026-01-02T03:04:05\u{2212}01:00",
            "1767323045",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
