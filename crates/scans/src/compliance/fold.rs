//! From checks to requirements, and from requirements to a framework.

use super::standing::{Standing, Tally};
use crate::catalogue;

/// What a check, or a requirement, has come to. A requirement comes to one of the first four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Whatever was found passed, or is accepted.
    Pass,
    /// Something fails that nobody accepted.
    Fail,
    /// Only a person can tell.
    Manual,
    /// Nothing was found, so nothing is known.
    NotChecked,
    /// Of a check: it ran to its end, and there was nothing for it to look at.
    NoResources,
    /// Of a check: it came to no verdict.
    Errored,
}

/// Whether a requirement is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Met {
    pub verdict: Verdict,
    /// Each check that stands for it was looked at wholly.
    pub complete: bool,
    pub tally: Tally,
}

/// A requirement, the tenant's own checks that stand for it, and whether it is met.
#[derive(Clone, Copy, Debug)]
pub struct Requirement<'c> {
    pub requirement: &'c catalogue::Requirement,
    pub own: &'c [String],
    pub met: Met,
}

/// Requirements of a framework.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Wholly looked at.
    pub passed: u64,
    /// They pass so far; something that stands for them was not looked at, or not wholly.
    pub passed_in_part: u64,
    pub failed: u64,
    pub manual: u64,
    pub not_checked: u64,
    /// Findings that fail, once for each requirement that they stand for.
    pub findings_failed: u64,
    pub findings_muted: u64,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Manual => "MANUAL",
            Self::NotChecked => "not_checked",
            Self::NoResources => "no_resources",
            Self::Errored => "errored",
        }
    }
}

impl Met {
    pub(super) fn of<'s>(standings: impl Iterator<Item = &'s Standing>) -> Self {
        let (mut tally, mut checks, mut complete) = (Tally::default(), 0_u32, true);
        for standing in standings {
            tally.add(&standing.tally);
            complete &= standing.complete();
            checks += 1;
        }
        let verdict = match tally {
            _ if checks == 0 => Verdict::Manual,
            Tally { failed: 1.., .. } => Verdict::Fail,
            Tally { manual: 1.., .. } => Verdict::Manual,
            Tally { passed: 0, muted: 0, .. } => Verdict::NotChecked,
            _ => Verdict::Pass,
        };
        Self { verdict, complete: complete && checks > 0, tally }
    }
}

impl Counts {
    pub(super) fn of(requirements: impl Iterator<Item = Met>) -> Self {
        let mut counts = Self::default();
        for met in requirements {
            counts.findings_failed += met.tally.failed;
            counts.findings_muted += met.tally.muted;
            let of = match (met.verdict, met.complete) {
                (Verdict::Pass, true) => &mut counts.passed,
                (Verdict::Pass, false) => &mut counts.passed_in_part,
                (Verdict::Fail, _) => &mut counts.failed,
                (Verdict::Manual, _) => &mut counts.manual,
                _ => &mut counts.not_checked,
            };
            *of += 1;
        }
        counts
    }

    /// Of a hundred requirements that checks have said something of, so many are met; one that passes in
    /// part is not. None where nothing was said of any.
    #[expect(clippy::cast_precision_loss, reason = "no framework has 2^52 requirements")]
    pub fn score(&self) -> Option<f64> {
        let told = self.passed + self.passed_in_part + self.failed;
        (told > 0).then(|| (self.passed as f64 / told as f64 * 1000.0).round() / 10.0)
    }
}
