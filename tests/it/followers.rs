//! What is derived from the log, as a user sees it: how far it is, who does it where several servers
//! run, and that it goes on after whatever dies.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use custody_testkit::{Proxy, TestDatabase, eventually};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::process::Child;

use crate::support::{
    Api, Server, Tenant,
    server::{Options, readable_temp_dir, signal},
    shared,
};

/// A follower of this tenant's log.
async fn follower(api: &Api, name: &str) -> Value {
    named(&api.get("/api/v1/followers").await.expect(200), name)
}

fn named(list: &Value, name: &str) -> Value {
    let mut items = list["items"].as_array().unwrap().iter();
    items.find(|item| item["name"] == name).unwrap_or_else(|| panic!("no {name} in {list}")).clone()
}

/// Waits until every follower has come to the log's end, and to this entry.
async fn followed(api: &Api, receipt: &Value) {
    let seq = receipt["seq"].as_u64().unwrap();
    for name in ["tree", "producers"] {
        eventually("the log is followed", async || {
            // Connections that a killed database left are found one by one, by whoever gets them.
            let answer = api.get("/api/v1/followers").await;
            let follower = (answer.status == 200).then(|| named(&answer.json(), name))?;
            assert_eq!(follower["failure"], Value::Null, "{follower}");
            let position = follower["position"].as_u64().unwrap();
            (position > seq && follower["head"] == position).then_some(())
        })
        .await;
    }
}

fn at(api: &Api, server: &Server) -> Api {
    Api::new(server.url(), Some(api.bearer()))
}

async fn on(database: &str, data: &Path, flags: &[&str]) -> Server {
    let flags = flags.iter().map(ToString::to_string).collect();
    let (database, data) = (Some(database.to_owned()), Some(data.to_owned()));
    Server::start(Options { database, data, flags, ..Options::default() }).await
}

/// The folder of another machine with the same master key.
pub(crate) fn another_machine(data: &Path, name: &str) -> PathBuf {
    let other = data.with_file_name(name);
    std::fs::create_dir(&other).unwrap();
    std::fs::copy(data.join("master.key"), other.join("master.key")).unwrap();
    other
}

/// Leases that somebody holds.
async fn held(database: &str) -> i64 {
    let mut owner = PgConnection::connect(database).await.unwrap();
    sqlx::query_scalar("SELECT count(holder) FROM leases").fetch_one(&mut owner).await.unwrap()
}

#[tokio::test]
async fn a_server_follows_its_log_and_says_how_far() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let receipt = tenant.write("a.b").await;
    followed(&tenant.admin, &receipt).await;
    // What was done to make the tenant is told in its log a moment later.
    let tree = eventually("nothing to follow", || async {
        Some(follower(&tenant.auditor, "tree").await).filter(|tree| tree["lag_entries"] == 0)
    })
    .await;
    assert_eq!(tree["lag_seconds"], 0.0);
    assert!(tree["updated_at"].is_string(), "{tree}");
    tenant.writer.get("/api/v1/followers").await.problem(403);
    let metrics = server.anonymous().get("/metrics").await;
    let metrics = String::from_utf8(metrics.bytes).unwrap();
    for gauge in
        ["custody_follower_lag_entries", "custody_follower_lag_seconds", "custody_follower_leases_held"]
    {
        for name in ["tree", "producers"] {
            let line = format!("{gauge}{{follower=\"{name}\"}}");
            assert!(metrics.contains(&line), "no {line} in {metrics}");
        }
    }
}

/// `custody serve --only worker`, beside `server`.
pub(crate) fn worker(server: &Server, data: &Path) -> Child {
    let mut command = server.command(&["serve", "--only", "worker", "--until-stdin-closes"]);
    command.env("CUSTODY_DATA_DIR", another_machine(data, "other"));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[tokio::test]
async fn the_api_alone_follows_nothing_and_the_worker_does() {
    let database = TestDatabase::create().await;
    let folder = readable_temp_dir();
    let data = folder.path().join("data");
    let api = on(database.url(), &data, &["--only", "api"]).await;
    let tenant = api.tenant().await;
    let receipt = tenant.write("a.b").await;
    assert_eq!(held(database.url()).await, 0, "nobody asked for a lease");
    assert_eq!(follower(&tenant.admin, "tree").await["position"], 0);
    let waits = follower(&tenant.admin, "tree").await;
    assert!(waits["lag_entries"] == 1 && waits["lag_seconds"].as_f64().unwrap() >= 0.0, "{waits}");
    tenant.admin.get("/api/v1/log/watermark").await.problem(503);
    let metrics = api.anonymous().get("/metrics").await;
    assert!(!String::from_utf8(metrics.bytes).unwrap().contains("custody_follower_leases_held"));

    let mut worker = worker(&api, &data);
    followed(&tenant.admin, &receipt).await;
    followed(&tenant.admin, &tenant.write("a.b").await).await;
    drop(worker.stdin.take());
    assert!(worker.wait().await.unwrap().success());
    assert_eq!(held(database.url()).await, 0, "handed back when it stopped");
    api.stop().await;
}

#[tokio::test]
async fn one_server_s_tenants_pass_to_another_when_it_is_killed() {
    let database = TestDatabase::create().await;
    let folder = readable_temp_dir();
    let data = folder.path().join("data");
    let one = on(database.url(), &data, &[]).await;
    let tenants: Vec<Tenant> = vec![one.tenant().await, one.tenant().await, one.tenant().await];
    let two = on(database.url(), &another_machine(&data, "other"), &[]).await;
    eventually("all groups are held", async || (held(database.url()).await == 32).then_some(())).await;
    for tenant in &tenants {
        followed(&tenant.admin, &tenant.write("a.b").await).await;
    }
    one.kill().await;
    for tenant in &tenants {
        let entry = json!({"action": "a.b", "actor": {"id": "u"}});
        let receipt = at(&tenant.writer, &two).post("/api/v1/logs", &entry).await.expect(201);
        followed(&at(&tenant.admin, &two), &receipt).await;
    }
    assert_eq!(two.terminate().await.code(), Some(0));
    assert_eq!(held(database.url()).await, 0, "handed back by who stopped in order");
}

#[tokio::test]
async fn followers_go_on_after_the_private_database_was_killed() {
    let server = Server::start(Options::default()).await;
    let tenant = server.tenant().await;
    followed(&tenant.admin, &tenant.write("before").await).await;
    signal(server.postmaster(), "KILL");
    let entry = json!({"action": "after", "actor": {"id": "u"}});
    let receipt = eventually("writes go through again", async || {
        let answer = tenant.writer.post("/api/v1/logs", &entry).await;
        (answer.status == 201).then(|| answer.json())
    })
    .await;
    followed(&tenant.admin, &receipt).await;
    tenant.admin.get("/api/v1/log/watermark").await;
    assert_eq!(server.terminate().await.code(), Some(0));
}

/// The database does not answer, and the server is told to stop: it does, within its time.
#[tokio::test]
async fn a_server_stops_while_its_database_is_away() {
    let database = TestDatabase::create().await;
    let mut proxy = Proxy::start(database.url()).await;
    let folder = readable_temp_dir();
    let server = on(proxy.url(), &folder.path().join("data"), &["--drain-seconds", "3"]).await;
    let tenant = server.tenant().await;
    followed(&tenant.admin, &tenant.write("a.b").await).await;
    proxy.cut().await;
    let stopped = tokio::time::timeout(Duration::from_secs(15), server.terminate()).await;
    assert_eq!(stopped.expect("it stops in time").code(), Some(0));
}
