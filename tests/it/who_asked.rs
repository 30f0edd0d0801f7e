//! Who asked what, in the tenant's own log.

mod killed;

use std::collections::BTreeSet;

use custody_testkit::{TestDatabase, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Api, Server, Tenant,
    server::{Options, readable_temp_dir},
    shared, socket,
};

/// The entries with this action, oldest first.
async fn told(api: &Api, action: &str) -> Vec<Value> {
    let query = format!("action:custody.log.{action}");
    let request = api.request(Method::GET, "/api/v1/logs").query(&[
        ("q", query.as_str()),
        ("limit", "1000"),
        ("sort", "received_at"),
    ]);
    Answer::of(request).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn search(api: &Api, query: &str) -> Value {
    Answer::of(api.request(Method::GET, "/api/v1/logs").query(&[("q", query)])).await.expect(200)
}

fn sum(entries: &[Value], what: &str) -> u64 {
    entries.iter().map(|entry| entry["metadata"][what].as_u64().unwrap()).sum()
}

fn of_query<'e>(entries: &'e [Value], query: &str) -> Vec<&'e Value> {
    entries.iter().filter(|entry| entry["metadata"]["query"] == query).collect()
}

/// Waits until what was read before this is in the log.
async fn all_told(tenant: &Tenant) {
    // Another reader's, each time another query: told at the next turn.
    let marker = format!("action:marker.{}", uuid::Uuid::new_v4().simple());
    search(&tenant.admin, &marker).await;
    eventually("the marker is told", async || {
        let searched = told(&tenant.admin, "searched").await;
        (!of_query(&searched, &marker).is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_search_is_in_the_log_with_who_asked_what_and_how_much_came_of_it() {
    let tenant = shared().await.tenant().await;
    for _ in 0..3 {
        tenant.write("order.updated").await;
    }
    let path = "/api/v1/logs?q=order.updated+OR+action:order.updated&severity=INFO&limit=2";
    assert_eq!(tenant.auditor.get(path).await.expect(200)["items"].as_array().unwrap().len(), 2);
    all_told(&tenant).await;
    let searched = told(&tenant.admin, "searched").await;
    let told = of_query(&searched, r#"("order updated" OR action:order.updated) severity:INFO"#);
    assert_eq!(told.len(), 1, "{searched:#?}");
    let me = tenant.auditor.get("/api/v1/auth/me").await.expect(200);
    let principal = me["principal"].as_str().unwrap();
    assert_eq!(told[0]["recorded_by"]["principal"], principal);
    assert_eq!(told[0]["recorded_by"]["via"], "GET /api/v1/logs");
    assert_eq!(told[0]["recorded_by"]["credential_id"], me["credential"]["id"]);
    assert_eq!(told[0]["actor"]["type"], "token");
    assert_eq!(format!("token:{}", told[0]["actor"]["id"].as_str().unwrap()), principal);
    assert_eq!(told[0]["ip"], "127.0.0.1");
    assert_eq!((&told[0]["metadata"]["times"], &told[0]["metadata"]["rows"]), (&json!(1), &json!(2)));
    assert_eq!(told[0]["metadata"]["first_at"], told[0]["occurred_at"]);
}

#[tokio::test]
async fn equal_searches_of_a_minute_are_counted_and_none_is_lost_when_the_server_stops() {
    let folder = readable_temp_dir();
    let database = TestDatabase::create().await.url().to_owned();
    let options =
        Options { data: Some(folder.path().join("data")), database: Some(database), ..Options::default() };
    let server = Server::start(options.clone()).await;
    let tenant = server.tenant().await;
    tenant.write("a.b").await;
    for _ in 0..100 {
        search(&tenant.auditor, "action:a.b").await;
    }
    server.stop().await;
    let server = Server::start(options).await;
    let tenant = tenant.at(&server);
    let searched = told(&tenant.admin, "searched").await;
    assert!((1..=3).contains(&searched.len()), "{searched:#?}");
    assert_eq!((sum(&searched, "times"), sum(&searched, "rows")), (100, 100));
    server.stop().await;
}

#[tokio::test]
async fn reading_what_is_told_of_reads_settles() {
    let tenant = shared().await.tenant().await;
    tenant.write("a.b").await;
    search(&tenant.auditor, "action:a.b").await;
    all_told(&tenant).await;
    let first = told(&tenant.auditor, "searched").await;
    let id = first[0]["id"].as_str().unwrap();
    for _ in 0..3 {
        told(&tenant.auditor, "*").await;
        tenant.auditor.get(&format!("/api/v1/logs/{id}")).await.expect(200);
        tenant.auditor.get("/api/v1/logs/stats?action=custody.log.*").await.expect(200);
        all_told(&tenant).await;
    }
    let me = tenant.auditor.get("/api/v1/auth/me").await.expect(200);
    let reviewed = told(&tenant.admin, "reviewed").await;
    let mine = reviewed.iter().filter(|entry| entry["recorded_by"]["principal"] == me["principal"]);
    assert_eq!(mine.count(), 1, "{reviewed:#?}");
    assert!(told(&tenant.admin, "read").await.is_empty());
}

#[tokio::test]
async fn entries_that_are_read_are_named_each() {
    let tenant = shared().await.tenant().await;
    let mut ids = BTreeSet::new();
    for n in 0..5 {
        ids.insert(tenant.write(&format!("a.{n}")).await["id"].as_str().unwrap().to_owned());
    }
    for id in &ids {
        tenant.auditor.get(&format!("/api/v1/logs/{id}")).await.expect(200);
    }
    tenant.auditor.get(&format!("/api/v1/logs/{}", uuid::Uuid::now_v7())).await.problem(404);
    all_told(&tenant).await;
    let read = told(&tenant.admin, "read").await;
    let named: BTreeSet<_> = read
        .iter()
        .flat_map(|entry| entry["metadata"]["entries"].as_array().unwrap())
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(named, ids);
    assert_eq!((sum(&read, "times"), sum(&read, "rows")), (5, 5));
}

#[tokio::test]
async fn those_who_follow_everything_are_told_of_once_and_do_not_tell_each_other_for_ever() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let mut sockets = Vec::new();
    for api in [&tenant.auditor, &tenant.admin] {
        let mut socket = socket::open(server, "/api/v1/logs/stream?after=-1", Some(api)).await.unwrap();
        assert_eq!(socket::next(&mut socket).await.unwrap()["type"], "open");
        sockets.push(socket);
    }
    // Each turn tells of the markers, and those are delivered to both.
    for _ in 0..4 {
        all_told(&tenant).await;
    }
    let streamed = told(&tenant.admin, "streamed").await;
    assert_eq!(sum(&streamed, "times"), 2, "{streamed:#?}");
    assert!(streamed.len() <= 4, "{streamed:#?}");
    // And each is told of the other, never of itself.
    let me = tenant.auditor.get("/api/v1/auth/me").await.expect(200);
    loop {
        let message = socket::next(&mut sockets[0]).await.unwrap();
        if message["entry"]["action"] == "custody.log.streamed" {
            assert_ne!(message["entry"]["recorded_by"]["principal"], me["principal"]);
            break;
        }
    }
}

#[tokio::test]
async fn nobody_can_write_what_tells_of_reads() {
    let tenant = shared().await.tenant().await;
    let forged = json!({"action": "custody.log.searched", "actor": {"id": "u"}});
    tenant.writer.post("/api/v1/logs", &forged).await.problem(422);
}
