#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::sync::Arc;

use custody_domain::{Evidence, FindingStatus};
use custody_store::{findings::Verdicts, scans::checks::LookedAt};

use super::*;
use crate::catalogue::{self, Catalogue, Check};

fn catalogue() -> Catalogue {
    let check = |id: &str| Check { id: id.to_owned(), service: "s3".to_owned(), ..Check::default() };
    let requirement = |id: &str, checks: &[&str]| catalogue::Requirement {
        id: id.to_owned(),
        checks: checks.iter().map(|&check| check.to_owned()).collect(),
        ..catalogue::Requirement::default()
    };
    let framework = Framework {
        id: "f".to_owned(),
        requirements: vec![
            requirement("one", &["a"]),
            requirement("two", &["a", "b"]),
            requirement("three", &["b", "c"]),
            requirement("nobody", &[]),
        ],
        ..Framework::default()
    };
    let checks = ["a", "b", "c"].map(check).into();
    Catalogue { checks, frameworks: vec![framework], ..Catalogue::default() }.indexed("test 1".to_owned())
}

fn nothing_looked_at() -> Compliance {
    Compliance::over(Checks::of("aws", Arc::new(catalogue()), Vec::new()).unwrap())
}

fn found(check: &str, status: FindingStatus, evidence: Evidence, muted: bool) -> Verdicts {
    Verdicts {
        findings: 2,
        provider: "aws".to_owned(),
        check_id: check.to_owned(),
        account: "1".to_owned(),
        status,
        evidence,
        muted,
    }
}

fn told(compliance: &Compliance) -> Vec<(&str, bool)> {
    let framework = &compliance.checks.catalogue().frameworks[0];
    compliance.requirements(framework).map(|one| (one.met.verdict.as_str(), one.met.complete)).collect()
}

impl Compliance {
    fn hear(&mut self, verdicts: &Verdicts) {
        self.standing_mut(&verdicts.check_id, |standing| standing.add(verdicts));
    }

    fn see(&mut self, check: &str, wholly: bool) {
        let looked_at = LookedAt { check_id: check.to_owned(), wholly, errored: !wholly };
        self.standing_mut(check, |standing| standing.ran(&looked_at));
    }
}

#[test]
fn what_was_not_looked_at_is_not_met() {
    let compliance = nothing_looked_at();
    let unknown = ("not_checked", false);
    assert_eq!(told(&compliance), [unknown, unknown, unknown, ("MANUAL", false)]);
    let (_, counts) = compliance.overview()[0];
    assert_eq!((counts.not_checked, counts.manual, counts.score()), (3, 1, None));
}

#[test]
fn a_pass_is_whole_only_if_every_check_was_looked_at_wholly() {
    let mut compliance = nothing_looked_at();
    compliance.hear(&found("a", FindingStatus::Pass, Evidence::Complete, false));
    assert_eq!(told(&compliance)[..3], [("PASS", true), ("PASS", false), ("not_checked", false)]);
    let (_, counts) = compliance.overview()[0];
    assert_eq!((counts.passed, counts.passed_in_part, counts.score()), (1, 1, Some(50.0)));
    // It ran, and there was nothing to look at.
    compliance.see("b", true);
    assert_eq!(told(&compliance)[..3], [("PASS", true), ("PASS", true), ("not_checked", false)]);
    assert_eq!(compliance.standing("b").unwrap().verdict(), Verdict::NoResources);
    compliance.see("c", false);
    assert_eq!(compliance.standing("c").unwrap().verdict(), Verdict::Errored);
    // What was found rests on calls that were denied.
    compliance.hear(&found("a", FindingStatus::Pass, Evidence::Incomplete, false));
    assert_eq!(told(&compliance)[..2], [("PASS", false), ("PASS", false)]);
    assert_eq!(compliance.overview()[0].1.score(), Some(0.0));
}

#[test]
fn a_failure_fails_each_requirement_of_its_check_unless_it_is_muted() {
    let mut compliance = nothing_looked_at();
    compliance.hear(&found("a", FindingStatus::Pass, Evidence::Complete, false));
    compliance.hear(&found("b", FindingStatus::Fail, Evidence::Complete, true));
    assert_eq!(told(&compliance)[..3], [("PASS", true), ("PASS", true), ("PASS", false)]);
    assert_eq!(compliance.overview()[0].1.findings_muted, 4);
    compliance.hear(&found("b", FindingStatus::Fail, Evidence::Complete, false));
    compliance.hear(&found("c", FindingStatus::Manual, Evidence::Complete, false));
    assert_eq!(told(&compliance)[..3], [("PASS", true), ("FAIL", true), ("FAIL", true)]);
    assert_eq!(compliance.overview()[0].1.score(), Some(33.3));
}
