//! `custody import` and `custody search`, on real CloudTrail and on broken files.

use std::{collections::BTreeMap, path::Path, process::Output};

use custody_testkit::TestDatabase;
use serde_json::{Value, json};

use crate::support::{Server, Tenant, server::Options, shared};

async fn import(server: &Server, tenant: &Tenant, paths: &[&Path]) -> (Output, Value) {
    import_saying(server, tenant, &[], paths).await
}

async fn import_saying(server: &Server, tenant: &Tenant, flags: &[&str], paths: &[&Path]) -> (Output, Value) {
    let mut command = server.command(&["--json", "import"]);
    command.args(flags);
    command.args(paths).env("CUSTODY_TOKEN", tenant.writer.bearer());
    let output = command.output().await.unwrap();
    let summary = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no summary: {}", String::from_utf8_lossy(&output.stderr)));
    (output, summary)
}

#[tokio::test]
async fn all_of_cloudtrail_and_again() {
    let Some(folder) = custody_testkit::data::path("cloudtrail") else { return };
    let server = shared().await;
    let tenant = server.tenant().await;
    let mut event_ids = BTreeMap::new();
    for file in std::fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
    {
        let records: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        for record in records["Records"].as_array().unwrap() {
            event_ids.insert(record["eventID"].as_str().unwrap().to_owned(), record.clone());
        }
    }
    let (output, summary) = import(server, &tenant, &[&folder]).await;
    assert!(output.status.success(), "{summary}");
    assert_eq!(summary["accepted"], event_ids.len(), "{summary}");
    assert_eq!(summary["quarantined"], json!({}), "{summary}");
    let (output, again) = import(server, &tenant, &[&folder]).await;
    assert!(output.status.success());
    assert_eq!(again["accepted"], 0, "{again}");
    assert_eq!(again["duplicate"], again["read"], "{again}");

    let mut seen = Vec::new();
    let mut path = "/api/v1/logs?limit=500&sort=received_at".to_owned();
    loop {
        let page = tenant.auditor.get(&path).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/logs?limit=500&sort=received_at&cursor={cursor}"),
            None => break,
        }
    }
    let sent = seen.iter().filter(|e| e["source_format"] == "cloudtrail").count();
    assert_eq!(sent, event_ids.len());
    for (seq, entry) in seen.iter().enumerate() {
        assert_eq!(entry["seq"], seq);
        if entry["action"].as_str().unwrap().starts_with("custody.") {
            continue;
        }
        let record = &event_ids[entry["event_id"].as_str().unwrap()];
        let service = record["eventSource"].as_str().unwrap().trim_end_matches(".amazonaws.com");
        assert_eq!(entry["action"], format!("{service}.{}", record["eventName"].as_str().unwrap()));
        assert_eq!(entry["occurred_at"], record["eventTime"]);
        assert_eq!(entry["outcome"], if record.get("errorCode").is_some() { "failure" } else { "success" });
        if let Some(arn) = record["resources"][0]["ARN"].as_str() {
            assert_eq!(entry["resource"]["id"], arn);
        }
    }
}

#[tokio::test]
async fn plain_gzip_folders_and_lines() {
    use std::io::Write as _;
    let server = shared().await;
    let tenant = server.tenant().await;
    let folder = tempfile::tempdir().unwrap();
    let event = |id: &str| json!({"action": "a.b", "actor": {"id": "u"}, "event_id": id});
    std::fs::create_dir(folder.path().join("deep")).unwrap();
    let lines: Vec<_> = (0..2500).map(|n| event(&format!("line-{n}")).to_string()).collect();
    std::fs::write(folder.path().join("deep/own.ndjson"), lines.join("\n")).unwrap();
    let file = std::fs::File::create(folder.path().join("array.json.gz")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gzip.write_all(json!([event("x"), event("y")]).to_string().as_bytes()).unwrap();
    gzip.finish().unwrap();
    let (output, summary) = import(server, &tenant, &[folder.path()]).await;
    assert!(output.status.success(), "{summary}");
    assert_eq!(summary["accepted"], 2502, "{summary}");
}

#[tokio::test]
async fn broken_files_are_named_and_the_rest_goes_on() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("a-cut.json", br#"{"Records": [{"eventVersion": "1.08", "eventID": "e1", "eventName": "GetUs"#);
    write("b-foreign.json", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    write("c-lines.ndjson", b"{\"action\":\"a.1\",\"actor\":{\"id\":\"u\"}}\n{\"action\":\n{\"action\":\"a.2\",\"actor\":{\"id\":\"u\"}}\n");
    write("d-good.ndjson", b"{\"action\":\"a.3\",\"actor\":{\"id\":\"u\"}}\n");
    let (output, summary) = import(server, &tenant, &[folder.path()]).await;
    assert_eq!(output.status.code(), Some(1), "{summary}");
    assert_eq!(summary["accepted"], 3, "{summary}");
    // A line is an item whatever stands in it; of the other two nothing can be told apart.
    assert_eq!((&summary["read"], &summary["unreadable"]), (&4.into(), &2.into()), "{summary}");
    assert_eq!(summary["quarantined"], json!({"syntax": 1}), "{summary}");
    let kept = tenant.admin.get("/api/v1/quarantine").await.expect(200);
    let id = kept["items"][0]["id"].as_str().unwrap();
    let content = tenant.admin.get(&format!("/api/v1/quarantine/{id}/content")).await;
    assert_eq!(content.bytes, b"{\"action\":");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("a-cut.json"), "{errors}");
    assert!(errors.contains("b-foreign.json"), "{errors}");
    assert!(errors.contains("c-lines.ndjson:2"), "{errors}");
    let missing = folder.path().join("not-there.json");
    let (output, _) = import(server, &tenant, &[&missing]).await;
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn a_token_that_may_not_write_is_said_once() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "{\"action\":\"a.b\",\"actor\":{\"id\":\"u\"}}\n").unwrap();
    let mut command = server.command(&["import", file.path().to_str().unwrap()]);
    let output = command.env("CUSTODY_TOKEN", tenant.auditor.bearer()).output().await.unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("it takes one of").count(), 1, "{said}");
    assert!(!said.contains("Run the same command again"), "{said}");
}

/// A server with little room: what is too large goes in parts, and what finds no room in the quarantine
/// is tried again and then said to be put off. Each event counts once.
#[tokio::test]
async fn a_server_that_takes_little_gets_parts_and_what_it_puts_off_is_counted() {
    let options = Options {
        database: Some(TestDatabase::create().await.url().to_owned()),
        flags: ["--bulk-limit-bytes", "20000", "--quarantine-items-max", "1"].map(str::to_owned).to_vec(),
        ..Options::default()
    };
    let server = Server::start(options).await;
    let tenant = server.tenant().await;
    let folder = tempfile::tempdir().unwrap();
    let (good, broken) = (folder.path().join("good.ndjson"), folder.path().join("broken.ndjson"));
    let event = |n: usize| json!({"action": "a.b", "actor": {"id": "u"}, "message": format!("{n} {}", "x".repeat(900))});
    let lines: Vec<_> = (0..100).map(|n| event(n).to_string()).collect();
    std::fs::write(&good, lines.join("\n")).unwrap();
    let (output, summary) = import(&server, &tenant, &[&good]).await;
    assert!(output.status.success(), "{summary}");
    assert_eq!((&summary["accepted"], &summary["sent_again"]), (&100.into(), &0.into()), "{summary}");

    let lines = format!("{}\n{{\"n\":1}}\n{{\"n\":2}}\n{{\"n\":3}}\n{}", lines[0], lines[1]);
    std::fs::write(&broken, lines).unwrap();
    let (output, summary) = import_saying(&server, &tenant, &["--retry-seconds-max", "1"], &[&broken]).await;
    assert_eq!(output.status.code(), Some(1), "{summary}");
    let counts = ["read", "accepted", "duplicate", "retry", "failed", "sent_again"]
        .map(|n| summary[n].as_u64().unwrap());
    assert_eq!(counts, [5, 2, 0, 2, 0, 2], "{summary}");
    assert_eq!(summary["quarantined"], json!({"schema": 1}));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("2 put off") && said.contains("the quarantine is full"), "{said}");
    let log = tenant.auditor.get("/api/v1/logs?q=action:a.b&limit=1000").await.expect(200);
    assert_eq!(log["items"].as_array().unwrap().len(), 102);
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn search_prints_a_table_or_lines_of_json() {
    let server = shared().await;
    let tenant = server.tenant().await;
    tenant.write("iam.CreateUser").await;
    tenant.write("s3.GetObject").await;
    let run = |args: &[&str]| {
        let mut command = server.command(args);
        command.env("CUSTODY_TOKEN", tenant.auditor.bearer());
        async move { command.output().await.unwrap() }
    };
    let table = String::from_utf8(run(&["search", "action:iam.*"]).await.stdout).unwrap();
    assert!(table.contains("iam.CreateUser") && !table.contains("s3.GetObject"), "{table}");
    let lines = String::from_utf8(run(&["search", "--json", "action:iam.*"]).await.stdout).unwrap();
    let entry: Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!(entry["action"], "iam.CreateUser");

    let wrong = run(&["search", "action:a AND ("]).await;
    assert!(!wrong.status.success());
    assert!(String::from_utf8(wrong.stderr).unwrap().contains('^'));
    let mut stranger = server.command(&["search", "x"]);
    let refused = stranger.env("CUSTODY_TOKEN", "nonsense").output().await.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("token"));
}
