//! Exports that nobody reads to their end, and more of them than may be.

use custody_testkit::eventually;
use reqwest::Method;
use serde_json::json;

use super::download::PATH;
use crate::support::{Server, Tenant, server::Options};

/// More than all buffers between here and the log hold.
async fn fill(tenant: &Tenant) {
    let text = "x".repeat(100_000);
    let entry = json!({"action": "a.b", "actor": {"id": "u"}, "metadata": {"text": text}});
    let entries = vec![entry; 100];
    for _ in 0..6 {
        tenant.writer.post("/api/v1/logs/bulk", &json!(entries)).await.expect(200);
    }
}

async fn running(server: &Server) -> String {
    let metrics = server.anonymous().get("/metrics").await;
    let text = String::from_utf8(metrics.bytes).unwrap();
    let line = text.lines().find(|line| line.starts_with("custody_exports_running ")).expect("it is there");
    line.split(' ').next_back().unwrap().to_owned()
}

#[tokio::test]
async fn an_export_that_is_left_frees_what_it_holds_and_more_than_two_at_once_are_refused() {
    let database = custody_testkit::TestDatabase::create().await.url().to_owned();
    let server = Server::start(Options { database: Some(database), ..Options::default() }).await;
    let (tenant, other) = (server.tenant().await, server.tenant().await);
    fill(&tenant).await;
    let begin = async || {
        // As it is: compressed on the way, all of it would fit into the buffers.
        let request = tenant.auditor.request(Method::GET, PATH).header("accept-encoding", "identity");
        let mut answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.chunk().await.unwrap().unwrap();
        answer
    };
    let (first, second) = (begin().await, begin().await);
    assert_eq!(running(&server).await, "2");
    let refused = tenant.auditor.get(PATH).await;
    refused.problem(429);
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    other.auditor.get(PATH).await.status.is_success().then_some(()).unwrap();

    let id = first.headers()["custody-export-id"].to_str().unwrap().to_owned();
    drop(first);
    eventually("one is left", || async { (running(&server).await == "1").then_some(()) }).await;
    let path = format!("/api/v1/logs?action=custody.log.export_ended&resource_id={id}");
    let ended = eventually("the log tells of it", || async {
        tenant.auditor.get(&path).await.expect(200)["items"].get(0).cloned()
    })
    .await;
    assert_eq!(ended["outcome"], "failure", "{ended}");
    assert!(ended["metadata"].get("sha256").is_none(), "{ended}");
    drop(second);
    eventually("none is left", || async { (running(&server).await == "0").then_some(()) }).await;
    tenant.auditor.get(PATH).await.status.is_success().then_some(()).unwrap();
    assert!(server.stop().await.success());
}
