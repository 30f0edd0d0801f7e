//! Searching, as a user sees it: orders, ways, totals, statistics, and an index that comes back.

use custody_testkit::eventually;
use serde_json::{Value, json};

use crate::support::{
    Server, Tenant,
    server::{Options, readable_temp_dir, signal},
    shared,
};

/// Four entries; what happened last came first.
async fn tenant() -> Tenant {
    let tenant = shared().await.tenant().await;
    for (action, occurred_at, severity) in [
        ("a.0", "2026-03-04T10:00:00Z", "ERROR"),
        ("a.1", "2026-03-03T10:30:00Z", "INFO"),
        ("a.2", "2026-03-03T10:00:00Z", "ERROR"),
        ("a.3", "2026-03-01T10:00:00Z", "WARNING"),
    ] {
        let actor = json!({"id": if severity == "ERROR" { "eve" } else { "ada" }});
        let entry =
            json!({"action": action, "occurred_at": occurred_at, "severity": severity, "actor": actor});
        tenant.writer.post("/api/v1/logs", &entry).await.expect(201);
    }
    tenant
}

fn actions(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn entries_come_in_four_orders() {
    let tenant = tenant().await;
    for (sort, expected) in [
        ("-received_at", ["a.3", "a.2", "a.1", "a.0"]),
        ("received_at", ["a.0", "a.1", "a.2", "a.3"]),
        ("-occurred_at", ["a.0", "a.1", "a.2", "a.3"]),
        ("occurred_at", ["a.3", "a.2", "a.1", "a.0"]),
    ] {
        let page = tenant.auditor.get(&format!("/api/v1/logs?action=a.*&sort={sort}")).await.expect(200);
        assert_eq!(actions(&page), expected, "{sort}");
    }
}

#[tokio::test]
async fn one_goes_on_and_comes_back_by_cursors_and_by_links() {
    let tenant = tenant().await;
    let url = "/api/v1/logs?action=a.*&sort=occurred_at&limit=2";
    let first = tenant.auditor.get(url).await.expect(200);
    let next = first["next_cursor"].as_str().unwrap();
    let second = tenant.auditor.get(&format!("{url}&cursor={next}")).await;
    let links: Vec<String> = second.headers("link");
    let second = second.expect(200);
    assert_eq!((actions(&first), actions(&second)), (vec!["a.3", "a.2"], vec!["a.1", "a.0"]));
    assert_eq!(second["next_cursor"], Value::Null);
    let back = links.iter().find(|link| link.ends_with("rel=\"prev\"")).unwrap();
    let back = back.split(['<', '>']).nth(1).unwrap();
    assert_eq!(tenant.auditor.get(back).await.expect(200)["items"], first["items"]);
    let elsewhere = tenant.auditor.get(&format!("/api/v1/logs?sort=occurred_at&limit=2&cursor={next}")).await;
    elsewhere.expect(400);
}

#[tokio::test]
async fn all_that_match_are_counted_where_one_asks() {
    let tenant = tenant().await;
    let page = tenant.auditor.get("/api/v1/logs?q=severity:ERROR&limit=1&total=true").await.expect(200);
    assert_eq!((page["total"].as_u64(), page["items"].as_array().unwrap().len()), (Some(2), 1));
    let page = tenant.auditor.get("/api/v1/logs?q=severity:ERROR").await.expect(200);
    assert_eq!(page.get("total"), None);
}

#[tokio::test]
async fn entries_are_counted_by_fields_and_over_time() {
    let tenant = tenant().await;
    let path = "/api/v1/logs/stats?action=a.*&by=severity,actor&top=1&interval=day&time=occurred";
    let stats = tenant.auditor.get(path).await.expect(200);
    assert_eq!(stats["count"], 4);
    let expected = json!([
        {"by": "severity", "values": [{"value": "ERROR", "count": 2}], "others": 2, "missing": 0},
        {"by": "actor", "values": [{"value": "ada", "count": 2}], "others": 2, "missing": 0},
    ]);
    assert_eq!(stats["groups"], expected);
    let expected = json!([
        {"from": "2026-03-01T00:00:00Z", "count": 1},
        {"from": "2026-03-03T00:00:00Z", "count": 2},
        {"from": "2026-03-04T00:00:00Z", "count": 1},
    ]);
    assert_eq!(stats["histogram"], expected);
    for wrong in ["by=colour", "top=0", "top=1001", "interval=week", "interval=hour&time=never", "q=("] {
        tenant.auditor.get(&format!("/api/v1/logs/stats?{wrong}")).await.expect(400);
    }
}

/// The index may be thrown away while the server is down, and the server killed while it writes it.
#[tokio::test]
async fn an_index_that_is_gone_or_was_cut_off_is_made_again() {
    let folder = readable_temp_dir();
    let data = folder.path().join("data");
    let options = || Options { data: Some(data.clone()), ..Options::default() };
    let mut server = Server::start(options()).await;
    let tenant = server.tenant().await;
    for n in 0..600 {
        let entry = json!({"action": format!("b.{}", n % 3), "actor": {"id": "u"}});
        tenant.writer.post("/api/v1/logs", &entry).await.expect(201);
    }
    let found = async |server: &Server| {
        let auditor = crate::support::Api::new(server.url(), Some(tenant.auditor.bearer()));
        eventually("the search answers", async || {
            let answer = auditor.get("/api/v1/logs?action=b.1&sort=occurred_at&limit=1000").await;
            (answer.status == 200).then(|| answer.json()["items"].as_array().unwrap().len())
        })
        .await
    };
    assert_eq!(found(&server).await, 200);
    assert_eq!(server.terminate().await.code(), Some(0));
    let parts = || std::fs::read_dir(data.join("search").join(&tenant.id)).unwrap().count();
    assert_eq!(parts(), 1, "what a server that stops has in memory is written");

    std::fs::remove_dir_all(data.join("search")).unwrap();
    server = Server::start(options()).await;
    assert_eq!(found(&server).await, 200);
    signal(server.pid(), "KILL");
    drop(server);
    server = Server::start(options()).await;
    assert_eq!(found(&server).await, 200);
    assert_eq!(server.terminate().await.code(), Some(0));
}
