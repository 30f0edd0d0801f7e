//! What could not become an entry: looked at, mended, taken in, dropped, over HTTP and by the command.

use custody_testkit::eventually;
use serde_json::{Value, json};

use crate::support::{Server, Tenant, server::Options, shared};

/// No actor, and something that nobody else should read.
const BROKEN: &str =
    r#"{"action":"door.opened","metadata":{"password":"hunter22","n":12345678901234567890}}"#;

async fn kept(tenant: &Tenant, body: &'static str) -> String {
    let answer = tenant.writer.post_bytes("/api/v1/logs", "application/json", body).await.problem(422);
    answer["quarantine_id"].as_str().unwrap().to_owned()
}

async fn listed(tenant: &Tenant, query: &str) -> Vec<Value> {
    let page = tenant.auditor.get(&format!("/api/v1/quarantine{query}")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_item_is_read_mended_and_taken_in() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let id = kept(&tenant, BROKEN).await;
    let path = format!("/api/v1/quarantine/{id}");

    let content = tenant.admin.get(&format!("{path}/content")).await;
    assert_eq!((content.status.as_u16(), content.header("content-type")), (200, "application/json"));
    let text = String::from_utf8(content.bytes.clone()).unwrap();
    assert!(text.contains("12345678901234567890") && !text.contains("hunter22"), "{text}");

    let refused = tenant.admin.post(&format!("{path}/replay"), &content.json()).await.problem(422);
    assert_eq!(
        (&refused["reason"], &refused["errors"][0]["pointer"]),
        (&"schema".into(), &"/actor/id".into())
    );
    assert_eq!(listed(&tenant, "").await.len(), 1);

    let mut mended = content.json();
    mended["actor"] = json!({"id": "u1"});
    let replayed = tenant.admin.post(&format!("{path}/replay"), &mended).await;
    let receipt = replayed.expect(201);
    let entry = tenant.auditor.get(replayed.header("location")).await.expect(200);
    assert_eq!((&entry["id"], &entry["metadata"]["password"]), (&receipt["id"], &"***".into()));
    assert_eq!(entry["recorded_by"]["via"], "POST /api/v1/quarantine/{id}/replay");
    assert!(listed(&tenant, "").await.is_empty());
    tenant.admin.post(&format!("{path}/replay"), &mended).await.problem(404);
    tenant.admin.get(&path).await.problem(404);

    let trail = eventually("the replay is in the log", || async {
        let query = "/api/v1/logs?q=action:custody.quarantine.replayed";
        tenant.auditor.get(query).await.expect(200)["items"].get(0).cloned()
    })
    .await;
    assert_eq!((&trail["resource"]["id"], &trail["metadata"]["entry"]["id"]), (&id.into(), &receipt["id"]));
    // The writer's token by its name, which is no secret.
    let sender = trail["metadata"]["sent_by"].as_str().unwrap();
    assert!(sender.strip_prefix("token:").is_some_and(|id| id.parse::<uuid::Uuid>().is_ok()), "{sender}");
}

#[tokio::test]
async fn a_replay_answers_as_recording_does() {
    let tenant = shared().await.tenant().await;
    let event = json!({"action": "a.b", "actor": {"id": "u"}, "event_id": "e1"});
    let first = tenant.writer.post("/api/v1/logs", &event).await.expect(201);
    let id = kept(&tenant, r#"{"action":"a.b","event_id":"e1"}"#).await;
    let path = format!("/api/v1/quarantine/{id}/replay");
    let other = json!({"action": "a.c", "actor": {"id": "u"}, "event_id": "e1"});
    assert_eq!(tenant.admin.post(&path, &other).await.problem(409)["quarantine_id"], *id);
    tenant.admin.post_bytes(&path, "text/plain", "{}").await.problem(415);
    tenant.admin.post(&format!("{path}?format=xml"), &event).await.problem(400);
    // Without a body: as it was sent.
    let bare = tenant.admin.request(reqwest::Method::POST, &path);
    assert_eq!(crate::support::Answer::of(bare).await.problem(422)["reason"], "schema");
    assert_eq!(tenant.admin.post(&path, &event).await.expect(200), first);
}

#[tokio::test]
async fn lists_and_bulk_requests_keep_to_their_filter() {
    let tenant = shared().await.tenant().await;
    let schema = kept(&tenant, r#"{"action":"a.b"}"#).await;
    let syntax = kept(&tenant, "{").await;
    let ids =
        |items: Vec<Value>| items.iter().map(|i| i["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(listed(&tenant, "?reason=schema").await), std::slice::from_ref(&schema));
    assert_eq!(
        ids(listed(&tenant, "?reason=syntax&source_format=custody").await),
        std::slice::from_ref(&syntax)
    );
    assert!(listed(&tenant, "?to=2020-01-01").await.is_empty());
    assert_eq!(listed(&tenant, "?from=2020-01-01").await.len(), 2);
    for wrong in ["?reason=tmie", "?source_format=xml", "?from=yesterday", "?limit=0", "?what=else"] {
        tenant.auditor.get(&format!("/api/v1/quarantine{wrong}")).await.problem(400);
    }

    tenant.admin.post("/api/v1/quarantine/drop", &json!({})).await.problem(422);
    let replayed =
        tenant.admin.post("/api/v1/quarantine/replay", &json!({"all": true, "limit": 1})).await.expect(200);
    assert_eq!(
        (&replayed["accepted"], &replayed["rejected"][0]["quarantine_id"]),
        (&0.into(), &schema.into())
    );
    let next = json!({"all": true, "cursor": replayed["next_cursor"]});
    let replayed = tenant.admin.post("/api/v1/quarantine/replay", &next).await.expect(200);
    assert_eq!(replayed["rejected"][0]["quarantine_id"], *syntax);
    assert_eq!(replayed["next_cursor"], Value::Null);
    let dropped =
        tenant.admin.post("/api/v1/quarantine/drop", &json!({"reason": "syntax"})).await.expect(200);
    assert_eq!((&dropped["dropped"], listed(&tenant, "").await.len()), (&1.into(), 1));
}

/// The bytes are kept once; how often they came is not lost.
#[tokio::test]
async fn what_came_more_than_once_is_counted() {
    let server = Server::start(Options::default()).await;
    let tenant = server.tenant().await;
    let same = r#"{"action":"same"}"#;
    let body = format!("{same}\n{same}\n{{\n{same}");
    let answer =
        tenant.writer.post_bytes("/api/v1/logs/bulk", "application/x-ndjson", body).await.expect(200);
    assert_eq!(answer["quarantined"], 4);
    let id = answer["items"][0]["quarantine_id"].as_str().unwrap();
    let [item] = &listed(&tenant, "?reason=schema").await[..] else { panic!("kept once") };
    assert_eq!((&item["id"], &item["times"]), (&id.into(), &3.into()));
    assert_eq!(item["last_received_at"], item["received_at"], "all of them at once");

    assert_eq!(kept(&tenant, same).await, id);
    let item = tenant.auditor.get(&format!("/api/v1/quarantine/{id}")).await.expect(200);
    assert_eq!(item["times"], 4);
    assert!(item["last_received_at"].as_str() > item["received_at"].as_str(), "{item}");
    let metrics = String::from_utf8(server.anonymous().get("/metrics").await.bytes).unwrap();
    for line in ["{reason=\"schema\"} 4\n", "{reason=\"syntax\"} 1\n"] {
        assert!(metrics.contains(&format!("custody_quarantine_items_total{line}")), "{metrics}");
    }

    let (_, table, _) = custody(&server, &tenant, &["quarantine", "list", "--reason", "schema"]).await;
    let row: Vec<_> = table.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[1..3], ["4", "schema"], "{table}");
    let (_, shown, _) = custody(&server, &tenant, &["quarantine", "show", id]).await;
    assert!(shown.contains(", 4 times, last "), "{shown}");
    let (_, json, _) = custody(&server, &tenant, &["--json", "quarantine", "list"]).await;
    assert!(json.contains(r#""times":4"#), "{json}");
    server.stop().await;
}

async fn custody(server: &Server, tenant: &Tenant, args: &[&str]) -> (Option<i32>, String, String) {
    let output = server.command(args).env("CUSTODY_TOKEN", tenant.admin.bearer()).output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn the_command_lists_shows_mends_and_drops() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let (code, out, err) = custody(server, &tenant, &["quarantine", "list"]).await;
    assert_eq!((code, out.as_str(), err.trim()), (Some(0), "", "nothing found"));
    let id = kept(&tenant, BROKEN).await;

    let (_, table, _) = custody(server, &tenant, &["quarantine", "list", "--reason", "schema"]).await;
    assert!(
        table.starts_with("RECEIVED") && table.contains(&id) && table.contains("/actor/id: is required"),
        "{table}"
    );
    let (_, shown, _) = custody(server, &tenant, &["quarantine", "show", &id]).await;
    assert!(shown.contains("POST /api/v1/logs") && !shown.contains("hunter22"), "{shown}");
    let (_, content, _) = custody(server, &tenant, &["quarantine", "show", &id, "--content"]).await;
    assert!(content.contains("\"***\"") && !content.contains("hunter22"), "{content}");

    let (code, out, _) = custody(server, &tenant, &["quarantine", "replay", "--all"]).await;
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains(&format!("{id} stays: schema: /actor/id: is required")), "{out}");
    let (code, _, err) = custody(server, &tenant, &["quarantine", "replay", &id]).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("/actor/id: is required"), "{err}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("event.json");
    std::fs::write(&file, content.replacen('{', "{\"actor\":{\"id\":\"u1\"},", 1)).unwrap();
    let mended = ["quarantine", "replay", &id, "--file", file.to_str().unwrap()];
    let (code, out, err) = custody(server, &tenant, &mended).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("is now entry"), "{out}");

    let id = kept(&tenant, "{").await;
    let (code, out, _) = custody(server, &tenant, &["quarantine", "drop", &id]).await;
    assert_eq!((code, out.trim()), (Some(0), "1 item dropped"));
    kept(&tenant, "{").await;
    let (code, out, _) = custody(server, &tenant, &["--json", "quarantine", "drop", "--all"]).await;
    assert_eq!((code, out.trim()), (Some(0), r#"{"dropped":1}"#));
    for wrong in
        [&["drop"][..], &["replay"], &["replay", &id, "--all"], &["drop", "--all", "--reason", "time"]]
    {
        let args: Vec<_> = ["quarantine"].iter().chain(wrong).copied().collect();
        assert_eq!(custody(server, &tenant, &args).await.0, Some(2), "{wrong:?}");
    }
}
