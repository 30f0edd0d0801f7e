//! What is taken in, once, and what is not.

use serde_json::json;

use super::{actions, tenant};

#[tokio::test]
async fn the_same_event_twice_is_one_entry_and_another_under_its_id_is_a_conflict() {
    let tenant = tenant().await;
    let event =
        json!({"action": "a.b", "actor": {"id": "u"}, "event_id": "e1", "metadata": {"n": 1, "m": 2}});
    let first = tenant.writer.post("/api/v1/logs", &event).await.expect(201);
    let again = tenant.writer.post("/api/v1/logs", &event).await.expect(200);
    assert_eq!(first, again);
    let reordered = r#"{"event_id":"e1","metadata":{"m":2,"n":1},"actor":{"id":"u"}, "action":"a.b"}"#;
    let again = tenant.writer.post_bytes("/api/v1/logs", "application/json", reordered).await.expect(200);
    assert_eq!(first, again);

    let other = json!({"action": "a.c", "actor": {"id": "u"}, "event_id": "e1"});
    let problem = tenant.writer.post("/api/v1/logs", &other).await.problem(409);
    let id = problem["quarantine_id"].as_str().unwrap();
    let kept = tenant.auditor.get(&format!("/api/v1/quarantine/{id}")).await.expect(200);
    assert_eq!(kept["reason"], "conflict");
    let page = tenant.auditor.get("/api/v1/logs").await.expect(200);
    assert_eq!(actions(&page), ["a.b"]);
}

#[tokio::test]
async fn bulk_answers_every_item_in_order_and_is_never_all_or_nothing() {
    let tenant = tenant().await;
    let lines = [
        r#"{"action":"a.1","actor":{"id":"u"},"event_id":"x"}"#,
        r#"{"action":"a.2"}"#,
        r#"{"action":"a.1","actor":{"id":"u"},"event_id":"x"}"#,
        r#"{"action":"a.3","actor":{"id":"u"}"#,
        r#"{"action":"a.4","actor":{"id":"u"}}"#,
    ];
    let answer = tenant
        .writer
        .post_bytes("/api/v1/logs/bulk", "application/x-ndjson", lines.join("\n"))
        .await
        .expect(200);
    let statuses: Vec<_> =
        answer["items"].as_array().unwrap().iter().map(|i| i["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["accepted", "quarantined", "duplicate", "quarantined", "accepted"]);
    assert_eq!(
        [&answer["accepted"], &answer["duplicate"], &answer["quarantined"], &answer["retry"]],
        [2, 1, 2, 0]
    );
    let first = answer["items"][0]["seq"].as_u64().unwrap();
    assert_eq!(answer["items"][2]["id"], answer["items"][0]["id"]);
    assert_eq!(answer["items"][4]["seq"], first + 1);

    let array = json!([{"action": "b.1", "actor": {"id": "u"}}, 5, {"action": "b.2", "actor": {"id": "u"}}]);
    let answer = tenant.writer.post("/api/v1/logs/bulk", &array).await.expect(200);
    assert_eq!([&answer["accepted"], &answer["quarantined"]], [2, 1]);
    let listed = tenant.auditor.get("/api/v1/quarantine").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_cannot_become_an_entry_is_kept_and_shown_with_its_reason() {
    let tenant = tenant().await;
    let deep = format!(
        r#"{{"action":"a","actor":{{"id":"u"}},"metadata":{{"x":{}{}}}}}"#,
        "[".repeat(100),
        "]".repeat(100)
    );
    let far = r#"{"action":"a","actor":{"id":"u"},"occurred_at":"2999-01-01T00:00:00Z"}"#;
    let cases: &[(&str, &str, &str)] = &[
        ("schema", r#"{"actor":{"id":"u"}}"#, "/action"),
        ("schema", r#"{"action":"a","actor":{}}"#, "/actor/id"),
        ("schema", r#"{"action":"a","actor":{"id":"u"},"sevrity":"INFO"}"#, "/sevrity"),
        ("schema", r#"{"action":"a","actor":{"id":"u"},"severity":"info"}"#, "/severity"),
        (
            "schema",
            r#"{"action":"a","actor":{"id":"u"},"recorded_by":{"principal":"user:me"}}"#,
            "/recorded_by",
        ),
        ("time", r#"{"action":"a","actor":{"id":"u"},"occurred_at":"2026-01-01T00:00:00"}"#, "/occurred_at"),
        ("time", r#"{"action":"a","actor":{"id":"u"},"occurred_at":"1969-12-31T23:59:59Z"}"#, "/occurred_at"),
        ("time", far, "/occurred_at"),
        ("reserved_action", r#"{"action":"custody.tenant.created","actor":{"id":"u"}}"#, "/action"),
        ("encoding", r#"{"action":"a\u0000b","actor":{"id":"u"}}"#, "/action"),
        ("encoding", r#"{"action":"a","actor":{"id":"\ud800"}}"#, ""),
        ("duplicate_key", r#"{"action":"a","action":"b","actor":{"id":"u"}}"#, ""),
        ("depth", &deep, ""),
        ("syntax", r#"{"action":"#, ""),
    ];
    for (reason, body, pointer) in cases {
        let problem = tenant
            .writer
            .post_bytes("/api/v1/logs", "application/json", (*body).to_owned())
            .await
            .problem(422);
        let id = problem["quarantine_id"].as_str().unwrap_or_else(|| panic!("{body}: {problem}"));
        if !pointer.is_empty() {
            assert_eq!(problem["errors"][0]["pointer"], *pointer, "{body}: {problem}");
        }
        let kept = tenant.auditor.get(&format!("/api/v1/quarantine/{id}")).await.expect(200);
        assert_eq!(kept["reason"], *reason, "{body}: {kept}");
        assert_eq!(kept["size_bytes"], body.len(), "{kept}");
    }
    let listed = tenant.auditor.get("/api/v1/quarantine?limit=1000").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), cases.len());
    let page = tenant.auditor.get("/api/v1/logs").await.expect(200);
    assert!(actions(&page).is_empty());
}

/// The lists of pointers that the server adds repeat every key on the way: what is accepted must stay
/// readable whatever keys and values a sender chooses.
#[tokio::test]
async fn an_event_that_would_grow_past_reading_is_refused_and_the_log_still_answers() {
    let tenant = tenant().await;
    let numbers = |key: usize| {
        let (key, numbers) = ("k".repeat(key), vec!["1e400"; 1_000].join(","));
        format!(r#"{{"action":"a.b","actor":{{"id":"u"}},"metadata":{{"{key}":[{numbers}]}}}}"#)
    };
    let passwords = |key: usize| {
        let members: Vec<_> = (0..4_000).map(|n| format!(r#""p{n}password":"x""#)).collect();
        let (key, members) = ("k".repeat(key), members.join(","));
        format!(r#"{{"action":"a.b","actor":{{"id":"u"}},"metadata":{{"{key}":{{{members}}}}}}}"#)
    };
    for body in [numbers(100_000), numbers(4_000), passwords(20_000), passwords(4_000)] {
        let problem = tenant.writer.post_bytes("/api/v1/logs", "application/json", body).await.problem(422);
        let id = problem["quarantine_id"].as_str().unwrap_or_else(|| panic!("{problem}"));
        let kept = tenant.auditor.get(&format!("/api/v1/quarantine/{id}")).await.expect(200);
        assert_eq!(kept["reason"], "size", "{kept}");
    }
    tenant.write("a.after").await;
    let page = tenant.auditor.get("/api/v1/logs").await.expect(200);
    assert_eq!(actions(&page), ["a.after"]);
}

#[tokio::test]
async fn naming_the_own_tenant_or_not_is_the_same_event() {
    let tenant = tenant().await;
    let mut event = json!({"action": "a.b", "actor": {"id": "u"}, "event_id": "e1"});
    let first = tenant.writer.post("/api/v1/logs", &event).await.expect(201);
    event["tenant_id"] = tenant.id.clone().into();
    assert_eq!(tenant.writer.post("/api/v1/logs", &event).await.expect(200), first);
}

#[tokio::test]
async fn an_event_id_is_taken_within_its_source_format_alone() {
    let tenant = tenant().await;
    let squat = json!({"action": "noise.tick", "actor": {"id": "u"}, "event_id": "11111111-2222-3333-4444-555555555555"});
    tenant.user.post("/api/v1/logs", &squat).await.expect(201);
    let record = json!([{"eventVersion": "1.08", "eventSource": "iam.amazonaws.com", "eventName": "DeleteUser",
        "eventTime": "2026-01-01T00:00:00Z", "eventID": "11111111-2222-3333-4444-555555555555",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/eve"}}]);
    let answer = tenant.writer.post("/api/v1/logs/bulk?format=cloudtrail", &record).await.expect(200);
    assert_eq!(answer["accepted"], 1, "{answer}");
}

#[tokio::test]
async fn what_is_no_single_event_is_shown_the_way() {
    let tenant = tenant().await;
    for empty in ["", " \n"] {
        tenant.writer.post_bytes("/api/v1/logs", "application/json", empty).await.problem(400);
    }
    let kept = tenant.admin.get("/api/v1/quarantine").await.expect(200);
    assert_eq!(kept["items"], json!([]), "there is nothing in it that could be mended");
    let many = json!([{"action": "a", "actor": {"id": "u"}}]);
    let problem = tenant.writer.post("/api/v1/logs", &many).await.problem(422);
    assert_eq!(problem["errors"][0]["detail"], "must be an object, not an array");
    assert!(problem["errors"][0]["hint"].as_str().unwrap().contains("/logs/bulk"), "{problem}");
}
