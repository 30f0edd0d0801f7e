//! Points in time, as finely as they are compared.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::time;

/// A point in time in whole microseconds, further digits cut off, between the years 0 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(i64);

impl Instant {
    /// 0000-01-01T00:00:00Z
    const EARLIEST: i64 = -62_167_219_200_000_000;
    /// 9999-12-31T23:59:59.999999Z
    const LATEST: i64 = 253_402_300_799_999_999;

    /// The instant of an RFC 3339 text with its offset; a leap second is the second after it.
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc().into())
    }

    /// The first instant in UTC of a date, `2026-01-31`.
    pub fn parse_date(text: &str) -> Option<Self> {
        time::parse_date(text).map(Self::from)
    }

    /// Since 1970-01-01T00:00:00Z.
    pub fn microseconds(self) -> i64 {
        self.0
    }

    pub fn to_datetime(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// The microsecond after; none after the last.
    pub fn next(self) -> Option<Self> {
        (self.0 < Self::LATEST).then_some(Self(self.0 + 1))
    }

    /// Later by so many days (earlier where negative), within the bounds of an instant.
    pub fn plus_days(self, days: i32) -> Self {
        self.plus_microseconds(i64::from(days) * 86_400_000_000)
    }

    /// The same by microseconds.
    pub fn plus_microseconds(self, microseconds: i64) -> Self {
        Self(self.0.saturating_add(microseconds).clamp(Self::EARLIEST, Self::LATEST))
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_micros().clamp(Self::EARLIEST, Self::LATEST))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_datetime().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn an_instant_is_the_same_in_every_offset_and_ends_at_microseconds() {
        let utc = Instant::parse("2026-03-01T10:00:00.123456789Z").unwrap();
        assert_eq!(utc, Instant::parse("2026-03-01T12:00:00.123456+02:00").unwrap());
        assert_eq!(utc.to_string(), "2026-03-01T10:00:00.123456Z");
        assert_eq!(Instant::parse("2026-03-01T10:00:00"), None);
        assert_eq!(Instant::parse_date("2026-03-01").unwrap().to_string(), "2026-03-01T00:00:00Z");
        assert_eq!(Instant::parse_date("2026-02-30"), None);
        assert_eq!(Instant::EARLIEST, Instant::parse("0000-01-01T00:00:00Z").unwrap().0);
        assert_eq!(Instant::LATEST, Instant::parse("9999-12-31T23:59:59.999999Z").unwrap().0);
    }
}
