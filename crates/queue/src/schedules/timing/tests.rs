#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _};
use proptest::prelude::*;

use super::*;

fn times(cron: &str, zone: &str) -> Times {
    Times::of(&Timing { cron: cron.to_owned(), time_zone: zone.to_owned() }).unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// All due times from one moment up to another.
fn due(times: &Times, from: &str, to: &str) -> Vec<String> {
    let (mut now, to) = (at(from), at(to));
    let mut due = Vec::new();
    loop {
        now = times.after(now).unwrap();
        if now > to {
            return due;
        }
        due.push(now.format("%d %H:%M:%S").to_string());
    }
}

#[test]
fn crons_of_five_and_six_fields_are_read_and_others_refused_with_the_reason() {
    let hourly = times("0 * * * *", "UTC");
    assert_eq!(hourly.after(at("2026-03-01T10:00:00Z")).unwrap(), at("2026-03-01T11:00:00Z"));
    assert_eq!(hourly.after(at("2026-03-01T10:59:59.999Z")).unwrap(), at("2026-03-01T11:00:00Z"));
    assert_eq!(hourly.until(at("2026-03-01T11:00:00.4Z")), Some(at("2026-03-01T11:00:00Z")));
    let often = times("*/15 * * * * *", "UTC");
    assert_eq!(often.after(at("2026-03-01T10:00:00Z")).unwrap(), at("2026-03-01T10:00:15Z"));
    let says = |cron: &str, zone: &str| {
        Times::of(&Timing { cron: cron.to_owned(), time_zone: zone.to_owned() }).unwrap_err().to_string()
    };
    assert!(says("0 * * *", "UTC").ends_with("it has 4 fields"));
    assert!(says("0 0 * * * * 2030", "UTC").ends_with("it has 7 fields"));
    assert!(says("61 * * * *", "UTC").starts_with("\"61 * * * *\" is no cron"));
    assert!(says("", "UTC").ends_with("it has 0 fields"));
    assert!(says("0 * * * *", "Europe/Nowhere").starts_with("\"Europe/Nowhere\" is no time zone"));
    assert_eq!(
        times("0 0 30 2 *", "UTC").after(at("2026-01-01T00:00:00Z")),
        Err(TimingError::Never("0 0 30 2 *".to_owned()))
    );
}

#[test]
fn a_time_of_day_that_is_left_out_or_repeated_is_due_once() {
    for (zone, cron, from, to, expected) in [
        // 29 March 2026, 02:00 becomes 03:00, which is 01:00 UTC.
        (
            "Europe/Berlin",
            "30 2 * * *",
            "2026-03-28T12:00:00Z",
            "2026-03-30T12:00:00Z",
            vec!["29 01:00:00", "30 00:30:00"],
        ),
        (
            "Europe/Berlin",
            "15,45 2,4 * * *",
            "2026-03-28T12:00:00Z",
            "2026-03-29T12:00:00Z",
            vec!["29 01:00:00", "29 02:15:00", "29 02:45:00"],
        ),
        // 25 October 2026, 03:00 becomes 02:00, which is 01:00 UTC.
        (
            "Europe/Berlin",
            "30 2 * * *",
            "2026-10-24T12:00:00Z",
            "2026-10-26T12:00:00Z",
            vec!["25 00:30:00", "26 01:30:00"],
        ),
        (
            "Europe/Berlin",
            "15,45 2,4 * * *",
            "2026-10-24T12:00:00Z",
            "2026-10-25T12:00:00Z",
            vec!["25 00:15:00", "25 00:45:00", "25 03:15:00", "25 03:45:00"],
        ),
        // 8 March 2026, 02:00 becomes 03:00, which is 07:00 UTC; 1 November, 02:00 becomes 01:00, 06:00 UTC.
        (
            "America/New_York",
            "30 2 * * *",
            "2026-03-07T12:00:00Z",
            "2026-03-09T12:00:00Z",
            vec!["08 07:00:00", "09 06:30:00"],
        ),
        (
            "America/New_York",
            "30 1 * * *",
            "2026-10-31T12:00:00Z",
            "2026-11-02T12:00:00Z",
            vec!["01 05:30:00", "02 06:30:00"],
        ),
    ] {
        assert_eq!(due(&times(cron, zone), from, to), expected, "{cron} in {zone}");
    }
}

#[test]
fn what_is_due_each_half_hour_goes_on_through_the_days_of_change() {
    for zone in ["Europe/Berlin", "America/New_York"] {
        for (from, to) in [
            ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
            ("2026-10-15T00:00:00Z", "2026-11-15T00:00:00Z"),
        ] {
            let due = due(&times("*/30 * * * *", zone), from, to);
            assert_eq!(i64::try_from(due.len()), Ok((at(to) - at(from)).num_minutes() / 30), "{zone}");
        }
    }
}

/// The same by the definition: each wall time of a named time of day is due at the moments that show it;
/// the first of two, and where there is none when the clocks go on.
fn by_definition(zone: Tz, hours: &BTreeSet<u32>, minute: u32, day: NaiveDate) -> BTreeSet<DateTime<Utc>> {
    let resolve = |wall: NaiveDateTime| {
        let mut later = wall;
        loop {
            if let Some(moment) = zone.from_local_datetime(&later).earliest() {
                return moment.with_timezone(&Utc);
            }
            later += TimeDelta::seconds(1);
        }
    };
    hours.iter().map(|hour| resolve(day.and_hms_opt(*hour, minute, 0).unwrap())).collect()
}

const ZONES: [Tz; 6] = [
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::Australia__Lord_Howe,
    Tz::America__Sao_Paulo,
    Tz::Asia__Kathmandu,
    Tz::UTC,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Any zone, any times of day, any day, half of them one on which the clocks change.
    #[test]
    fn each_named_time_is_due_once_a_day_as_the_definition_has_it(
        zone in prop::sample::select(ZONES.to_vec()),
        hours in prop::collection::btree_set(0_u32..24, 1..4),
        minute in 0_u32..60,
        day in 0_i64..7000,
        of_change in any::<bool>(),
    ) {
        let first = NaiveDate::from_ymd_opt(2010, 1, 1).unwrap();
        let mut day = first + TimeDelta::days(day);
        let offset = |day: NaiveDate| zone.offset_from_utc_datetime(&day.and_hms_opt(0, 0, 0).unwrap()).fix();
        for _ in 0..400 {
            if !of_change || offset(day) != offset(day + TimeDelta::days(1)) {
                break;
            }
            day += TimeDelta::days(1);
        }
        let list = hours.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let times = times(&format!("{minute} {list} * * *"), zone.name());
        let expected: BTreeSet<_> =
            [-1, 0, 1].into_iter().flat_map(|n| by_definition(zone, &hours, minute, day + TimeDelta::days(n))).collect();
        let (begin, end) = (*expected.first().unwrap(), *expected.last().unwrap());
        let mut found = BTreeSet::from([begin]);
        let mut now = begin;
        while now < end {
            let next = times.after(now).unwrap();
            prop_assert!(next > now);
            // What was due last is found again from any moment before the next.
            prop_assert_eq!(times.until(next - TimeDelta::milliseconds(1)), Some(now));
            prop_assert_eq!(times.until(next), Some(next));
            found.insert(next);
            now = next;
        }
        prop_assert_eq!(found, expected);
    }

    /// No cron and no zone makes it panic.
    #[test]
    fn whatever_is_written_is_read_or_refused(cron in "\\PC{0,40}", zone in "\\PC{0,12}", fields in "[0-9*/,LW#?a-zA-Z -]{9,30}") {
        let now = at("2026-03-01T00:00:00Z");
        for (cron, zone) in [(cron.clone(), "UTC".to_owned()), ("0 0 * * *".to_owned(), zone), (fields, "UTC".to_owned())] {
            if let Ok(times) = Times::of(&Timing { cron, time_zone: zone }) {
                let _ = (times.after(now), times.until(now));
            }
        }
    }
}
