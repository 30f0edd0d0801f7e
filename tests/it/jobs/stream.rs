//! Following a job over a WebSocket.

use custody_testkit::{TestDatabase, eventually};
use serde_json::json;
use tokio_tungstenite::tungstenite::http::StatusCode;

use super::http::ended;
use crate::{
    followers::worker,
    support::{
        Server,
        server::{Options, readable_temp_dir},
        shared,
        socket::{all, next, open},
    },
};

fn stream(id: &str) -> String {
    format!("/api/v1/jobs/{id}/stream")
}

#[tokio::test]
async fn a_stream_tells_each_change_as_it_is_polled_and_ends_with_the_job() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("open");
    let gated = format!("gate:{}", gate.display());
    let id = server.probe(&tenant, &["--act", &gated, "--act", "progress:2", "--act", "answer:x"]).await;
    let mut socket = open(server, &stream(&id), Some(&tenant.auditor)).await.unwrap();
    let first = next(&mut socket).await.unwrap();
    assert_eq!(first["id"], *id);
    std::fs::write(&gate, "").unwrap();
    let (jobs, code) = all(&mut socket).await;
    assert_eq!(code, 1000);
    let versions: Vec<_> =
        std::iter::once(&first).chain(&jobs).map(|job| job["version"].as_u64().unwrap()).collect();
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    assert!(jobs.iter().any(|job| job["progress"] == json!({"done": 1, "total": 2})), "{jobs:?}");
    let polled = tenant.auditor.get(&format!("/api/v1/jobs/{id}")).await.expect(200);
    assert_eq!((jobs.last(), &polled["result"]), (Some(&polled), &json!("x")));
}

#[tokio::test]
async fn a_stream_goes_on_after_the_version_that_the_client_has() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let id = server.probe(&tenant, &["--delay-ms", "3600000"]).await;
    let has = tenant.auditor.get(&format!("/api/v1/jobs/{id}")).await.expect(200)["version"].clone();
    let after = format!("{}?after_version={has}", stream(&id));
    let mut socket = open(server, &after, Some(&tenant.auditor)).await.unwrap();
    // Nothing yet, or the first message would not be the next version.
    tenant.admin.post(&format!("/api/v1/jobs/{id}/cancel"), &json!({})).await.expect(200);
    let (jobs, code) = all(&mut socket).await;
    assert_eq!((jobs.len(), &jobs[0]["status"], code), (1, &json!("cancelled"), 1000));

    let after = format!("{}?after_version={}", stream(&id), jobs[0]["version"]);
    let mut socket = open(server, &after, Some(&tenant.auditor)).await.unwrap();
    assert_eq!(all(&mut socket).await, (Vec::new(), 1000));
}

#[tokio::test]
async fn a_ticket_opens_one_stream() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let id = server.probe(&tenant, &["--act", "answer:x"]).await;
    ended(&tenant.auditor, &id).await;
    let ticket = tenant.auditor.post("/api/v1/auth/ticket", &json!({})).await.expect(201);
    let path = format!("{}?ticket={}", stream(&id), ticket["ticket"].as_str().unwrap());
    assert_eq!(
        open(server, &path, Some(&tenant.auditor)).await.err(),
        Some(StatusCode::UNAUTHORIZED),
        "both"
    );
    let (jobs, code) = all(&mut open(server, &path, None).await.unwrap()).await;
    assert_eq!((&jobs[0]["status"], code), (&json!("completed"), 1000));
    assert_eq!(open(server, &path, None).await.err(), Some(StatusCode::UNAUTHORIZED), "once more");
    let writer = tenant.writer.post("/api/v1/auth/ticket", &json!({})).await.expect(201);
    let path = format!("{}?ticket={}", stream(&id), writer["ticket"].as_str().unwrap());
    assert_eq!(open(server, &path, None).await.err(), Some(StatusCode::FORBIDDEN));
}

#[tokio::test]
async fn what_is_no_stream_is_told_so_and_another_tenants_is_not_there() {
    let server = shared().await;
    let (tenant, other) = (server.tenant().await, server.tenant().await);
    let id = server.probe(&tenant, &["--delay-ms", "3600000"]).await;
    tenant.auditor.get(&stream(&id)).await.problem(400);
    assert_eq!(open(server, &stream(&id), Some(&other.auditor)).await.err(), Some(StatusCode::NOT_FOUND));
    let path = format!("{}?after_version=x", stream(&id));
    assert_eq!(open(server, &path, Some(&tenant.auditor)).await.err(), Some(StatusCode::BAD_REQUEST));
}

#[tokio::test]
async fn a_credential_that_is_revoked_ends_its_streams() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let id = server.probe(&tenant, &["--delay-ms", "3600000"]).await;
    let key = json!({"name": "k", "role": "auditor"});
    let key = tenant.admin.post("/api/v1/api-keys", &key).await.expect(201);
    let api = server.anonymous().with_token(key["key"].as_str().unwrap());
    let ticket = api.post("/api/v1/auth/ticket", &json!({})).await.expect(201);
    let by_ticket = format!("{}?ticket={}", stream(&id), ticket["ticket"].as_str().unwrap());
    let mut streams = [
        open(server, &stream(&id), Some(&api)).await.unwrap(),
        open(server, &by_ticket, None).await.unwrap(),
    ];
    for socket in &mut streams {
        next(socket).await.unwrap();
    }
    tenant.admin.delete(&format!("/api/v1/api-keys/{}", key["id"].as_str().unwrap())).await.expect(204);
    for socket in &mut streams {
        assert_eq!(all(socket).await, (Vec::new(), 1008));
    }
}

#[tokio::test]
async fn a_tenant_has_its_share_of_streams_and_gives_them_back() {
    let server = shared().await;
    let (tenant, other) = (server.tenant().await, server.tenant().await);
    let id = server.probe(&tenant, &["--delay-ms", "3600000"]).await;
    let mut held = Vec::new();
    for _ in 0..64 {
        held.push(open(server, &stream(&id), Some(&tenant.auditor)).await.unwrap());
    }
    let full = open(server, &stream(&id), Some(&tenant.auditor)).await.err();
    assert_eq!(full, Some(StatusCode::SERVICE_UNAVAILABLE));
    let theirs = server.probe(&other, &["--delay-ms", "3600000"]).await;
    open(server, &stream(&theirs), Some(&other.auditor)).await.unwrap();
    held.pop().unwrap().close(None).await.unwrap();
    eventually("a free place", || async { open(server, &stream(&id), Some(&tenant.auditor)).await.ok() })
        .await;
}

/// The server hears no announcement, and another one runs the job.
#[tokio::test]
async fn a_hint_that_is_lost_costs_a_second_and_a_stop_is_said() {
    let database = TestDatabase::create().await;
    let folder = readable_temp_dir();
    let data = folder.path().join("data");
    let flags = ["--only=api", "--prepared-statements=false"].map(str::to_owned).to_vec();
    let options = Options {
        database: Some(database.url().to_owned()),
        data: Some(data.clone()),
        flags,
        ..Options::default()
    };
    let deaf = Server::start(options).await;
    let tenant = deaf.tenant().await;
    let id = deaf.probe(&tenant, &["--act", "answer:x"]).await;
    let waits = deaf.probe(&tenant, &["--delay-ms", "3600000"]).await;
    let mut socket = open(&deaf, &stream(&id), Some(&tenant.auditor)).await.unwrap();
    let mut stays = open(&deaf, &stream(&waits), Some(&tenant.auditor)).await.unwrap();
    assert_eq!(next(&mut socket).await.unwrap()["status"], "pending");
    next(&mut stays).await.unwrap();
    let mut worker = worker(&deaf, &data);
    let (jobs, code) = all(&mut socket).await;
    assert_eq!((&jobs.last().unwrap()["status"], code), (&json!("completed"), 1000));
    deaf.terminate().await;
    assert_eq!(all(&mut stays).await, (Vec::new(), 1001));
    drop(worker.stdin.take());
    assert!(worker.wait().await.unwrap().success());
}
