//! Findings: written, asked for, triaged, counted, and gone again.

use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    coverage::entry_of,
    support::{Answer, Tenant, shared},
};

/// A finding of a bucket, as somebody writes it.
pub(crate) fn written(bucket: &str, severity: &str, status: &str) -> Value {
    json!({
        "check_id": "s3_bucket_public_access", "title": "No bucket is public", "status": status,
        "severity": severity, "provider": "aws", "account": "111122223333", "region": "eu-west-1",
        "service": "s3",
        "resource": {"uid": format!("arn:aws:s3:::{bucket}"), "name": bucket, "type": "AwsS3Bucket"},
        "status_detail": format!("{bucket} is open to anybody."), "description": "Buckets that anybody may read.",
        "risk": "Data leaks.", "remediation": {"text": "Block public access.", "url": "https://example.com/s3"},
        "categories": ["internet-exposed"], "compliance": {"CIS-3.0": ["2.1.4"]},
    })
}

async fn write(tenant: &Tenant, bucket: &str, severity: &str, status: &str) -> String {
    let made = tenant.admin.post("/api/v1/findings", &written(bucket, severity, status)).await;
    let body = made.expect(201);
    assert_eq!(made.header("location"), format!("/api/v1/findings/{}", body["id"].as_str().unwrap()));
    body["id"].as_str().unwrap().to_owned()
}

/// The names of the resources of what is found, in their order.
async fn found(tenant: &Tenant, parameters: &[(&str, &str)]) -> Vec<String> {
    let request = tenant.auditor.request(Method::GET, "/api/v1/findings").query(parameters);
    let page = Answer::of(request).await.expect(200);
    let name = |finding: &Value| finding["resource"]["name"].as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn what_is_written_is_found_by_every_filter_and_shown_whole() {
    let tenant = shared().await.tenant().await;
    let logs = write(&tenant, "logs", "critical", "FAIL").await;
    write(&tenant, "backups", "high", "FAIL").await;
    write(&tenant, "site", "low", "PASS").await;
    for (parameters, names) in [
        (vec![], vec!["site", "backups", "logs"]),
        (vec![("sort", "id")], vec!["logs", "backups", "site"]),
        (vec![("severity", ">=high")], vec!["backups", "logs"]),
        (vec![("severity", "critical,low")], vec!["site", "logs"]),
        (vec![("status", "FAIL"), ("severity", "high")], vec!["backups"]),
        (vec![("resource", "arn:aws:s3:::logs")], vec!["logs"]),
        (vec![("resource", "logs")], vec!["logs"]),
        (vec![("service", "iam")], vec![]),
        (
            vec![
                ("check_id", "s3_bucket_public_access"),
                ("region", "eu-west-1"),
                ("account", "111122223333"),
            ],
            vec!["site", "backups", "logs"],
        ),
        (vec![("delta", "new"), ("triage", "open"), ("muted", "false")], vec!["backups", "logs"]),
        (vec![("q", "\"open to anybody\" -severity:low")], vec!["backups", "logs"]),
        (vec![("q", "framework:CIS-* category:internet-exposed resource.name:*s")], vec!["backups", "logs"]),
        (vec![("q", "backups OR resource:site")], vec!["site", "backups"]),
    ] {
        assert_eq!(found(&tenant, &parameters).await, names, "{parameters:?}");
    }
    let detail = tenant.auditor.get(&format!("/api/v1/findings/{logs}")).await.expect(200);
    assert_eq!(detail["severity"], "critical");
    assert_eq!(detail["uid"], "manual-aws-s3_bucket_public_access-111122223333-eu-west-1-arn:aws:s3:::logs");
    assert_eq!(detail["status_detail"], "logs is open to anybody.");
    assert_eq!(detail["remediation"]["text"], "Block public access.");
    assert_eq!(detail["compliance"], json!({"CIS-3.0": ["2.1.4"]}));
    assert_eq!(detail["ocsf"]["finding_info"]["uid"], detail["uid"]);
    assert_eq!(detail["ocsf"]["severity"], "Critical");
    assert_eq!(detail["triage"]["state"], "open");
    // They are in one scan that nobody ran.
    let scan = detail["scan_id"].as_str().unwrap();
    assert_eq!(found(&tenant, &[("scan_id", scan)]).await.len(), 3);
    let scan = tenant.auditor.get(&format!("/api/v1/scans/{scan}")).await.expect(200);
    assert_eq!((&scan["source"], &scan["status"]), (&json!("manual"), &json!("completed")));
    let failed = |scan: &Value| scan["progress"]["failed"].as_u64().unwrap();
    let before = failed(&scan);
    assert_eq!(scan["progress"]["findings"]["critical"], 1, "{scan}");
    tenant.admin.delete(&format!("/api/v1/findings/{logs}")).await;
    let path = format!("/api/v1/scans/{}", scan["id"].as_str().unwrap());
    let scan = tenant.auditor.get(&path).await.expect(200);
    assert_eq!((failed(&scan), &scan["progress"]["findings"]["critical"]), (before - 1, &json!(0)), "{scan}");
}

#[tokio::test]
async fn pages_lead_on_and_hold_each_finding_once() {
    let tenant = shared().await.tenant().await;
    for n in 0..7 {
        write(&tenant, &format!("bucket-{n}"), ["high", "critical"][n % 2], "FAIL").await;
    }
    let (mut names, mut path) = (Vec::new(), "/api/v1/findings?severity=critical,high&limit=3".to_owned());
    loop {
        let answer = tenant.auditor.get(&path).await;
        let page = answer.expect(200);
        assert_eq!(page["stopped"], Value::Null);
        names.extend(page["items"].as_array().unwrap().iter().map(|f| f["resource"]["name"].to_string()));
        let Some(link) = answer.headers("link").first().cloned() else {
            assert_eq!(page["next_cursor"], Value::Null);
            break;
        };
        path = link.split(['<', '>']).nth(1).unwrap().to_owned();
    }
    let expected: Vec<_> = (0..7).rev().map(|n| format!("\"bucket-{n}\"")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_wrong_question_is_told_where_it_is_wrong() {
    let tenant = shared().await.tenant().await;
    let ask = async |parameters: &[(&str, &str)]| {
        let request = tenant.auditor.request(Method::GET, "/api/v1/findings").query(parameters);
        Answer::of(request).await.problem(400)
    };
    let problem = ask(&[("q", "status:FAIL check_id:x")]).await;
    assert_eq!(problem["errors"][0]["offset"], 12, "{problem}");
    assert_eq!(problem["errors"][0]["hint"], "did you mean `check`?");
    assert_eq!(ask(&[("severity", "ERROR")]).await["errors"][0]["parameter"], "severity");
    assert_eq!(ask(&[("scan_id", "7")]).await["errors"][0]["parameter"], "scan_id");
    assert_eq!(ask(&[("sort", "severity")]).await["errors"][0]["parameter"], "sort");
    assert_eq!(ask(&[("cursor", "x")]).await["errors"][0]["parameter"], "cursor");
}

#[tokio::test]
async fn a_wrong_finding_is_told_what_is_wrong_with_it_and_a_second_of_one_uid_is_refused() {
    let tenant = shared().await.tenant().await;
    let refused = async |change: Value| {
        let mut body = written("logs", "high", "FAIL");
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        let problem = tenant.admin.post("/api/v1/findings", &body).await.problem(422);
        problem["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(refused(json!({"severity": "urgent"})).await, "/severity");
    assert_eq!(refused(json!({"title": ""})).await, "/title");
    assert_eq!(refused(json!({"resource": {"uid": "a\u{0}b"}})).await, "/resource/uid");
    assert_eq!(refused(json!({"provider": "AWS"})).await, "/provider");
    assert_eq!(refused(json!({"seen_at": Utc::now() + TimeDelta::days(1)})).await, "/seen_at");
    assert_eq!(refused(json!({"scan_id": Uuid::now_v7()})).await, "/scan_id");
    assert_eq!(found(&tenant, &[]).await.len(), 0);
    let first = write(&tenant, "logs", "high", "FAIL").await;
    tenant.admin.post("/api/v1/findings", &written("logs", "low", "PASS")).await.problem(409);
    assert_eq!(found(&tenant, &[]).await, ["logs"]);
    let entry = entry_of(&tenant.auditor, "custody.finding.created", "POST /api/v1/findings").await;
    assert_eq!(entry["resource"], json!({"type": "finding", "id": first}));
    assert_eq!(entry["after"]["severity"], "high");
}

#[tokio::test]
async fn what_is_said_of_a_finding_is_found_told_in_the_log_and_not_overwritten_unseen() {
    let tenant = shared().await.tenant().await;
    let id = write(&tenant, "logs", "high", "FAIL").await;
    let path = format!("/api/v1/findings/{id}");
    let said =
        json!({"triage": {"state": "accepted", "owner": "alice", "note": "A public site"}, "version": 0});
    let answer = tenant.admin.patch(&path, &said).await.expect(200);
    assert_eq!(answer["triage"]["state"], "accepted");
    assert_eq!((&answer["triage"]["version"], &answer["triage"]["owner"]), (&json!(1), &json!("alice")));
    for q in ["triage:accepted", "owner:alice", "note:site", "-muted:true"] {
        assert_eq!(found(&tenant, &[("q", q)]).await, ["logs"], "{q}");
    }
    let entry = entry_of(&tenant.auditor, "custody.finding.triaged", "PATCH /api/v1/findings/{id}").await;
    assert_eq!(entry["resource"]["id"], id.as_str());
    assert_eq!((&entry["before"]["state"], &entry["after"]["state"]), (&json!("open"), &json!("accepted")));

    let stale = tenant.admin.patch(&path, &json!({"triage": {"state": "open"}, "version": 0})).await;
    assert_eq!(stale.problem(409)["version"], 1);
    let until = Utc::now() + TimeDelta::days(7);
    let mute = json!({"triage": {"owner": null, "mute": {"reason": "until the move", "until": until}}});
    let muted = tenant.admin.patch(&path, &mute).await.expect(200);
    assert_eq!((&muted["muted"], &muted["triage"]["owner"]), (&json!(true), &Value::Null));
    assert_eq!(muted["triage"]["state"], "accepted");
    assert_eq!(found(&tenant, &[("muted", "true")]).await, ["logs"]);
    let open = tenant.admin.patch(&path, &json!({"triage": {"mute": null}})).await.expect(200);
    assert_eq!((&open["muted"], &open["triage"]["mute_reason"]), (&json!(false), &Value::Null));
    for (wrong, pointer) in [
        (json!({}), "/triage/state"),
        (json!({"state": "done"}), "/triage/state"),
        (json!({"owner": ""}), "/triage/owner"),
        (json!({"mute": {"reason": "x", "until": "2020-01-01T00:00:00Z"}}), "/triage/mute/until"),
    ] {
        let problem = tenant.admin.patch(&path, &json!({"triage": wrong})).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let never = format!("/api/v1/findings/{}", Uuid::now_v7());
    tenant.admin.patch(&never, &said).await.problem(404);
}

#[tokio::test]
async fn many_are_triaged_by_their_ids_or_by_a_query() {
    let tenant = shared().await.tenant().await;
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(write(&tenant, &format!("bucket-{n}"), "high", "FAIL").await);
    }
    let path = "/api/v1/findings/triage";
    let never = Uuid::now_v7();
    let some = json!({"ids": [ids[0], ids[1], never], "triage": {"state": "in_progress"}});
    let answer = tenant.admin.post(path, &some).await.expect(200);
    assert_eq!((&answer["changed"], &answer["missing"]), (&json!(2), &json!([never])));
    let all = json!({"q": "severity:high", "triage": {"state": "in_progress"}});
    let answer = tenant.admin.post(path, &all).await.expect(200);
    assert_eq!((&answer["changed"], &answer["unchanged"]), (&json!(2), &json!(2)));
    assert_eq!(found(&tenant, &[("triage", "in_progress")]).await.len(), 4);
    for id in &ids {
        let q = format!("action:custody.finding.triaged resource.id:{id}");
        let told = custody_testkit::eventually("the entry", async || {
            let request = tenant.auditor.request(Method::GET, "/api/v1/logs").query(&[("q", &q)]);
            let page = Answer::of(request).await.expect(200);
            Some(page["items"].as_array().unwrap().len()).filter(|entries| *entries > 0)
        })
        .await;
        assert_eq!(told, 1, "{id}");
    }
    for (wrong, pointer) in [
        (json!({"triage": {"state": "open"}}), "/ids"),
        (json!({"ids": [], "triage": {"state": "open"}}), "/ids"),
        (json!({"q": "", "triage": {"state": "open"}}), "/q"),
        (json!({"q": "nofield:x", "triage": {"state": "open"}}), "/q"),
        (json!({"q": "x", "ids": [never], "triage": {"state": "open"}}), "/ids"),
    ] {
        let problem = tenant.admin.post(path, &wrong).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
}

#[tokio::test]
async fn they_are_counted_and_what_is_deleted_is_not() {
    let tenant = shared().await.tenant().await;
    let logs = write(&tenant, "logs", "critical", "FAIL").await;
    write(&tenant, "backups", "high", "FAIL").await;
    write(&tenant, "site", "high", "PASS").await;
    let stats = tenant.auditor.get("/api/v1/findings/stats").await.expect(200);
    assert_eq!((&stats["findings"], &stats["failed"], &stats["passed"]), (&json!(3), &json!(2), &json!(1)));
    assert_eq!(stats["severities"], json!({"critical": 1, "high": 1}));
    assert_eq!(stats["by_severity"]["high"]["passed"], 1);
    assert_eq!(stats["by_service"]["s3"]["findings"], 3);
    assert_eq!(stats["by_account"]["aws/111122223333"]["failed"], 2);
    assert_eq!(stats["by_delta"], json!({"new": 2, "unchanged": 1}));
    assert_eq!(stats["top_checks"][0]["severity"], "critical");
    let mute = json!({"triage": {"mute": {"reason": "known"}}});
    tenant.admin.patch(&format!("/api/v1/findings/{logs}"), &mute).await.expect(200);
    let stats = tenant.auditor.get("/api/v1/findings/stats").await.expect(200);
    assert_eq!((&stats["muted"], &stats["severities"]), (&json!(1), &json!({"high": 1})));

    let gone = tenant.admin.delete(&format!("/api/v1/findings/{logs}")).await;
    assert_eq!(gone.status, 204);
    tenant.admin.delete(&format!("/api/v1/findings/{logs}")).await.problem(404);
    tenant.auditor.get(&format!("/api/v1/findings/{logs}")).await.problem(404);
    let stats = tenant.auditor.get("/api/v1/findings/stats").await.expect(200);
    assert_eq!(stats["findings"], 2);
    let entry = entry_of(&tenant.auditor, "custody.finding.deleted", "DELETE /api/v1/findings/{id}").await;
    assert_eq!(entry["before"]["resource"], "arn:aws:s3:::logs");
    let never = format!("/api/v1/findings/stats?scan_id={}", Uuid::now_v7());
    tenant.auditor.get(&never).await.problem(404);
}
