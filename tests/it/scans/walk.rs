//! A scan as a person goes through it.

use std::collections::BTreeMap;

use custody_testkit::{Fault, HttpFaults, eventually};
use serde_json::{Value, json};

use super::account::{
    Account, S3, SQS, ask, check, checks, completed, findings, log, order, python, scan, scanning, until,
};
use crate::support::{Api, socket};

#[tokio::test]
async fn a_dry_run_says_which_checks_and_runs_none() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let tenant = scanning().await.tenant().await;
    let mut dry = order(&account.url, &[]);
    dry["scope"] = json!({"services": ["sqs"], "severities": ["critical", "high"]});
    dry["dry_run"] = json!(true);
    let plan = tenant.admin.post("/api/v1/scans", &dry).await.expect(200);
    assert_eq!(plan["services_total"], 1, "{plan}");
    let names: Vec<_> = plan["checks"].as_array().unwrap().iter().map(|check| &check["id"]).collect();
    assert!(names.contains(&&json!(SQS)), "{plan}");
    assert_eq!(plan["checks_total"], names.len());
    let list = tenant.admin.get("/api/v1/scans").await.expect(200);
    assert_eq!(list["items"], json!([]));
}

/// Each that was polled and each that was sent, by version.
#[tokio::test]
async fn polling_and_the_stream_show_the_same_and_versions_rise() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let server = scanning().await;
    let tenant = server.tenant().await;
    let id = ask(&tenant.admin, &order(&account.url, &[S3[0], S3[1], SQS])).await;
    let path = format!("/api/v1/scans/{id}/stream");
    let mut socket = socket::open(server, &path, Some(&tenant.auditor)).await.unwrap();
    let polled = async {
        let mut polled: BTreeMap<u64, Value> = BTreeMap::new();
        loop {
            let now = tenant.auditor.get(&format!("/api/v1/scans/{id}/status")).await.expect(200);
            let ended = !now["ended_at"].is_null();
            let version = now["version"].as_u64().unwrap();
            if let Some(before) = polled.insert(version, now.clone()) {
                assert_eq!(before, now, "two of one version");
            }
            if ended {
                return polled;
            }
            tokio::task::yield_now().await;
        }
    };
    let (polled, (sent, code)) = tokio::join!(polled, socket::all(&mut socket));
    assert_eq!(code, 1000);
    let versions: Vec<_> = sent.iter().map(|one| one["version"].as_u64().unwrap()).collect();
    assert!(versions.is_sorted_by(|one, next| one < next), "{versions:?}");
    assert!(versions.len() > 3, "{versions:?}");
    for one in &sent {
        if let Some(same) = polled.get(&one["version"].as_u64().unwrap()) {
            assert_eq!(same, one);
        }
    }
    let (_, last) = polled.last_key_value().unwrap();
    assert_eq!(sent.last(), Some(last));
    assert_eq!(last["status"], "completed", "{last}");
    let progress = &last["progress"];
    assert_eq!((&progress["checks_done"], &progress["services_done"]), (&json!(3), &json!(2)), "{last}");
    // Who lost the connection goes on behind what it has seen.
    let seen = versions[versions.len() - 2];
    let path = format!("{path}?after_version={seen}");
    let mut again = socket::open(server, &path, Some(&tenant.auditor)).await.unwrap();
    assert_eq!(socket::all(&mut again).await, (vec![last.clone()], 1000));
}

#[tokio::test]
async fn a_second_scan_of_the_same_says_what_has_become_of_the_first_ones_findings() {
    let Some(python) = python() else { return };
    let account = Account::start(&python).await;
    let tenant = scanning().await.tenant().await;
    let asked = order(&account.url, &[S3[0]]);
    let first = ask(&tenant.admin, &asked).await;
    let one = completed(&tenant.admin, &first).await;
    assert_eq!((&one["previous_id"], &one["partial"]), (&Value::Null, &json!(false)), "{one}");
    assert_eq!(one["account"], "123456789012");
    assert!(one["engine"].as_str().unwrap().starts_with("prowler "), "{one}");
    assert_eq!(
        deltas(&tenant.admin, &first).await,
        [("acme-0", "new"), ("acme-1", "new"), ("acme-2", "new")].map(own).into()
    );
    let versioned = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    account.put("/acme-0?versioning", versioned).await;
    account.bucket("acme-9").await;
    let second = ask(&tenant.admin, &asked).await;
    let two = completed(&tenant.admin, &second).await;
    assert_eq!(two["previous_id"], json!(first), "{two}");
    let expected =
        [("acme-0", "resolved"), ("acme-1", "still_failing"), ("acme-2", "still_failing"), ("acme-9", "new")];
    assert_eq!(deltas(&tenant.admin, &second).await, expected.map(own).into());
    let of = check(&tenant.admin, &second, S3[0]).await;
    assert_eq!((&of["failed"], &of["passed"], &of["status"]), (&json!(3), &json!(1), &json!("completed")));
    // What Prowler itself complains of.
    assert!(log(&tenant.auditor, &second).await.contains("s3_service"));
}

fn own((name, delta): (&str, &str)) -> (String, String) {
    (name.to_owned(), delta.to_owned())
}

async fn deltas(api: &Api, id: &str) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    let found = findings(api, id).await;
    found.iter().map(|one| (text(&one["resource"]["name"]), text(&one["delta"]))).collect()
}

#[tokio::test]
async fn one_that_runs_is_renamed_and_not_deleted() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let tenant = scanning().await.tenant().await;
    let wire = HttpFaults::start(&account.url).await;
    wire.set_where(Fault::Never, usize::MAX, |seen| is_of_queues(seen.operation.as_deref()));
    let id = ask(&tenant.admin, &order(wire.url(), &[S3[0], S3[1], SQS])).await;
    let path = format!("/api/v1/scans/{id}");
    until(&tenant.admin, &id, "two of three checks", |scan| scan["progress"]["checks_done"] == 2).await;
    eventually("the third runs", async || {
        (check(&tenant.admin, &id, SQS).await["status"] == "in_progress").then_some(())
    })
    .await;
    let change = json!({"name": "while it runs", "tags": {"team": "platform"}});
    let before = scan(&tenant.admin, &id).await;
    let renamed = tenant.admin.patch(&path, &change).await.expect(200);
    assert_eq!((&renamed["name"], &renamed["tags"]["team"]), (&json!("while it runs"), &json!("platform")));
    assert!(renamed["version"].as_u64() > before["version"].as_u64());
    tenant.admin.delete(&path).await.problem(409);
    for api in [&tenant.auditor, &tenant.writer] {
        api.delete(&path).await.problem(403);
        api.patch(&path, &change).await.problem(403);
    }
    tenant.admin.post(&format!("{path}/cancel"), &json!({})).await.expect(200);
    let over = super::account::ended(&tenant.admin, &id).await;
    assert_eq!((&over["status"], &over["name"]), (&json!("cancelled"), &json!("while it runs")));
    tenant.admin.delete(&path).await.expect(204);
    tenant.admin.get(&path).await.problem(404);
    let page = tenant.admin.get("/api/v1/findings").await.expect(200);
    assert_eq!(page["items"], json!([]), "its findings went with it");
}

/// Amazon names the operation in a header.
pub(super) fn is_of_queues(operation: Option<&str>) -> bool {
    operation.is_some_and(|operation| operation.starts_with("AmazonSQS."))
}

#[tokio::test]
async fn lists_come_page_by_page() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let tenant = scanning().await.tenant().await;
    let mut asked = Vec::new();
    for check in [S3[0], S3[1], SQS] {
        asked.push(ask(&tenant.admin, &order(&account.url, &[check])).await);
    }
    for id in &asked {
        completed(&tenant.admin, id).await;
    }
    asked.reverse();
    assert_eq!(pages(&tenant.auditor, "/api/v1/scans?limit=2", "id").await, asked);
    assert_eq!(pages(&tenant.auditor, "/api/v1/scans?limit=1&status=completed", "id").await, asked);
    assert!(pages(&tenant.auditor, "/api/v1/scans?limit=1&status=failed", "id").await.is_empty());
    let all = ask(&tenant.admin, &order(&account.url, &S3)).await;
    eventually("they are planned", async || (checks(&tenant.admin, &all).await.len() == 3).then_some(()))
        .await;
    let mut names = S3.map(str::to_owned);
    names.sort_unstable();
    let path = format!("/api/v1/scans/{all}/checks?limit=1");
    assert_eq!(pages(&tenant.auditor, &path, "check_id").await, names);
    completed(&tenant.admin, &all).await;
}

/// All items' member of this name, followed by cursor.
async fn pages(api: &Api, path: &str, member: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("{path}{cursor}")).await.expect(200);
        for item in page["items"].as_array().unwrap() {
            found.push(item[member].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// A file says nothing of calls that failed: what is brought back from one is not the latest look.
#[tokio::test]
async fn a_copy_from_a_file_does_not_take_the_place_of_what_it_was_made_of() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let tenant = scanning().await.tenant().await;
    let id = ask(&tenant.admin, &order(&account.url, &[S3[0]])).await;
    completed(&tenant.admin, &id).await;
    for format in ["ocsf", "csv"] {
        let file = tenant.admin.get(&format!("/api/v1/scans/{id}/export?format={format}")).await;
        assert_eq!(file.status, 200);
        let copy =
            tenant.admin.post_bytes("/api/v1/scans/import", "application/octet-stream", file.bytes).await;
        let copy = copy.expect(201);
        assert_eq!(copy["report"]["refused"], 0, "{copy}");
        let current = tenant.admin.get("/api/v1/findings?limit=100").await.expect(200);
        let current = current["items"].as_array().unwrap();
        assert!(!current.is_empty());
        for finding in current {
            assert_eq!(finding["scan_id"], json!(id), "{format}: {finding}");
        }
    }
}
