//! A database that goes away and comes back: 503 meanwhile, and no restart needed.

use custody_testkit::{Proxy, TestDatabase, eventually};
use serde_json::json;

use crate::support::{Server, server::Options};

#[tokio::test]
async fn requests_fail_with_503_and_recover_by_themselves() {
    let database = TestDatabase::create().await;
    let mut proxy = Proxy::start(database.url()).await;
    let server =
        Server::start(Options { database: Some(proxy.url().to_owned()), ..Options::default() }).await;
    let tenant = server.tenant().await;
    tenant.write("before").await;

    proxy.cut().await;
    let entry = json!({"action": "during", "actor": {"id": "u"}});
    let refused = eventually("writes are refused", || async {
        let answer = tenant.writer.post("/api/v1/logs", &entry).await;
        (answer.status == 503).then_some(answer)
    })
    .await;
    refused.problem(503);
    assert!(!refused.header("retry-after").is_empty());
    tenant.auditor.get("/api/v1/logs").await.problem(503);
    let unready = server.anonymous().get("/readyz").await;
    assert_eq!(unready.status, 503);
    server.anonymous().get("/healthz").await.expect(200);

    proxy.mend().await;
    eventually("writes go through again", || async {
        let answer =
            tenant.writer.post("/api/v1/logs", &json!({"action": "after", "actor": {"id": "u"}})).await;
        assert!(answer.status == 201 || answer.status == 503, "{}", answer.status);
        (answer.status == 201).then_some(())
    })
    .await;
    let page = tenant.auditor.get("/api/v1/logs?action=before").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    server.stop().await;
}
