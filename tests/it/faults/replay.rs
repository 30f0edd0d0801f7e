//! kill -9 between the entry that a quarantined item becomes and the item's end: one entry, whatever
//! the next replay calls the event.

use std::os::unix::process::ExitStatusExt as _;

use reqwest::Method;
use serde_json::{Value, json};

use super::{evidence, fault, on_a_database_of_its_own, with};
use crate::support::{Server, Tenant, server::readable_temp_dir};

fn mended(event_id: &str) -> Value {
    json!({"action": "fault.tested", "actor": {"id": "u1"}, "event_id": event_id})
}

/// The entries that items became.
async fn made(tenant: &Tenant) -> Vec<Value> {
    let log = evidence::log_of(&tenant.auditor).await;
    log.into_iter().filter(|entry| entry["action"] == "fault.tested").collect()
}

#[tokio::test]
async fn killed_between_the_entry_and_the_items_end() {
    let folder = readable_temp_dir();
    let options = on_a_database_of_its_own(folder.path()).await;
    let server = Server::start(with(&options, &[fault("replay.appended", "kill", 1)])).await;
    let tenant = server.tenant().await;
    let broken = json!({"action": "fault.tested"});
    let kept = tenant.writer.post("/api/v1/logs", &broken).await.problem(422);
    let path = format!("/api/v1/quarantine/{}/replay", kept["quarantine_id"].as_str().unwrap());
    let request = tenant.admin.request(Method::POST, &path).json(&mended("first"));
    assert!(request.send().await.is_err(), "the server answered, and should be dead");
    assert_eq!(server.ended().await.signal(), Some(9));

    let server = Server::start(options).await;
    let tenant = tenant.at(&server);
    let before = made(&tenant).await;
    assert_eq!((before.len(), &before[0]["event_id"]), (1, &"first".into()), "killed too early");
    assert_eq!(
        tenant.auditor.get("/api/v1/quarantine").await.expect(200)["items"].as_array().unwrap().len(),
        1
    );

    let receipt = tenant.admin.post(&path, &mended("second")).await.expect(200);
    assert_eq!(receipt["id"], before[0]["id"], "the answer is the entry that there is");
    assert_eq!(made(&tenant).await, before, "one item became two entries");
    assert!(
        tenant.auditor.get("/api/v1/quarantine").await.expect(200)["items"].as_array().unwrap().is_empty()
    );
    tenant.admin.post(&path, &mended("third")).await.problem(404);
    assert!(server.stop().await.success());
}
