//! What a worker gives to scans: processes, and an emulated account.

use custody_testkit::{Fault, HttpFaults};
use reqwest::Method;
use serde_json::json;

use super::{
    account::{Account, S3, SQS, ask, ended, order, python, server, until},
    walk::is_of_queues,
};

const ALSO: &str = "sqs_queues_server_side_encryption_enabled";

#[tokio::test]
async fn processes_of_all_scans_are_counted_together_and_each_scan_has_one() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    let server = server(&[("CUSTODY_SCAN_PROCESSES", "3")]).await;
    let tenant = server.tenant().await;
    let wire = HttpFaults::start(&account.url).await;
    // They sign in, and then nobody answers: each process stays at the first that it asks for.
    wire.set_where(Fault::Never, usize::MAX, |seen| {
        seen.method == Method::GET || is_of_queues(seen.operation.as_deref())
    });
    let homes = || std::fs::read_dir(server.data().join("scans")).unwrap().count();
    let mut scans = Vec::new();
    // Each has two services, and asks for a process for each: two, then the one that is left, then its own one.
    for (checks, processes) in [([S3[0], SQS], 2), ([S3[1], ALSO], 3), ([S3[2], SQS], 4)] {
        let mut asked = order(wire.url(), &checks);
        asked["parallelism"] = json!(2);
        let id = ask(&tenant.admin, &asked).await;
        until(&tenant.admin, &id, "it checks", |scan| scan["progress"]["phase"] == "checking").await;
        assert_eq!(homes(), processes);
        scans.push(id);
    }
    for id in &scans {
        tenant.admin.post(&format!("/api/v1/scans/{id}/cancel"), &json!({})).await.expect(200);
    }
    for id in &scans {
        ended(&tenant.admin, id).await;
    }
    // What they had is given back.
    let mut asked = order(wire.url(), &[S3[0], SQS]);
    asked["parallelism"] = json!(2);
    let id = ask(&tenant.admin, &asked).await;
    until(&tenant.admin, &id, "it checks", |scan| scan["progress"]["phase"] == "checking").await;
    custody_testkit::eventually("two processes", async || (homes() == 2).then_some(())).await;
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn an_operator_may_have_no_account_emulated() {
    if python().is_none() {
        return;
    }
    let server = server(&[("CUSTODY_SCAN_DEMO", "false")]).await;
    let tenant = server.tenant().await;
    let asked = json!({"demo": true, "scope": {"services": ["s3"]}});
    let refused = tenant.admin.post("/api/v1/scans", &asked).await.problem(422);
    assert_eq!(refused["errors"][0]["pointer"], "/demo", "{refused}");
    assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("CUSTODY_SCAN_DEMO"), "{refused}");
    assert!(server.stop().await.success());
}
