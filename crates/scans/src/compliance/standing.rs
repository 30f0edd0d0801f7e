//! What one check has come to.

use custody_domain::{Evidence, FindingStatus};
use custody_store::{findings::Verdicts, scans::checks::LookedAt};

use super::Verdict;

/// Findings by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    /// Not muted.
    pub failed: u64,
    /// Failures that somebody muted: they are accepted.
    pub muted: u64,
    pub manual: u64,
    /// Of all of them: those whose evidence is incomplete.
    pub incomplete: u64,
}

/// A check's findings, and whether it ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub tally: Tally,
    /// It ran to its end, and no call to the provider failed beneath it.
    pub wholly: bool,
    /// It came to no verdict, in one of the scans.
    pub errored: bool,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.muted += other.muted;
        self.manual += other.manual;
        self.incomplete += other.incomplete;
    }

    pub fn findings(&self) -> u64 {
        self.passed + self.failed + self.muted + self.manual
    }
}

impl Standing {
    pub(super) fn add(&mut self, verdicts: &Verdicts) {
        let tally = &mut self.tally;
        let of = match (verdicts.status, verdicts.muted) {
            (FindingStatus::Pass, _) => &mut tally.passed,
            (FindingStatus::Fail, false) => &mut tally.failed,
            (FindingStatus::Fail, true) => &mut tally.muted,
            (FindingStatus::Manual, _) => &mut tally.manual,
        };
        *of += verdicts.findings;
        if verdicts.evidence == Evidence::Incomplete {
            tally.incomplete += verdicts.findings;
        }
    }

    pub(super) fn ran(&mut self, looked_at: &LookedAt) {
        self.wholly |= looked_at.wholly;
        self.errored |= looked_at.errored;
    }

    /// All that it is of was looked at: it found something and missed nothing, or it ran to its end and
    /// there was nothing to look at.
    pub fn complete(&self) -> bool {
        self.tally.incomplete == 0 && (self.tally.findings() > 0 || self.wholly)
    }

    pub fn verdict(&self) -> Verdict {
        match self.tally {
            Tally { failed: 1.., .. } => Verdict::Fail,
            Tally { manual: 1.., .. } => Verdict::Manual,
            Tally { passed: 0, muted: 0, .. } if self.wholly => Verdict::NoResources,
            Tally { passed: 0, muted: 0, .. } if self.errored => Verdict::Errored,
            Tally { passed: 0, muted: 0, .. } => Verdict::NotChecked,
            _ => Verdict::Pass,
        }
    }
}
