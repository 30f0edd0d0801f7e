#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use custody_store::tenant_checks::Said;
use serde_json::json;

use super::*;
use crate::catalogue::{Framework, Requirement};

fn catalogue() -> Catalogue {
    let check = |id: &str, service: &str, risk: &str| Check {
        id: id.to_owned(),
        service: service.to_owned(),
        risk: risk.to_owned(),
        ..Check::default()
    };
    let requirement =
        Requirement { id: "2.1".to_owned(), checks: vec!["s3_public".to_owned()], ..Requirement::default() };
    let framework =
        Framework { id: "cis".to_owned(), requirements: vec![requirement], ..Framework::default() };
    Catalogue {
        checks: vec![check("s3_public", "s3", "Anybody READS it."), check("iam_root", "iam", "")],
        frameworks: vec![framework],
        ..Catalogue::default()
    }
    .indexed("test 1".to_owned())
}

fn word(id: &str, said: Said) -> TenantCheck {
    TenantCheck {
        provider: "aws".to_owned(),
        check_id: id.to_owned(),
        own: said.own,
        severity: said.severity,
        disabled: said.disabled,
        note: said.note,
        version: 3,
        created_at: chrono::DateTime::UNIX_EPOCH,
        created_by: String::new(),
        updated_at: chrono::DateTime::UNIX_EPOCH,
    }
}

fn own(id: &str) -> OwnCheck {
    let check = Check { id: id.to_owned(), title: "Reviewed".to_owned(), ..Check::default() };
    OwnCheck { check, compliance: BTreeMap::from([("cis".to_owned(), vec!["2.1".to_owned()])]) }
}

fn checks() -> Checks {
    let mine = own("review").kept(&catalogue()).unwrap();
    let words = vec![
        word(
            "iam_root",
            Said { severity: Some(FindingSeverity::Critical), disabled: true, ..Said::default() },
        ),
        word("gone", Said { disabled: true, ..Said::default() }),
        word("review", Said { own: Some(mine), ..Said::default() }),
    ];
    Checks::of("aws", Arc::new(catalogue()), words).unwrap()
}

fn found(filter: &CheckFilter) -> Vec<String> {
    checks().matching(filter).unwrap().iter().map(|known| known.check.id.clone()).collect()
}

#[test]
fn the_engine_s_checks_and_the_tenant_s_are_one_list() {
    let all = CheckFilter::default();
    // What was said of a check that the engine has no more shows no check.
    assert_eq!(found(&all), ["iam_root", "review", "s3_public"]);
    let checks = checks();
    let root = checks.get("iam_root").unwrap();
    assert_eq!(
        (root.severity(), root.check.severity.0),
        (FindingSeverity::Critical, FindingSeverity::Medium)
    );
    assert!(root.disabled() && root.own.is_none() && root.version() == 3);
    assert!(checks.get("gone").is_none());
    let mine = checks.get("review").unwrap();
    assert_eq!(checks.requirements_of(&mine), BTreeMap::from([("cis", vec!["2.1"])]));
}

#[test]
fn every_filter_narrows_and_a_name_that_nothing_has_is_told() {
    let some = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (CheckFilter { service: some("s3"), ..CheckFilter::default() }, vec!["s3_public"]),
        (
            CheckFilter { severity: Some(FindingSeverity::Critical), ..CheckFilter::default() },
            vec!["iam_root"],
        ),
        (CheckFilter { framework: some("cis"), ..CheckFilter::default() }, vec!["review", "s3_public"]),
        (CheckFilter { disabled: Some(true), ..CheckFilter::default() }, vec!["iam_root"]),
        (CheckFilter { own: Some(true), ..CheckFilter::default() }, vec!["review"]),
        (CheckFilter { words: some("S3 reads"), ..CheckFilter::default() }, vec!["s3_public"]),
        (CheckFilter { words: some("s3 reviewed"), ..CheckFilter::default() }, vec![]),
    ] {
        assert_eq!(found(&filter), expected, "{filter:?}");
    }
    let filter = CheckFilter { service: some("s4"), ..CheckFilter::default() };
    let unknown = checks().matching(&filter).unwrap_err();
    assert_eq!((unknown.kind, unknown.nearest[0].as_str()), ("service", "s3"));
}

#[test]
fn all_that_is_wrong_with_a_check_is_told_at_once() {
    let mut wrong = own("Review!");
    wrong.check.title = String::new();
    wrong.check.risk = "\0".to_owned();
    wrong.compliance = serde_json::from_value(json!({"cos": ["1"], "cis": ["2.1", "2.2"]})).unwrap();
    let Err(ScansError::Invalid(faults)) = wrong.kept(&catalogue()) else { panic!("it was taken") };
    let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/id", "/title", "/risk", "/compliance/cis/1", "/compliance/cos"]);
    assert!(faults[4].detail.contains("cis"), "{faults:?}");
}
