use custody_domain::finding::Evidence;
use custody_scans::driver::{End, FailureKind};
use serde_json::Value;

use crate::fixture::{SECRET, demo, launch, order, python, scan};

const CHECKS: [&str; 4] = [
    "s3_bucket_public_access",
    "s3_bucket_default_encryption",
    "s3_bucket_object_versioning",
    "sqs_queues_not_publicly_accessible",
];

#[tokio::test]
async fn a_scan_tells_what_its_checks_found() {
    let Some(python) = python() else { return };
    let launch = launch(python);
    let demo = demo(&launch).await;
    let heard = scan(&launch, &order(demo.endpoint()), &CHECKS).await;
    assert_eq!(heard.end, Some(End::Well), "{}", heard.log);
    let ready = heard.ready.unwrap();
    assert_eq!(ready.account.as_deref(), Some("123456789012"));
    assert_eq!(ready.regions, ["us-east-1"]);
    assert!(ready.engine.starts_with("prowler 5."), "{}", ready.engine);
    assert_eq!(heard.started, CHECKS);
    assert_eq!(heard.errored.len(), 0, "{:?}", heard.errored);
    assert_eq!(heard.finished.iter().map(|checked| checked.check.as_str()).collect::<Vec<_>>(), CHECKS);
    let told: u32 = heard.finished.iter().map(|checked| checked.findings).sum();
    assert_eq!(told as usize, heard.found.len());
    assert!(heard.found.iter().all(|found| found.evidence == Evidence::Complete));
    let public: Vec<Value> = heard
        .found
        .iter()
        .filter(|found| found.check == "s3_bucket_public_access")
        .map(|found| serde_json::from_str(found.ocsf.get()).unwrap())
        .filter(|ocsf: &Value| ocsf["status_code"] == "FAIL")
        .collect();
    assert!(!public.is_empty());
    let one = &public[0];
    assert_eq!(one["metadata"]["event_code"], "s3_bucket_public_access");
    assert!(
        one["resources"][0]["uid"].as_str().unwrap().starts_with("arn:aws:s3:::acme-9012-us-east-1-public-")
    );
    assert!(one["unmapped"]["compliance"]["CISA"].is_array(), "{}", one["unmapped"]);
}

#[tokio::test]
async fn all_findings_of_a_scan_name_the_scan() {
    let Some(python) = python() else { return };
    let launch = launch(python);
    let demo = demo(&launch).await;
    let id = uuid::Uuid::now_v7();
    let mut order = order(demo.endpoint());
    order.scan_id = Some(id);
    let heard = scan(&launch, &order, &CHECKS).await;
    assert!(heard.found.len() > 3);
    for found in &heard.found {
        let ocsf: Value = serde_json::from_str(found.ocsf.get()).unwrap();
        assert_eq!(ocsf["unmapped"]["scan_id"], id.to_string());
    }
}

/// A file that the server names, with a profile that the order names; and a role of another account.
#[tokio::test]
async fn a_profile_and_a_role_are_taken() {
    let Some(python) = python() else { return };
    let launch = launch(python);
    let demo = demo(&launch).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("profiles");
    let profile = format!(
        "[profile audit]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {SECRET}\n"
    );
    std::fs::write(&file, profile).unwrap();
    let mut order = order(demo.endpoint());
    order.credentials.clear();
    for (name, value) in [
        ("profile", "audit"),
        ("profile_file", file.to_str().unwrap()),
        ("role_arn", "arn:aws:iam::210987654321:role/auditor"),
        ("external_id", "from-outside"),
    ] {
        order.settings.insert(name.to_owned(), value.into());
    }
    let heard = scan(&launch, &order, &["s3_bucket_public_access"]).await;
    let ready = heard.ready.unwrap_or_else(|| panic!("{:?} {}", heard.failed, heard.log));
    assert_eq!(ready.account.as_deref(), Some("210987654321"));
    order.settings.insert("profile".to_owned(), "no-such".into());
    let heard = scan(&launch, &order, &["s3_bucket_public_access"]).await;
    let (kind, reason) = heard.failed.unwrap();
    assert_eq!(kind, FailureKind::Credentials, "{reason}");
    assert!(reason.contains("no-such"), "{reason}");
}
