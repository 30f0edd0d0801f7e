//! Findings counted, as a report tells them.

use std::collections::BTreeMap;

use custody_domain::{Evidence, FindingSeverity, FindingStatus};
use custody_store::findings::Count;

use super::model::{FailingCheck, Region, ServiceSummary, Summary};

/// What counts say.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) summary: Summary,
    pub(super) regions: Vec<Region>,
    /// With failures that are not muted: the gravest first, then the most, then by name.
    pub(super) failing: Vec<FailingCheck>,
}

pub(super) fn counted(counts: &[Count]) -> Counted {
    let mut summary = Summary::default();
    let mut services: BTreeMap<&str, ServiceSummary> = BTreeMap::new();
    let mut regions: BTreeMap<&str, u64> = BTreeMap::new();
    let mut failing: BTreeMap<&str, FailingCheck> = BTreeMap::new();
    for count in counts {
        let n = count.findings;
        let service = services.entry(&count.service).or_default();
        summary.findings += n;
        *regions.entry(&count.region).or_default() += n;
        if count.evidence == Evidence::Incomplete {
            summary.incomplete += n;
        }
        match count.status {
            FindingStatus::Pass => {
                summary.passed += n;
                service.passed += n;
            }
            FindingStatus::Manual => {
                summary.manual += n;
                service.manual += n;
            }
            FindingStatus::Fail => {
                summary.failed += n;
                service.failed += n;
                fail(count, &mut summary, service);
                failing.entry(&count.check_id).or_insert_with(|| check_of(count)).add(count);
            }
        }
    }
    summary.services = services
        .into_iter()
        .map(|(service, counted)| ServiceSummary { service: service.to_owned(), ..counted })
        .collect();
    let mut failing: Vec<_> = failing.into_values().filter(|check| check.failed > 0).collect();
    failing.sort_by(|a, b| {
        (b.severity, b.failed).cmp(&(a.severity, a.failed)).then_with(|| a.check.cmp(&b.check))
    });
    let regions =
        regions.into_iter().map(|(region, findings)| Region { region: region.to_owned(), findings });
    Counted { summary, regions: regions.collect(), failing }
}

fn fail(count: &Count, summary: &mut Summary, service: &mut ServiceSummary) {
    if count.muted {
        summary.muted += count.findings;
        service.muted += count.findings;
        return;
    }
    let n = u32::try_from(count.findings).unwrap_or(u32::MAX);
    *summary.failures.of(count.severity) += n;
    *service.failures.of(count.severity) += n;
}

fn check_of(count: &Count) -> FailingCheck {
    FailingCheck {
        check: count.check_id.clone(),
        title: count.title.clone(),
        service: count.service.clone(),
        severity: FindingSeverity::Informational,
        failed: 0,
        muted: 0,
        incomplete: 0,
    }
}

impl FailingCheck {
    /// A check is as grave as the gravest of its failures that are not muted.
    fn add(&mut self, count: &Count) {
        if count.muted {
            self.muted += count.findings;
        } else {
            self.failed += count.findings;
            self.severity = self.severity.max(count.severity);
        }
        if count.evidence == Evidence::Incomplete {
            self.incomplete += count.findings;
        }
    }
}
