#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use chrono::DateTime;
use proptest::{prelude::*, sample::subsequence};

use super::*;
use crate::catalogue::{Check, Framework, Requirement, Severity};

fn catalogue() -> Catalogue {
    let check = |id: &str, service: &str, severity, categories: &[&str]| Check {
        id: id.to_owned(),
        service: service.to_owned(),
        severity: Severity(severity),
        categories: categories.iter().map(|&c| c.to_owned()).collect(),
        ..Check::default()
    };
    let framework = |id: &str, checks: &[&str]| Framework {
        id: id.to_owned(),
        requirements: vec![Requirement {
            checks: checks.iter().map(|&c| c.to_owned()).collect(),
            ..Requirement::default()
        }],
        ..Framework::default()
    };
    Catalogue {
        checks: vec![
            check("s3_public", "s3", FindingSeverity::Critical, &["internet-exposed"]),
            check("s3_encrypted", "s3", FindingSeverity::Medium, &["encryption"]),
            check("iam_root_key", "iam", FindingSeverity::Critical, &["secrets", "identity"]),
            check("iam_mfa", "iam", FindingSeverity::High, &["identity"]),
            check("ec2_open", "ec2", FindingSeverity::High, &["internet-exposed"]),
        ],
        frameworks: vec![
            framework("cis", &["iam_mfa", "s3_public"]),
            framework("pci", &["ec2_open", "iam_mfa"]),
        ],
        regions: vec!["eu-west-1".to_owned(), "us-east-1".to_owned()],
        ..Catalogue::default()
    }
    .indexed("prowler 5.46.0".to_owned())
}

fn said(check_id: &str, severity: Option<FindingSeverity>, disabled: bool) -> TenantCheck {
    TenantCheck {
        provider: "aws".to_owned(),
        check_id: check_id.to_owned(),
        own: None,
        severity,
        disabled,
        note: None,
        version: 1,
        created_at: DateTime::UNIX_EPOCH,
        created_by: "user:u".to_owned(),
        updated_at: DateTime::UNIX_EPOCH,
    }
}

fn names(planned: &[PlannedCheck]) -> Vec<&str> {
    planned.iter().map(|check| check.check_id.as_str()).collect()
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn nothing_given_is_everything_and_every_kind_narrows() {
    let all = catalogue();
    assert_eq!(all.select(&Scope::default(), &[]).unwrap().len(), 5);
    let scope =
        Scope { services: texts(&["s3", "iam"]), severities: texts(&["critical"]), ..Scope::default() };
    assert_eq!(names(&all.select(&scope, &[]).unwrap()), ["iam_root_key", "s3_public"]);
    let scope = Scope { frameworks: texts(&["cis"]), ..scope };
    assert_eq!(names(&all.select(&scope, &[]).unwrap()), ["s3_public"]);
}

#[test]
fn threat_detection_is_run_by_who_asks_for_it() {
    let mut all = catalogue();
    all.checks[0].categories.push("threat-detection".to_owned());
    let id = all.checks[0].id.clone();
    let has = |scope: &Scope| all.select(scope, &[]).unwrap().iter().any(|check| check.check_id == id);
    assert!(!has(&Scope::default()));
    assert!(has(&Scope { checks: texts(&[&id]), ..Scope::default() }));
    assert!(has(&Scope { categories: texts(&["threat-detection"]), ..Scope::default() }));
}

#[test]
fn a_tenants_own_word_counts() {
    let all = catalogue();
    let own = [said("s3_public", None, true), said("s3_encrypted", Some(FindingSeverity::Critical), false)];
    let scope = Scope { severities: texts(&["critical"]), ..Scope::default() };
    assert_eq!(names(&all.select(&scope, &own).unwrap()), ["iam_root_key", "s3_encrypted"]);
}

#[test]
fn names_that_are_not_known_are_told_with_the_nearest() {
    let scope = Scope { services: texts(&["s3", "im"]), regions: texts(&["eu-west1"]), ..Scope::default() };
    let faults = catalogue().select(&scope, &[]).unwrap_err();
    assert_eq!(
        faults.iter().map(|f| f.pointer.as_str()).collect::<Vec<_>>(),
        ["/scope/services/1", "/scope/regions/0"]
    );
    assert!(faults[0].detail.starts_with("\"im\" is not known; the nearest are iam"), "{}", faults[0].detail);
    assert!(faults[1].detail.contains("eu-west-1"), "{}", faults[1].detail);
}

proptest! {
    /// A check is picked if and only if each kind takes it.
    #[test]
    fn what_is_picked_is_what_every_kind_takes(
        services in subsequence(vec!["s3", "iam", "ec2"], 0..=3),
        checks in subsequence(vec!["s3_public", "s3_encrypted", "iam_root_key", "iam_mfa", "ec2_open"], 0..=5),
        severities in subsequence(vec!["critical", "high", "medium"], 0..=3),
        frameworks in subsequence(vec!["cis", "pci"], 0..=2),
        categories in subsequence(vec!["internet-exposed", "encryption", "identity"], 0..=3),
        excluded in subsequence(vec!["s3_public", "iam_mfa"], 0..=2),
    ) {
        let all = catalogue();
        let scope = Scope {
            services: texts(&services), checks: texts(&checks), severities: texts(&severities),
            frameworks: texts(&frameworks), categories: texts(&categories), excluded_checks: texts(&excluded),
            ..Scope::default()
        };
        let picked = all.select(&scope, &[]).unwrap();
        for check in &all.checks {
            let of = all.requirements_of(&check.id);
            let within = [
                services.is_empty() || services.contains(&check.service.as_str()),
                checks.is_empty() || checks.contains(&check.id.as_str()),
                severities.is_empty() || severities.contains(&check.severity.0.as_str()),
                frameworks.is_empty() || frameworks.iter().any(|f| of.contains_key(f)),
                categories.is_empty() || check.categories.iter().any(|c| categories.contains(&c.as_str())),
                !excluded.contains(&check.id.as_str()),
            ];
            let is_picked = picked.iter().any(|planned| planned.check_id == check.id);
            prop_assert_eq!(is_picked, within.iter().all(|w| *w), "{}", &check.id);
        }
    }
}
