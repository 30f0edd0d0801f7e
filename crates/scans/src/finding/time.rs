//! Times as engines write them.

use chrono::{DateTime, NaiveDateTime, Utc};
use custody_domain::time::parse_rfc3339;

/// From here on a number counts milliseconds, as OCSF wants: in seconds it would be the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// RFC 3339; with a space for the `T`, as Prowler's CSV has it; without an offset, which is UTC then.
pub(crate) fn of_text(text: &str) -> Option<DateTime<Utc>> {
    if let Some(at) = parse_rfc3339(text) {
        return Some(at.to_utc());
    }
    if let Ok(at) = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%:z") {
        return Some(at.to_utc());
    }
    let naive = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
    naive.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()).map(|at| at.and_utc())
}

/// Seconds, as Prowler writes them, or milliseconds of the Unix epoch.
pub(crate) fn of_number(number: &str) -> Option<DateTime<Utc>> {
    let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
    if number < MILLISECONDS_FROM {
        DateTime::from_timestamp(number, 0)
    } else {
        DateTime::from_timestamp_millis(number)
    }
}

/// What the database's columns can hold, and a person would believe.
pub(crate) fn is_plausible(at: DateTime<Utc>) -> bool {
    (0..253_402_300_800).contains(&at.timestamp())
}
