//! What belongs to an entry, as one timeline.

use serde_json::{Value, json};

use crate::support::{Api, Tenant, shared};

async fn write(tenant: &Tenant, entry: Value) -> String {
    tenant.writer.post("/api/v1/logs", &entry).await.expect(201)["id"].as_str().unwrap().to_owned()
}

fn at(time: &str, action: &str, actor: &str, more: &Value) -> Value {
    let mut entry = json!({
        "action": action, "occurred_at": format!("2026-03-01T{time}Z"), "actor": {"type": "user", "id": actor},
    });
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    entry
}

/// The actions of the timeline, each with what it is related by.
async fn timeline(api: &Api, id: &str, parameters: &str) -> Vec<String> {
    let body = api.get(&format!("/api/v1/logs/{id}/related?{parameters}")).await.expect(200);
    let items = body["items"].as_array().unwrap().iter();
    items
        .map(|item| format!("{} {}", item["entry"]["action"].as_str().unwrap(), item["related_by"]))
        .collect()
}

/// Of a morning: what belongs together came late and in no order.
async fn morning(tenant: &Tenant) -> String {
    let order = json!({"type": "order", "id": "o1"});
    write(tenant, at("10:30:00", "d.session", "bob", &json!({"session_id": "s1"}))).await;
    let id = json!({"request_id": "r1", "session_id": "s1", "resource": order});
    let id = write(tenant, at("10:00:00", "c.asked", "ann", &id)).await;
    write(tenant, at("09:59:00", "b.same", "bob", &json!({"request_id": "r1", "resource": order}))).await;
    write(tenant, at("10:00:00", "x.stranger", "eve", &json!({"request_id": "r2"}))).await;
    write(tenant, at("10:00:01", "x.other_kind", "eve", &json!({"resource": {"type": "user", "id": "o1"}})))
        .await;
    write(tenant, at("11:00:00", "e.edge", "ann", &json!({}))).await;
    write(tenant, at("11:00:01", "f.beyond", "ann", &json!({}))).await;
    write(tenant, at("09:00:00", "a.edge", "ann", &json!({"request_id": "r1"}))).await;
    id
}

#[tokio::test]
async fn what_shares_something_with_an_entry_stands_around_it_in_time() {
    let tenant = shared().await.tenant().await;
    let id = morning(&tenant).await;
    assert_eq!(
        timeline(&tenant.auditor, &id, "").await,
        [
            r#"a.edge ["request_id","actor"]"#,
            r#"b.same ["request_id","resource"]"#,
            "c.asked []",
            r#"d.session ["session_id"]"#,
            r#"e.edge ["actor"]"#,
        ]
    );
    assert_eq!(timeline(&tenant.auditor, &id, "within=59s").await, ["c.asked []"]);
    assert_eq!(timeline(&tenant.auditor, &id, "within=2h").await.len(), 6);
}

#[tokio::test]
async fn each_side_has_its_nearest_and_says_where_there_is_more() {
    let tenant = shared().await.tenant().await;
    let id = morning(&tenant).await;
    let ask = async |parameters: &str| {
        tenant.auditor.get(&format!("/api/v1/logs/{id}/related?{parameters}")).await.expect(200)
    };
    let one = ask("limit=1").await;
    let actions: Vec<_> =
        one["items"].as_array().unwrap().iter().map(|item| &item["entry"]["action"]).collect();
    assert_eq!(actions, ["b.same", "c.asked", "d.session"]);
    assert_eq!((&one["more_before"], &one["more_after"]), (&json!(true), &json!(true)));
    let two = ask("limit=2").await;
    assert_eq!((&two["more_before"], &two["more_after"]), (&json!(false), &json!(false)));
    for wrong in ["within=1", "within=32d", "limit=0", "limit=501", "q=a"] {
        tenant.auditor.get(&format!("/api/v1/logs/{id}/related?{wrong}")).await.problem(400);
    }
}

#[tokio::test]
async fn many_entries_of_one_moment_keep_the_entry_among_them() {
    let tenant = shared().await.tenant().await;
    let entry = at("10:00:00", "a.burst", "ann", &json!({}));
    let answer = tenant.writer.post("/api/v1/logs/bulk", &json!(vec![entry; 40])).await.expect(200);
    let id = answer["items"][20]["id"].as_str().unwrap();
    let body = tenant.auditor.get(&format!("/api/v1/logs/{id}/related?limit=5")).await.expect(200);
    let items = body["items"].as_array().unwrap();
    assert_eq!(items.iter().filter(|item| item["related_by"] == json!([])).count(), 1);
    assert!(items.iter().any(|item| item["entry"]["id"] == id));
    assert_eq!((&body["more_before"], &body["more_after"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn the_command_line_shows_it() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let id = morning(&tenant).await;
    let shown = server.custody(&["related", &id, "--token", tenant.auditor.bearer()]).await;
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines.len(), 5, "{shown}");
    assert!(lines[1].contains("b.same") && lines[1].ends_with("request_id,resource"), "{shown}");
    assert!(lines[2].starts_with("> 2026-03-01T10:00:00Z"), "{shown}");
}
