//! What a kind of job may take.

use std::time::Duration;

/// The bounds of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// An attempt that takes longer is broken off, and counts as failed.
    pub run_time_max: Duration,
    /// So many fail, then the job is a dead letter.
    pub attempts_max: u16,
    pub backoff: Backoff,
    /// Of this kind at most so many run at a time in the whole installation.
    pub installation_max: Option<u16>,
    /// … and of one tenant.
    pub tenant_max: Option<u16>,
    /// In one worker, unless its configuration says otherwise.
    pub slots: Option<usize>,
    /// An attempt runs in a process of its own, which has so much memory in all: for what works on data of
    /// any size, or calls what may hang. None: in the worker's process, beside other jobs.
    pub memory_bytes_max: Option<u64>,
    /// It leaves files behind (the objects port, by its id): they go when the job does.
    pub leaves_files: bool,
    /// A result is kept for so long.
    pub result_kept: Duration,
    /// One that waits for longer, though nothing holds it up, means that something is wrong.
    pub wait_max: Duration,
}

impl Limits {
    /// Five attempts of at most five minutes each.
    pub const DEFAULT: Self = Self {
        run_time_max: Duration::from_mins(5),
        attempts_max: 5,
        backoff: Backoff::DEFAULT,
        installation_max: None,
        tenant_max: None,
        slots: None,
        memory_bytes_max: None,
        leaves_files: false,
        result_kept: Duration::from_hours(7 * 24),
        wait_max: Duration::from_mins(5),
    };
}

/// How long after a failed attempt the next one comes: twice as long each time, less up to a half by
/// chance, so that what failed together does not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    pub first: Duration,
    pub most: Duration,
}

impl Backoff {
    pub const DEFAULT: Self = Self { first: Duration::from_secs(2), most: Duration::from_mins(10) };

    /// After the attempt of this number, from 1. `chance` lies between 0 and 1.
    pub fn after(&self, attempt: u16, chance: f64) -> Duration {
        let doubled = self.first.saturating_mul(1 << u32::from(attempt.saturating_sub(1)).min(20));
        doubled.min(self.most).mul_f64(1.0 - chance.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_the_most_and_never_falls_below_half() {
        let backoff = Backoff { first: Duration::from_secs(2), most: Duration::from_mins(1) };
        let ms = |attempt, chance| backoff.after(attempt, chance).as_millis();
        assert_eq!([1, 2, 3].map(|n| ms(n, 0.0)), [2000, 4000, 8000]);
        assert_eq!(ms(1, 1.0), 1000);
        assert_eq!([6, 30, u16::MAX].map(|n| ms(n, 0.0)), [60_000; 3]);
    }
}
