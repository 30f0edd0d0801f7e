//! Searches by OpenSearch, as a user meets them: the whole program, beside a real node.

use custody_testkit::{Fault, HttpFaults, TestDatabase, eventually};
use serde_json::{Value, json};

use crate::support::{
    Api, Server, Tenant,
    server::{Options, readable_temp_dir},
};

pub(crate) fn node() -> String {
    std::env::var("CUSTODY_TEST_OPENSEARCH_URL")
        .expect("CUSTODY_TEST_OPENSEARCH_URL is not set; run the test under scripts/with-opensearch")
}

async fn found(api: &Api, query: &str) -> Vec<u64> {
    let page = api.get(&format!("/api/v1/logs?{query}")).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
}

async fn position(tenant: &Tenant) -> Option<(u64, u64)> {
    let list = tenant.admin.get("/api/v1/followers").await.expect(200);
    let own = list["items"].as_array().unwrap().iter().find(|item| item["name"] == "opensearch")?.clone();
    Some((own["position"].as_u64()?, own["head"].as_u64()?))
}

async fn has_followed(tenant: &Tenant) {
    eventually("the index to be where the log is", || async {
        position(tenant).await.filter(|(position, head)| position == head).map(|_| ())
    })
    .await;
}

#[tokio::test]
async fn a_server_searches_by_opensearch_and_without_it() {
    let faults = HttpFaults::start(&node()).await;
    let (database, folder) = (TestDatabase::create().await, readable_temp_dir());
    let address = faults.url().replace("http://", "opensearch+http://me:hunter2@");
    let flags = ["--search", &address, "--search-shards", "1"].map(str::to_owned).to_vec();
    let data = Some(folder.path().join("data"));
    let server = Server::start(Options {
        database: Some(database.url().to_owned()),
        data,
        flags,
        ..Options::default()
    })
    .await;
    let tenant = server.tenant().await;
    for n in 0..10 {
        tenant.write(&format!("order.number{n}")).await;
        // In the index or not yet: it is found in the next request, in every order. That it was looked for
        // is told in the log, too.
        let newest = found(&tenant.auditor, "limit=1&q=-action:custody.*").await;
        assert_eq!(newest.len(), 1);
        assert_eq!(found(&tenant.auditor, &format!("action=order.number{n}&sort=occurred_at")).await, newest);
    }
    has_followed(&tenant).await;
    let stats = tenant.auditor.get("/api/v1/logs/stats?q=action:order.*&by=action").await.expect(200);
    assert_eq!(stats["count"], 10, "{stats}");

    // Nothing is said of the password, which is no secret of the node's.
    let config = server.custody(&["--search", &address, "config"]).await;
    assert!(config.contains("opensearch+http://…@127.0.0.1") && !config.contains("hunter2"), "{config}");
    assert!(!server.log().contains("hunter2"));

    // It is made anew while the server runs.
    server.custody(&["--search", &address, "rebuild", "search"]).await;
    assert_eq!(found(&tenant.auditor, "q=action:order.*&sort=occurred_at").await.len(), 10);
    has_followed(&tenant).await;
    assert_eq!(found(&tenant.auditor, "q=action:order.*&sort=occurred_at").await.len(), 10);

    faults.set(Fault::Status(503), usize::MAX);
    let receipt = tenant.write("order.while.away").await;
    assert_eq!(found(&tenant.auditor, "action=order.while.away").await, [receipt["seq"].as_u64().unwrap()]);
    let refused = tenant.auditor.get("/api/v1/logs?sort=occurred_at").await.problem(503);
    assert!(refused["detail"].as_str().unwrap().contains("search node"), "{refused}");
    faults.set(Fault::None, usize::MAX);
    eventually("searches to go by the index again", || async {
        let page = tenant.auditor.get("/api/v1/logs?action=order.while.away&sort=occurred_at").await;
        (page.status == 200).then(|| assert_eq!(page.json()["items"].as_array().map(Vec::len), Some(1)))
    })
    .await;

    reconciles(&server, &tenant).await;
    server.stop().await;
}

/// The job finds what somebody removed behind its back.
async fn reconciles(server: &Server, tenant: &Tenant) {
    has_followed(tenant).await;
    let operator = server.token(None, "operator").await;
    let mut asked = 0;
    let mut job = async || {
        asked += 1;
        server.custody(&["schedule", "run", "search.reconcile"]).await;
        eventually("the job to end", || async {
            let jobs = operator.get("/api/v1/jobs?kind=search.reconcile").await.expect(200);
            let jobs = jobs["items"].as_array().unwrap();
            let ended = jobs.iter().all(|job| matches!(job["status"].as_str(), Some("completed" | "failed")));
            (ended && jobs.len() == asked).then(|| jobs[0].clone())
        })
        .await
    };
    let agreed: Value = job().await;
    assert_eq!(agreed["status"], "completed", "{agreed}");
    let everything = json!({"query": {"term": {"log": format!("{}/0", tenant.id)}}});
    let url = format!("{}/custody-*/_delete_by_query?refresh=true", node());
    let removed = reqwest::Client::new().post(url).json(&everything).send().await.unwrap();
    assert!(removed.json::<Value>().await.unwrap()["deleted"].as_u64().unwrap() > 0);
    let looked = async || server.anonymous().get("/readyz").await.expect(200)["checks"]["search"].clone();
    let lately = eventually("the look to be shown", || async {
        Some(looked().await["reconciled"]["lately"].clone()).filter(|lately| !lately.is_null())
    })
    .await;
    assert_eq!((&lately["found"], &lately["behind"]), (&json!("agrees"), &json!(0)));
    let differs = job().await;
    // It tells, and is ready: searches are answered.
    eventually("the difference to be shown", || async {
        let search = looked().await;
        assert_eq!(search["ok"], true, "{search}");
        (search["reconciled"]["lately"]["found"] == "differs").then_some(())
    })
    .await;
    assert!(!looked().await.to_string().contains(&tenant.id));
    let metrics = String::from_utf8(server.anonymous().get("/metrics").await.bytes).unwrap();
    for found in ["agrees", "differs"] {
        let line = format!("custody_search_reconciliations_total{{found=\"{found}\"}} 1");
        assert!(metrics.contains(&line), "{metrics}");
    }
    assert_eq!(differs["status"], "failed", "{differs}");
    assert!(differs.to_string().contains("custody rebuild search"), "{differs}");
}
