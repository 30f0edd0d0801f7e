//! `Range` and `If-Range` (RFC 9110, sections 14.2 and 13.1.5).

use custody_objects::Range;
use http::{HeaderMap, header};

/// The one range of bytes that is asked for. None for what is no such range, several, or other units:
/// then the header is as if it were not there, which the RFC leaves open.
pub(super) fn parse(text: &str) -> Option<Range> {
    let (unit, set) = text.split_once('=')?;
    let (first, last) = set.trim().split_once('-')?;
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // Larger than any file.
        is_number.then(|| text.parse().unwrap_or(u64::MAX - 1))
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    match (first, last) {
        ("", last) => Some(Range::Last(number(last)?)),
        (first, "") => Some(Range::From(number(first)?)),
        (first, last) => {
            let (from, last) = (number(first)?, number(last)?);
            (from <= last).then(|| Range::Between { from, until: last.saturating_add(1) })
        }
    }
}

/// Whether a range counts for the version with this entity tag: `If-Range` is not there, or names it.
/// Dates are not compared: they are too coarse to tell two versions apart.
pub(super) fn may_apply(headers: &HeaderMap, etag: &str) -> bool {
    let Some(asked) = headers.get(header::IF_RANGE) else { return true };
    asked.as_bytes() == format!("\"{etag}\"").as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_of_bytes_is_read_and_everything_else_ignored() {
        let between = |from, until| Some(Range::Between { from, until });
        assert_eq!(parse("bytes=0-0"), between(0, 1));
        assert_eq!(parse("Bytes= 5-9"), between(5, 10));
        assert_eq!(parse("bytes=7-"), Some(Range::From(7)));
        assert_eq!(parse("bytes=-3"), Some(Range::Last(3)));
        assert_eq!(parse("bytes=0-99999999999999999999"), between(0, u64::MAX));
        for other in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=9-5",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=+1-2",
            "bytes=a-b",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
