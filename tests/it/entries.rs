//! Entries: written, listed, filtered, fetched; and what becomes of those that cannot be.

use serde_json::{Value, json};

use crate::support::{Tenant, shared};

async fn tenant() -> Tenant {
    shared().await.tenant().await
}

/// The actions of a page, without Custody's own (the tenant's and its tokens' making).
fn actions(page: &Value) -> Vec<&str> {
    let actions = page["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap());
    actions.filter(|action| !action.starts_with("custody.")).collect()
}

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

#[tokio::test]
async fn nul_is_allowed_where_there_is_no_column() {
    let tenant = tenant().await;
    let body = r#"{"action":"a.b","actor":{"id":"u"},"metadata":{"raw":"a\u0000b"}}"#;
    let receipt = tenant.writer.post_bytes("/api/v1/logs", "application/json", body).await.expect(201);
    let got =
        tenant.auditor.get(&format!("/api/v1/logs/{}", receipt["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(got["metadata"]["raw"], "a\0b");
}

#[tokio::test]
async fn numbers_that_a_double_would_change_become_text_and_say_so() {
    let tenant = tenant().await;
    let body = r#"{"action":"a.b","actor":{"id":"u"},"metadata":{"big":12345678901234567890,"one":1.0,"small":0.1}}"#;
    let receipt = tenant.writer.post_bytes("/api/v1/logs", "application/json", body).await.expect(201);
    let got =
        tenant.auditor.get(&format!("/api/v1/logs/{}", receipt["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(got["metadata"], json!({"big": "12345678901234567890", "one": 1, "small": 0.1}));
    assert_eq!(got["number_as_text"], json!(["/metadata/big"]));
}

#[tokio::test]
async fn secrets_are_masked_before_anything_else_sees_them() {
    let server = shared().await;
    let tenant = tenant().await;
    let secret = "hunter2-Zx81-correct-horse";
    let body = json!({"action": "user.created", "actor": {"id": "u"},
        "after": {"password": secret, "card": "4111 1111 1111 1111", "name": "kept"}});
    let receipt = tenant.writer.post("/api/v1/logs", &body).await.expect(201);
    let got =
        tenant.auditor.get(&format!("/api/v1/logs/{}", receipt["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(got["after"]["password"], "***");
    assert!(!got["after"]["card"].as_str().unwrap().contains("4111"), "{got}");
    assert_eq!(got["after"]["name"], "kept");
    let masked: Vec<_> =
        got["masked"].as_array().unwrap().iter().map(|m| m["pointer"].as_str().unwrap()).collect();
    assert_eq!(masked, ["/after/card", "/after/password"]);
    let found = tenant.auditor.get(&format!("/api/v1/logs?q=%22{secret}%22")).await.expect(200);
    assert!(actions(&found).is_empty());
    assert!(!server.log().contains(secret));
}

#[tokio::test]
async fn a_tenant_s_own_mask_rules_add_and_keep() {
    let tenant = tenant().await;
    let policy = tenant.admin.get("/api/v1/mask-policy").await.expect(200);
    assert!(policy.is_object());
    let wish = json!({"version": 1, "mask": ["/metadata/salary"], "keep": ["/metadata/password_hint"]});
    tenant.admin.put("/api/v1/mask-policy", &wish).await.expect(200);
    // Policies may be cached for five seconds, which a user is told; the setter's own node knows at once.
    let body =
        json!({"action": "a.b", "actor": {"id": "u"}, "metadata": {"salary": 5, "password_hint": "pet"}});
    let receipt = tenant.writer.post("/api/v1/logs", &body).await.expect(201);
    let got =
        tenant.auditor.get(&format!("/api/v1/logs/{}", receipt["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(got["metadata"], json!({"salary": "***", "password_hint": "pet"}));
    tenant
        .admin
        .put("/api/v1/mask-policy", &json!({"version": 1, "mask": ["no pointer"]}))
        .await
        .problem(422);
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
async fn a_masked_value_cannot_be_found_by_sending_guesses() {
    let tenant = tenant().await;
    let event = |pin: &str| json!({"action": "a.b", "actor": {"id": "u"}, "event_id": "pin", "metadata": {"password": pin}});
    let first = tenant.writer.post("/api/v1/logs", &event("4711")).await.expect(201);
    for guess in ["0000", "4711"] {
        let again = tenant.user.post("/api/v1/logs", &event(guess)).await.expect(200);
        assert_eq!(again, first, "{guess}");
    }
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
