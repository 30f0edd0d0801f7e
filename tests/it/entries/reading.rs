//! What was written is read again: entries, pages, filters.

use serde_json::{Value, json};

use super::{actions, tenant};

#[tokio::test]
async fn an_entry_comes_back_as_it_was_sent_with_its_place_in_the_log() {
    let tenant = tenant().await;
    let sent = json!({
        "action": "order.updated",
        "actor": {"type": "user", "id": "u1", "name": "Ada"},
        "resource": {"type": "order", "id": "o9", "name": "Order 9"},
        "occurred_at": "2026-03-01T12:00:00.5+02:00",
        "severity": "WARNING", "outcome": "success",
        "message": "Order 9 was changed", "session_id": "s1", "request_id": "r1",
        "ip": "192.0.2.7", "user_agent": "curl/8",
        "before": {"total": 10}, "after": {"total": 12.5}, "metadata": {"region": "eu", "tags": ["a", "b"]},
        "event_id": "e-1", "producer": {"id": "shop", "seq": 7},
    });
    let answer = tenant.writer.post("/api/v1/logs", &sent).await;
    let receipt = answer.expect(201);
    assert!(receipt["seq"].is_u64());
    assert_eq!(receipt["leaf_hash"].as_str().unwrap().len(), 64);

    let id = receipt["id"].as_str().unwrap();
    let got = tenant.auditor.get(&format!("/api/v1/logs/{id}")).await.expect(200);
    for (key, value) in sent.as_object().unwrap() {
        assert_eq!(&got[key], value, "{key}");
    }
    for key in ["id", "seq", "received_at", "leaf_hash"] {
        assert_eq!(got[key], receipt[key], "{key}");
    }
    assert_eq!(got["tenant_id"], tenant.id);
    let recorded_by = &got["recorded_by"];
    assert!(recorded_by["principal"].as_str().unwrap().starts_with("token:"), "{recorded_by}");
    assert_eq!(recorded_by["via"], "POST /api/v1/logs");
    assert_eq!(recorded_by["peer_ip"], "127.0.0.1");
}

#[tokio::test]
async fn pages_are_newest_first_and_go_on_by_cursor_while_entries_arrive() {
    let tenant = tenant().await;
    for n in 0..7 {
        tenant.write(&format!("a.{n}")).await;
    }
    let first = tenant.auditor.get("/api/v1/logs?limit=3&action=a.*").await;
    assert!(first.header("link").contains("rel=\"next\""), "{}", first.header("link"));
    let first = first.expect(200);
    assert_eq!(actions(&first), ["a.6", "a.5", "a.4"]);
    assert_eq!(first["stopped"], Value::Null);
    tenant.write("a.late").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second =
        tenant.auditor.get(&format!("/api/v1/logs?limit=3&action=a.*&cursor={cursor}")).await.expect(200);
    assert_eq!(actions(&second), ["a.3", "a.2", "a.1"]);
    let cursor = second["next_cursor"].as_str().unwrap();
    let third =
        tenant.auditor.get(&format!("/api/v1/logs?limit=3&action=a.*&cursor={cursor}")).await.expect(200);
    assert_eq!(actions(&third), ["a.0"]);
    assert_eq!(third["next_cursor"], Value::Null);

    let oldest = tenant.auditor.get("/api/v1/logs?limit=2&sort=received_at&action=a.*").await.expect(200);
    assert_eq!(actions(&oldest), ["a.0", "a.1"]);
}

#[tokio::test]
async fn a_cursor_of_another_query_or_tenant_is_refused() {
    let (one, other) = (tenant().await, tenant().await);
    for tenant in [&one, &other] {
        tenant.write("a.1").await;
        tenant.write("a.2").await;
    }
    let page = one.auditor.get("/api/v1/logs?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    one.auditor.get(&format!("/api/v1/logs?limit=1&q=outcome:failure&cursor={cursor}")).await.problem(400);
    one.auditor.get(&format!("/api/v1/logs?limit=1&sort=received_at&cursor={cursor}")).await.problem(400);
    other.auditor.get(&format!("/api/v1/logs?limit=1&cursor={cursor}")).await.problem(400);
    one.auditor.get("/api/v1/logs?cursor=zzz").await.problem(400);
}

#[tokio::test]
async fn every_filter_of_the_contract_and_the_language_find_the_same() {
    let tenant = tenant().await;
    let entries = [
        json!({"action": "iam.CreateUser", "actor": {"id": "arn:alice", "name": "alice"}, "resource": {"type": "user", "id": "bob"},
               "severity": "ERROR", "outcome": "failure", "message": "Access Denied for bob", "ip": "10.1.2.3",
               "session_id": "s1", "request_id": "r1", "occurred_at": "2026-01-02T03:04:05Z", "metadata": {"region": "us-east-1"}}),
        json!({"action": "s3.GetObject", "actor": {"id": "carol"}, "resource": {"type": "bucket", "id": "data"},
               "outcome": "success", "ip": "192.0.2.1", "occurred_at": "2026-02-02T03:04:05Z", "metadata": {"region": "eu-west-1"}}),
    ];
    for entry in &entries {
        tenant.writer.post("/api/v1/logs", entry).await.expect(201);
    }
    for filter in [
        "actor=alice",
        "actor=arn:alice",
        "action=iam.CreateUser",
        "action=iam.*",
        "resource_type=user",
        "resource_id=bob",
        "severity=ERROR",
        "outcome=failure",
        "ip=10.1.2.3",
        "ip=10.0.0.0/8",
        "session_id=s1",
        "request_id=r1",
        "to=2026-01-31T00:00:00Z",
        "q=actor:alice",
        "q=action:iam.*",
        "q=severity%3E%3DERROR",
        "q=outcome:failure",
        "q=%22access+denied%22",
        "q=denied",
        "q=metadata.region:us-east-1",
        "q=action:iam.*+-ip:192.0.2.0/24",
        "q=(action:iam.*+OR+action:kms.*)+outcome:failure",
        "actor=alice&q=severity:ERROR",
        "q=resource.type:user",
    ] {
        let page = tenant.auditor.get(&format!("/api/v1/logs?{filter}")).await.expect(200);
        assert_eq!(actions(&page), ["iam.CreateUser"], "{filter}");
    }
    for filter in ["actor=nobody", "from=2027-01-01T00:00:00Z", "q=zebra", "severity=CRITICAL"] {
        let page = tenant.auditor.get(&format!("/api/v1/logs?{filter}")).await.expect(200);
        assert!(actions(&page).is_empty(), "{filter}");
    }
}

#[tokio::test]
async fn a_query_that_is_wrong_says_where() {
    let tenant = tenant().await;
    let problem = tenant.auditor.get("/api/v1/logs?q=action:a+AND+(b").await.problem(400);
    let errors = problem["errors"].as_array().unwrap();
    assert_eq!(errors[0]["parameter"], "q", "{problem}");
    assert_eq!(errors[0]["offset"], 13, "{problem}");
    assert!(errors[0]["hint"].is_string(), "{problem}");
    for bad in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "sort=size",
        "from=yesterday",
        "severity=LOUD",
        "ip=nowhere",
        "colour=red",
    ] {
        tenant.auditor.get(&format!("/api/v1/logs?{bad}")).await.problem(400);
    }
}

#[tokio::test]
async fn the_role_user_reads_only_what_it_wrote() {
    let tenant = tenant().await;
    let mine = tenant
        .user
        .post("/api/v1/logs", &json!({"action": "mine.1", "actor": {"id": "u"}}))
        .await
        .expect(201);
    let theirs = tenant.write("theirs.1").await;
    let page = tenant.user.get("/api/v1/logs").await.expect(200);
    assert_eq!(actions(&page), ["mine.1"]);
    assert_eq!(page["index_watermark"], Value::Null, "others' entries are not theirs to count");
    // The entries of the tenant's own making come when they come.
    let watermark = &tenant.auditor.get("/api/v1/logs").await.expect(200)["index_watermark"];
    assert!(watermark.as_u64() >= Some(2), "{watermark}");
    tenant.user.get(&format!("/api/v1/logs/{}", mine["id"].as_str().unwrap())).await.expect(200);
    tenant.user.get(&format!("/api/v1/logs/{}", theirs["id"].as_str().unwrap())).await.problem(404);
    tenant.writer.get("/api/v1/logs").await.problem(403);
    tenant.auditor.post("/api/v1/logs", &json!({"action": "a", "actor": {"id": "u"}})).await.problem(403);
}
