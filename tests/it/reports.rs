//! Reports of scans, in every form, and what differs between two scans.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    coverage::entry_of,
    scans::ocsf,
    support::{Tenant, shared},
};

/// Brings findings as a file, and answers with the scan's path.
async fn brought(tenant: &Tenant, findings: &[Value]) -> String {
    let file = serde_json::to_vec(findings).unwrap();
    let answer = tenant.admin.post_bytes("/api/v1/scans/import", "application/json", file).await.expect(201);
    assert_eq!(answer["report"]["kept"], findings.len(), "{answer}");
    format!("/api/v1/scans/{}", answer["scan"]["id"].as_str().unwrap())
}

/// A bucket's finding, of another status and check.
fn of(bucket: &str, status: &str, check: &str) -> Value {
    let mut finding = ocsf(bucket);
    finding["status_code"] = json!(status);
    finding["metadata"]["event_code"] = json!(check);
    finding["finding_info"]["uid"] = json!(format!("prowler-aws-{check}-123456789012-us-east-1-{bucket}"));
    finding
}

#[tokio::test]
async fn a_real_run_is_reported_in_every_form() {
    let Some(file) = custody_testkit::data::path("prowler/ocsf.json") else { return };
    let findings: Vec<Value> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let tenant = shared().await.tenant().await;
    let scan = brought(&tenant, &findings).await;
    let report = tenant.auditor.get(&format!("{scan}/report?format=json")).await.expect(200);
    let with = |status: &str| findings.iter().filter(|finding| finding["status_code"] == status).count();
    assert_eq!(report["summary"]["findings"], findings.len());
    assert_eq!(report["summary"]["failed"], with("FAIL"));
    assert_eq!(report["summary"]["passed"], with("PASS"));

    // Each grave check that fails is told in full, and no other.
    let grave: BTreeSet<&str> = findings
        .iter()
        .filter(|finding| {
            finding["status_code"] == "FAIL"
                && (finding["severity"] == "Critical" || finding["severity"] == "High")
        })
        .map(|finding| finding["metadata"]["event_code"].as_str().unwrap())
        .collect();
    assert!(!grave.is_empty());
    let told: BTreeSet<&str> =
        report["grave"].as_array().unwrap().iter().map(|check| check["check"].as_str().unwrap()).collect();
    assert_eq!(told, grave);
    for check in report["grave"].as_array().unwrap() {
        for text in ["description", "risk"] {
            assert_ne!(check[text], "", "{check}");
        }
        assert_ne!(check["remediation"]["text"], "", "{check}");
        assert_ne!(check["resources"]["items"][0]["detail"], "", "{check}");
    }

    let markdown = tenant.auditor.get(&format!("{scan}/report")).await;
    assert_eq!(
        (markdown.status.as_u16(), markdown.header("content-type")),
        (200, "text/markdown; charset=utf-8")
    );
    let markdown = String::from_utf8(markdown.bytes).unwrap();
    let page = tenant.auditor.get(&format!("{scan}/report?format=html")).await;
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; style-src"));
    let page = String::from_utf8(page.bytes).unwrap();
    for check in &grave {
        assert!(
            markdown.contains(&format!("`{check}`")) && page.contains(&format!("<code>{check}</code>")),
            "{check}"
        );
    }

    let pdf = tenant.auditor.get(&format!("{scan}/report?format=pdf")).await;
    assert_eq!((pdf.status.as_u16(), pdf.header("content-type")), (200, "application/pdf"));
    assert!(pdf.header("content-disposition").starts_with("attachment; filename=\"scan-"));
    assert!(pdf.bytes.starts_with(b"%PDF-1.") && pdf.bytes.len() > 50_000, "{}", pdf.bytes.len());

    tenant.auditor.get(&format!("{scan}/report?format=docx")).await.problem(400);
    let entry = entry_of(&tenant.auditor, "custody.scan.reported", "GET /api/v1/scans/{id}/report").await;
    assert_eq!(entry["resource"]["type"], "scan", "{entry}");
}

#[tokio::test]
async fn a_bucket_called_as_a_script_is_a_bucket_in_a_report() {
    let tenant = shared().await.tenant().await;
    let scan =
        brought(&tenant, &[of("<script>alert(1)</script>|`x`", "FAIL", "s3_bucket_public_access")]).await;
    let page = tenant.auditor.get(&format!("{scan}/report?format=html")).await;
    let page = String::from_utf8(page.bytes).unwrap();
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
    let pdf = tenant.auditor.get(&format!("{scan}/report?format=pdf")).await;
    assert_eq!(pdf.status.as_u16(), 200);
}

#[tokio::test]
async fn muted_failures_are_told_apart_with_their_reasons() {
    let tenant = shared().await.tenant().await;
    let scan = brought(
        &tenant,
        &[of("site", "FAIL", "s3_bucket_public_access"), of("logs", "FAIL", "s3_bucket_public_access")],
    )
    .await;
    let found = tenant.admin.get("/api/v1/findings?resource=site").await.expect(200);
    let finding = format!("/api/v1/findings/{}", found["items"][0]["id"].as_str().unwrap());
    let mute = json!({"triage": {"mute": {"reason": "the public site"}, "owner": "web"}});
    tenant.admin.patch(&finding, &mute).await.expect(200);
    let report = tenant.auditor.get(&format!("{scan}/report?format=json")).await.expect(200);
    let summary = &report["summary"];
    assert_eq!(
        (&summary["failed"], &summary["muted"], &summary["failures"]["critical"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(report["muted"]["items"][0]["reason"], "the public site");
    assert_eq!(report["triage"]["items"][0]["owner"], "web");
    let named: Vec<_> =
        report["grave"][0]["resources"]["items"].as_array().unwrap().iter().map(|r| &r["name"]).collect();
    assert_eq!(named, ["logs"]);
    assert_eq!(report["grave"][0]["resources"]["more"], 0);
    for form in ["md", "html", "pdf"] {
        let written = tenant.auditor.get(&format!("{scan}/report?format={form}")).await;
        assert_eq!(written.status.as_u16(), 200, "{form}");
        let words = String::from_utf8_lossy(&written.bytes);
        assert!(form == "pdf" || words.contains("the public site"), "{form}");
    }
}

#[tokio::test]
async fn what_differs_between_two_scans_is_told_by_kind() {
    const CHECK: &str = "s3_bucket_public_access";
    let tenant = shared().await.tenant().await;
    let before = [
        of("stays", "FAIL", CHECK),
        of("mended", "FAIL", CHECK),
        of("broke", "PASS", CHECK),
        of("deleted", "FAIL", CHECK),
        of("deleted-too", "FAIL", CHECK),
        of("unseen", "FAIL", "s3_bucket_object_lock"),
    ];
    let older = brought(&tenant, &before).await;
    tenant.auditor.get(&format!("{older}/compare")).await.problem(400);
    let after = [
        of("stays", "FAIL", CHECK),
        of("mended", "PASS", CHECK),
        of("broke", "FAIL", CHECK),
        of("came", "FAIL", CHECK),
    ];
    let newer = brought(&tenant, &after).await;

    let compared = tenant.auditor.get(&format!("{newer}/compare")).await.expect(200);
    let counts =
        json!({"new": 1, "still_failing": 1, "resolved": 1, "regressed": 1, "gone": 2, "not_looked_at": 1});
    assert_eq!(compared["counts"], counts);
    let names = |kind: &str| {
        let items = compared["findings"][kind]["items"].as_array().unwrap().iter();
        items.map(|item| item["resource_name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (kind, expected) in [
        ("new", vec!["came"]),
        ("still_failing", vec!["stays"]),
        ("resolved", vec!["mended"]),
        ("regressed", vec!["broke"]),
        ("gone", vec!["deleted", "deleted-too"]),
        ("not_looked_at", vec!["unseen"]),
    ] {
        assert_eq!(names(kind), expected, "{kind}");
    }
    assert_eq!(compared["findings"]["resolved"]["items"][0]["was"], "FAIL");
    // From either side it is the same, and the report says so too.
    let id = newer.rsplit('/').next().unwrap();
    assert_eq!(tenant.auditor.get(&format!("{older}/compare?to={id}")).await.expect(200), compared);
    let report = tenant.auditor.get(&format!("{newer}/report?format=json")).await.expect(200);
    for (kind, n) in counts.as_object().unwrap() {
        assert_eq!(&report["trend"]["changes"][kind], n, "{kind}");
    }

    let first = tenant.auditor.get(&format!("{newer}/compare?kind=gone&limit=1")).await.expect(200);
    assert_eq!(first["findings"].as_object().unwrap().len(), 1);
    let cursor = first["findings"]["gone"]["next_cursor"].as_str().unwrap();
    let second =
        tenant.auditor.get(&format!("{newer}/compare?kind=gone&limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!(second["findings"]["gone"]["items"][0]["resource_name"], "deleted-too");
    assert_eq!(second["findings"]["gone"]["next_cursor"], Value::Null);
    tenant.auditor.get(&format!("{newer}/compare?to={id}")).await.problem(400);
    tenant.auditor.get(&format!("{newer}/compare?kind=old")).await.problem(400);
}
