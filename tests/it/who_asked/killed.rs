//! What is told of reads across a kill and a stop: of exports, copies and what is revealed before their
//! first byte, of all else once it is in the log, and all of it where the server stops in order.

use std::time::Duration;

use chrono::{DateTime, Utc};
use custody_testkit::{TestDatabase, eventually};
use futures::future::join_all;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{of_query, search, sum, told};
use crate::support::{
    Server, Tenant,
    server::{Options, readable_temp_dir},
    socket,
};

/// From a search to its entry: a second, and what a busy machine adds.
const TOLD_WITHIN: Duration = Duration::from_secs(20);

/// A server that is killed and started again, and its tenant.
struct Stage {
    options: Options,
    server: Server,
    tenant: Tenant,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let folder = readable_temp_dir();
        let database = Some(TestDatabase::create().await.url().to_owned());
        let options = Options { data: Some(folder.path().join("data")), database, ..Options::default() };
        let server = Server::start(options.clone()).await;
        let tenant = server.tenant().await;
        Self { options, server, tenant, _folder: folder }
    }

    /// Sends the request, and kills the server when the first byte of an answer is there.
    async fn killed_at_the_first_byte(self, request: reqwest::RequestBuilder) -> (Self, Response) {
        let answer = request.send().await.unwrap();
        self.server.kill().await;
        assert!(answer.status().is_success(), "{}", answer.status());
        let server = Server::start(self.options.clone()).await;
        let tenant = self.tenant.at(&server);
        (Self { server, tenant, ..self }, answer)
    }

    /// The entry that this query finds, of which there is one.
    async fn tells(&self, query: &str) -> Value {
        eventually(query, || async {
            let page = self.tenant.admin.get(&format!("/api/v1/logs?{query}")).await.expect(200);
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 1, "{page}");
            items.first().cloned()
        })
        .await
    }
}

#[tokio::test]
async fn who_has_seen_the_first_byte_of_an_export_a_copy_or_a_revealed_item_is_in_the_log() {
    let mut stage = Stage::new().await;
    let entry = json!({"action": "a.b", "actor": {"id": "u"}, "metadata": {"pad": "x".repeat(2_000)}});
    for _ in 0..4 {
        stage.tenant.writer.post("/api/v1/logs/bulk", &json!(vec![entry.clone(); 500])).await.expect(200);
    }
    let path = "/api/v1/logs/export";
    for format in ["ndjson", "csv", "parquet", "bundle"] {
        let asked = stage.tenant.auditor.request(Method::GET, &format!("{path}?format={format}"));
        let (after, answer) = stage.killed_at_the_first_byte(asked).await;
        let id = answer.headers()["custody-export-id"].to_str().unwrap().to_owned();
        let told = after.tells(&format!("action=custody.log.exported&resource_id={id}")).await;
        assert_eq!(told["metadata"]["format"], format);
        stage = after;
    }
    let asked = stage.tenant.auditor.request(Method::POST, path);
    let (mut stage, answer) = stage.killed_at_the_first_byte(asked).await;
    // The job's address names the export.
    let id = answer.headers()["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    stage.tells(&format!("action=custody.log.exported&resource_id={id}")).await;

    let asked = stage.tenant.auditor.request(Method::GET, "/api/v1/log/entries?from=7&to=1900");
    (stage, _) = stage.killed_at_the_first_byte(asked).await;
    let copied = stage.tells("action=custody.log.copied").await;
    assert_eq!((&copied["metadata"]["from"], &copied["metadata"]["to"]), (&json!(7), &json!(1_900)));

    let kept = stage.tenant.writer.post("/api/v1/logs", &json!({"action": "a.b"})).await.problem(422);
    let id = kept["quarantine_id"].as_str().unwrap();
    let asked = stage.tenant.admin.request(Method::GET, &format!("/api/v1/quarantine/{id}/content"));
    let (stage, _) = stage.killed_at_the_first_byte(asked).await;
    stage.tells(&format!("action=custody.quarantine.shown&resource_id={id}")).await;
    assert!(stage.server.stop().await.success());
}

#[tokio::test]
async fn a_search_is_told_soon_and_stays_told_when_the_server_is_killed() {
    let stage = Stage::new().await;
    stage.tenant.write("a.b").await;
    search(&stage.tenant.auditor, "action:a.b").await;
    let entry = eventually("the search is told", || async {
        let searched = told(&stage.tenant.admin, "searched").await;
        of_query(&searched, "action:a.b").first().map(|entry| (*entry).clone())
    })
    .await;
    let at = |time: &Value| time.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let after = at(&entry["received_at"]) - at(&entry["metadata"]["first_at"]);
    assert!(after.to_std().unwrap_or_default() <= TOLD_WITHIN, "told after {after}");
    stage.server.kill().await;
    let server = Server::start(stage.options).await;
    let searched = told(&stage.tenant.at(&server).admin, "searched").await;
    assert_eq!(of_query(&searched, "action:a.b"), [&entry]);
    assert!(server.stop().await.success());
}

/// Of each way to read, so many of each, and the server stops at once.
#[tokio::test]
async fn what_was_read_just_before_a_server_stops_is_told() {
    const EACH: usize = 12;
    let stage = Stage::new().await;
    let mut ids = Vec::new();
    for n in 0..EACH {
        ids.push(stage.tenant.write(&format!("a.{n}")).await["id"].as_str().unwrap().to_owned());
    }
    let (api, last) = (&stage.tenant.auditor, ids.last().unwrap());
    eventually("a proof of the last", || async {
        (api.get(&format!("/api/v1/logs/{last}/proof")).await.status == 200).then_some(())
    })
    .await;
    let mut sockets = Vec::new();
    for n in 0..EACH {
        let path = format!("/api/v1/logs/stream?q=action:a.{n}");
        let mut socket = socket::open(&stage.server, &path, Some(api)).await.unwrap();
        assert_eq!(socket::next(&mut socket).await.unwrap()["type"], "open");
        sockets.push(socket);
    }
    let paths = ids.iter().enumerate().flat_map(|(n, id)| {
        [
            format!("/api/v1/logs?q=action:a.{n}"),
            format!("/api/v1/logs/stats?q=action:a.{n}"),
            format!("/api/v1/logs/{id}"),
            format!("/api/v1/logs/{id}/related"),
            format!("/api/v1/logs/{id}/proof"),
        ]
    });
    join_all(paths.map(|path| async move { api.get(&path).await.expect(200) })).await;
    assert_eq!(stage.server.terminate().await.code(), Some(0));

    let server = Server::start(stage.options).await;
    let admin = &stage.tenant.at(&server).admin;
    for action in ["searched", "counted", "streamed", "read", "related"] {
        assert_eq!(sum(&told(admin, action).await, "times"), EACH as u64, "{action}");
    }
    // That which was waited for is one of them.
    assert_eq!(sum(&told(admin, "proved").await, "times"), EACH as u64 + 1);
    assert!(server.stop().await.success());
}
