//! When a schedule is due: a cron in a time zone.
//!
//! Where hours and minutes are named (`30 2 * * *`, `0,30 2,14 * * *`) each time of day is due once on
//! each of its days: one that the clocks leave out is due when they go on, one that they pass twice at
//! the first. Where they are `*`, a range or a step, the schedule goes by the clock on the wall: what is
//! left out is not due, and in an hour that is repeated it is due in both.

use std::str::FromStr as _;

use chrono::{DateTime, SubsecRound as _, Utc};
use chrono_tz::Tz;
use croner::Cron;
use custody_store::schedules::Timing;

/// Times of day that one schedule may name.
const TIMES_OF_DAY_MAX: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimingError {
    #[error("{0:?} is no time zone of the IANA database, such as Europe/Berlin")]
    Zone(String),
    #[error("{cron:?} is no cron of five fields, or of six with seconds first: {reason}")]
    Cron { cron: String, reason: String },
    #[error("{0:?} is never due")]
    Never(String),
}

/// The due times of a schedule.
#[derive(Clone, Debug)]
pub struct Times {
    cron: String,
    /// Together they are the schedule: one for each time of day that it names, or one for all.
    parts: Vec<Cron>,
    zone: Tz,
}

impl Times {
    pub fn of(timing: &Timing) -> Result<Self, TimingError> {
        let zone =
            Tz::from_str(&timing.time_zone).map_err(|_| TimingError::Zone(timing.time_zone.clone()))?;
        let cron = timing.cron.trim();
        let wrong = |reason: String| TimingError::Cron { cron: cron.to_owned(), reason };
        let fields: Vec<&str> = cron.split_whitespace().collect();
        if !matches!(fields.len(), 5 | 6) {
            return Err(wrong(format!("it has {} fields", fields.len())));
        }
        let parse = |cron: &str| Cron::from_str(cron).map_err(|error| wrong(error.to_string()));
        parse(cron)?;
        let parts = times_of_day(&fields).iter().map(|cron| parse(cron)).collect::<Result<_, _>>()?;
        Ok(Self { cron: cron.to_owned(), parts, zone })
    }

    /// The first one after that moment.
    pub fn after(&self, moment: DateTime<Utc>) -> Result<DateTime<Utc>, TimingError> {
        let moment = self.on_the_wall(moment);
        let next = self.parts.iter().filter_map(|cron| cron.find_next_occurrence(&moment, false).ok()).min();
        next.map(|next| next.with_timezone(&Utc)).ok_or_else(|| TimingError::Never(self.cron.clone()))
    }

    /// The last one that is not after that moment, if there was one.
    pub fn until(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let moment = self.on_the_wall(moment);
        let last =
            self.parts.iter().filter_map(|cron| cron.find_previous_occurrence(&moment, true).ok()).max();
        last.map(|last| last.with_timezone(&Utc))
    }

    /// Due times are whole seconds.
    fn on_the_wall(&self, moment: DateTime<Utc>) -> DateTime<Tz> {
        moment.trunc_subsecs(0).with_timezone(&self.zone)
    }
}

/// The cron once for each time of day that it names by numbers alone, which is how `croner` knows that
/// they are times of day; as it is, where it does not.
fn times_of_day(fields: &[&str]) -> Vec<String> {
    let (time, day) = fields.split_at(fields.len() - 3);
    let numbers: Vec<Vec<&str>> = time.iter().map(|field| field.split(',').collect()).collect();
    let is_named = numbers.iter().flatten().all(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()));
    if !is_named || numbers.iter().map(Vec::len).product::<usize>() > TIMES_OF_DAY_MAX {
        return vec![fields.join(" ")];
    }
    let mut times = vec![String::new()];
    for numbers in numbers {
        times = times.iter().flat_map(|time| numbers.iter().map(move |n| format!("{time}{n} "))).collect();
    }
    times.into_iter().map(|time| time + &day.join(" ")).collect()
}

#[cfg(test)]
mod tests;
