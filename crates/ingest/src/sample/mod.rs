//! Invented events: what `serve --sample` loads, what the ledger's dictionaries are trained on and
//! what the benches write. Each source's documented form, with a company that does not exist; no
//! customer's and no third party's values are in it.
//!
//! The same seed gives the same bytes on every machine and in every release that does not say
//! otherwise, because a dictionary is named by what it was trained on.

mod cloudtrail;
mod company;
mod native;
mod rng;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use self::rng::Rng;

/// `n` CloudTrail records of a fictitious company, one JSON object each (about 1.4 KB), their times
/// rising from 2026-01-05T06:00:00Z in steps of a few seconds.
pub fn cloudtrail(seed: u64, n: usize) -> impl Iterator<Item = Vec<u8>> {
    cloudtrail_since(seed, n, opening())
}

/// As [`cloudtrail`], from a time of the caller's.
pub fn cloudtrail_since(seed: u64, n: usize, since: DateTime<Utc>) -> impl Iterator<Item = Vec<u8>> {
    events(seed, n, since, cloudtrail::record)
}

/// `n` entries in Custody's own form, as the applications of the same company would send them.
pub fn native(seed: u64, n: usize) -> impl Iterator<Item = Vec<u8>> {
    native_since(seed, n, opening())
}

/// As [`native`], from a time of the caller's.
pub fn native_since(seed: u64, n: usize, since: DateTime<Utc>) -> impl Iterator<Item = Vec<u8>> {
    events(seed, n, since, native::entry)
}

fn events(
    seed: u64,
    n: usize,
    since: DateTime<Utc>,
    make: fn(&mut Rng, DateTime<Utc>) -> serde_json::Value,
) -> impl Iterator<Item = Vec<u8>> {
    let mut rng = Rng::new(seed);
    let mut at = since;
    (0..n).map(move |_| {
        at += TimeDelta::milliseconds(i64::from(rng.between(200, 9_000)));
        make(&mut rng, at).to_string().into_bytes()
    })
}

fn opening() -> DateTime<Utc> {
    let epoch_to_opening = Days::new(20_458);
    (DateTime::UNIX_EPOCH + epoch_to_opening)
        .with_time(NaiveTime::from_hms_opt(6, 0, 0).unwrap_or_default())
        .single()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_gives_others() {
        let once: Vec<_> = cloudtrail(7, 200).collect();
        let again: Vec<_> = cloudtrail(7, 200).collect();
        let other: Vec<_> = cloudtrail(8, 200).collect();
        assert_eq!(once, again);
        assert_ne!(once, other);
        assert_ne!(native(7, 50).collect::<Vec<_>>(), native(8, 50).collect::<Vec<_>>());
    }

    #[test]
    fn times_rise_from_the_opening() {
        assert_eq!(opening().to_rfc3339(), "2026-01-05T06:00:00+00:00");
    }

    #[test]
    fn records_are_as_varied_and_as_long_as_an_account_that_is_alive() {
        let mut ids = HashSet::new();
        let mut names = HashSet::new();
        let mut bytes = 0;
        for record in cloudtrail(1, 2_000) {
            bytes += record.len();
            let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
            assert!(ids.insert(record["eventID"].as_str().unwrap().to_owned()));
            names.insert(record["eventName"].as_str().unwrap().to_owned());
        }
        assert!(names.len() >= 40, "{} names", names.len());
        assert!((1_000..1_600).contains(&(bytes / 2_000)), "{} bytes on average", bytes / 2_000);
    }
}
