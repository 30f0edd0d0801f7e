//! What is imported comes out again as it came in.

use custody_domain::{
    Evidence,
    json::{Limits, Value, parse},
};
use custody_scans::{export::ExportForm, finding::NewFinding};
use custody_store::findings::{self, ScanRef};

use crate::findings_fixture::{Fixture, counts, gzip, new_scan, prowler, read};

#[tokio::test]
async fn prowlers_own_files_come_out_to_the_byte() {
    let (Some(ocsf), Some(csv)) = (prowler("ocsf.json"), prowler("findings.csv")) else { return };
    let fixture = Fixture::new().await;
    let tenant = fixture.tenant().await;
    for (file, form) in [(ocsf, ExportForm::Ocsf), (csv, ExportForm::Csv)] {
        let expected = String::from_utf8(file.clone()).unwrap();
        let packed = zstd::encode_all(file.as_slice(), 1).unwrap();
        for file in [file.clone(), gzip(&file), packed] {
            let scan = new_scan();
            let report = fixture.import(&tenant, scan, file).await;
            assert_eq!((report.kept, report.refused, report.collisions), (86, 0, 0), "{report:?}");
            assert_eq!(counts(&report.by_status), [("FAIL", 43), ("MANUAL", 1), ("PASS", 42)]);
            assert_eq!(counts(&report.by_severity), [("critical", 30), ("high", 56)]);
            assert_eq!(report.broken, None);
            assert!(fixture.export(&tenant, scan, form).await == expected, "{form:?}");
        }
    }
}

#[tokio::test]
async fn the_same_file_again_changes_nothing() {
    let Some(ocsf) = prowler("ocsf.json") else { return };
    let fixture = Fixture::new().await;
    let (tenant, scan) = (fixture.tenant().await, new_scan());
    fixture.import(&tenant, scan, ocsf.clone()).await;
    let before = fixture.export(&tenant, scan, ExportForm::Ocsf).await;
    let again = fixture.import(&tenant, scan, ocsf).await;
    assert_eq!((again.kept, again.known), (0, 86));
    assert!(fixture.export(&tenant, scan, ExportForm::Ocsf).await == before);
}

/// Whichever form a scan was imported from, a finding is known again in the other.
#[tokio::test]
async fn a_finding_is_the_same_in_both_forms() {
    let (Some(ocsf), Some(csv)) = (prowler("ocsf.json"), prowler("findings.csv")) else { return };
    let fixture = Fixture::new().await;
    let tenant = fixture.tenant().await;
    let first = new_scan();
    fixture.import(&tenant, first, ocsf).await;
    let second = ScanRef { previous: Some(first.id), ..new_scan() };
    fixture.import(&tenant, second, csv).await;
    let mut tx = fixture.store.tenant_tx(&tenant).await.unwrap();
    let mut of = async |scan: ScanRef| {
        findings::of_scan(&mut tx, scan.id, custody_store::PageRequest::first()).await.unwrap().items
    };
    let (first, second) = (of(first).await, of(second).await);
    for (old, new) in first.iter().zip(&second) {
        let same = (&old.uid, old.key, old.status, old.severity, &old.title, &old.service, &old.region);
        assert_eq!(
            same,
            (&new.uid, new.key, new.status, new.severity, &new.title, &new.service, &new.region)
        );
        assert_eq!((&old.resource, &old.account), (&new.resource, &new.account));
        assert_eq!(old.last_seen_at, new.last_seen_at);
        // Of two of one time the earlier one stays the latest.
        assert!(old.current && !new.current);
        let expected = if new.status.as_str() == "FAIL" { "still_failing" } else { "unchanged" };
        assert_eq!(new.delta.as_str(), expected);
    }
}

/// In whatever way the JSON is laid out, and with whatever numbers and escapes.
#[tokio::test]
async fn what_is_laid_out_otherwise_has_the_same_values() {
    let lines = [
        r#"{"finding_info":{"uid":"a"},"metadata":{"event_code":"c"},"cloud":{"provider":"aws","account":{"uid":"1"}},"x":1.0,"y":1e400,"z":"\u00e9\u0000é","status_code":"PASS"}"#,
        "{ \"y\" : [ ] , \"finding_info\" : { \"uid\" : \"b\" },\t\"metadata\":{\"event_code\":\"c\"},\"cloud\":{\"provider\":\"AWS\",\"account\":{\"uid\":\"1\"}},\"o\":{ }}",
    ];
    let fixture = Fixture::new().await;
    let tenant = fixture.tenant().await;
    for file in [lines.join("\n"), format!("[{}]", lines.join(",")), lines.concat()] {
        let scan = new_scan();
        let report = fixture.import(&tenant, scan, file.into_bytes()).await;
        assert_eq!((report.kept, report.broken), (2, None), "{:?}", report.refusals);
        let out = fixture.export(&tenant, scan, ExportForm::Ocsf).await;
        let limits = Limits::default();
        let Value::Array(items) = parse(out.as_bytes(), &limits).unwrap() else { panic!("{out}") };
        for (item, line) in items.iter().zip(lines) {
            assert_eq!(*item, parse(line.as_bytes(), &limits).unwrap());
        }
        assert!(out.contains(r#""x": 1.0"#) && out.contains(r#""z": "\u00e9\u0000é""#), "{out}");
    }
}

/// What a copy that is brought back, or that another reads, would otherwise take for looked at.
#[tokio::test]
async fn files_say_which_evidence_is_incomplete() {
    let (Some(ocsf), Some(csv)) = (prowler("ocsf.json"), prowler("findings.csv")) else { return };
    let fixture = Fixture::new().await;
    let tenant = fixture.tenant().await;
    for file in [ocsf, csv] {
        let (mut found, _) = read(&file).await;
        for (n, finding) in found.iter_mut().enumerate() {
            finding.evidence = if n % 3 == 1 { Evidence::Incomplete } else { Evidence::Complete };
        }
        let scan = new_scan();
        let mut tx = fixture.store.tenant_tx(&tenant).await.unwrap();
        findings::insert(&mut tx, &scan, &found, chrono::Utc::now()).await.unwrap();
        tx.commit().await.unwrap();
        for form in [ExportForm::Ocsf, ExportForm::Csv] {
            let copy = fixture.export(&tenant, scan, form).await;
            let (read, report) = read(copy.as_bytes()).await;
            assert_eq!(report.refused, 0, "{:?}", report.refusals);
            let of = |found: &[NewFinding]| {
                found.iter().map(|one| (one.uid.clone(), one.status, one.evidence)).collect::<Vec<_>>()
            };
            assert_eq!(of(&read), of(&found), "{form:?}");
            let second = new_scan();
            fixture.import(&tenant, second, copy.clone().into_bytes()).await;
            assert!(
                fixture.export(&tenant, second, form).await == copy,
                "a copy of a copy is another: {form:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_scan_without_findings_is_an_empty_file() {
    let fixture = Fixture::new().await;
    let (tenant, scan) = (fixture.tenant().await, new_scan());
    assert_eq!(fixture.export(&tenant, scan, ExportForm::Ocsf).await, "[]");
    let csv = fixture.export(&tenant, scan, ExportForm::Csv).await;
    assert!(csv.starts_with("AUTH_METHOD;TIMESTAMP;") && csv.ends_with("ACCOUNT_OU_NAME\n"));
}

#[tokio::test]
async fn another_tenants_scan_is_an_empty_file() {
    let Some(ocsf) = prowler("ocsf.json") else { return };
    let fixture = Fixture::new().await;
    let (a, b, scan) = (fixture.tenant().await, fixture.tenant().await, new_scan());
    fixture.import(&a, scan, ocsf).await;
    assert_eq!(fixture.export(&b, scan, ExportForm::Ocsf).await, "[]");
}
