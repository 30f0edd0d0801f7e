//! Findings counted by what they are of.

use std::collections::BTreeMap;

use custody_domain::{FindingSeverity, FindingStatus};
use custody_store::findings::Count;

/// Passed, failed, and to be looked at by a person; of the failed ones how grave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub findings: u64,
    pub passed: u64,
    pub failed: u64,
    pub manual: u64,
    /// Of those that failed and are not muted.
    pub severities: BTreeMap<FindingSeverity, u64>,
}

/// All of them, and by each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    pub total: Tally,
    pub incomplete: u64,
    pub muted: u64,
    pub by_severity: BTreeMap<String, Tally>,
    pub by_service: BTreeMap<String, Tally>,
    pub by_region: BTreeMap<String, Tally>,
    /// `aws/123456789012`
    pub by_account: BTreeMap<String, Tally>,
    pub by_delta: BTreeMap<String, u64>,
    pub by_triage: BTreeMap<String, u64>,
    /// Checks that failed, by id, with their titles.
    pub failed_checks: BTreeMap<String, (String, Tally)>,
}

impl Overview {
    pub fn of(counts: &[Count]) -> Self {
        let mut overview = Self::default();
        for count in counts {
            overview.add(count);
        }
        overview
    }

    fn add(&mut self, count: &Count) {
        self.total.add(count);
        if count.muted {
            self.muted += count.findings;
        }
        if count.evidence == custody_domain::Evidence::Incomplete {
            self.incomplete += count.findings;
        }
        let account = format!("{}/{}", count.provider, count.account);
        for (by, value) in [
            (&mut self.by_severity, count.severity.as_str()),
            (&mut self.by_service, count.service.as_str()),
            (&mut self.by_region, count.region.as_str()),
            (&mut self.by_account, account.as_str()),
        ] {
            // A `String` a count would be most of the work.
            match by.get_mut(value) {
                Some(tally) => tally.add(count),
                None => by.entry(value.to_owned()).or_default().add(count),
            }
        }
        *self.by_delta.entry(count.delta.to_string()).or_default() += count.findings;
        *self.by_triage.entry(count.triage.to_string()).or_default() += count.findings;
        if count.status == FindingStatus::Fail && !count.muted {
            let check = self.failed_checks.entry(count.check_id.clone());
            check.or_insert_with(|| (count.title.clone(), Tally::default())).1.add(count);
        }
    }
}

impl Tally {
    pub(super) fn merge(&mut self, other: &Self) {
        self.findings += other.findings;
        self.passed += other.passed;
        self.failed += other.failed;
        self.manual += other.manual;
        for (severity, count) in &other.severities {
            *self.severities.entry(*severity).or_default() += count;
        }
    }

    pub(super) fn add(&mut self, count: &Count) {
        self.findings += count.findings;
        match count.status {
            FindingStatus::Pass => self.passed += count.findings,
            FindingStatus::Fail => self.failed += count.findings,
            FindingStatus::Manual => self.manual += count.findings,
        }
        if count.status == FindingStatus::Fail && !count.muted {
            *self.severities.entry(count.severity).or_default() += count.findings;
        }
    }
}
