//! kill -9 of the server and of the database while all of CloudTrail is imported: nothing that was
//! acknowledged is lost, nothing is doubled, `seq` has no gap.

use std::{collections::BTreeSet, path::Path};

use custody_testkit::eventually;
use serde_json::{Value, json};

use crate::support::{
    Api, Server, Tenant,
    server::{Options, readable_temp_dir, signal},
};

async fn start(folder: &Path) -> Server {
    Server::start(Options { data: Some(folder.join("data")), ..Options::default() }).await
}

fn events(folder: &Path) -> Vec<Value> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "json"));
    files.sort();
    let records = |path: &Path| {
        serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap()["Records"].clone()
    };
    files.iter().flat_map(|path| records(path).as_array().unwrap().clone()).collect()
}

/// All entries of the log in its order, checked for gaps.
async fn log_of(auditor: &Api) -> Vec<Value> {
    let mut entries: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page =
            auditor.get(&format!("/api/v1/logs?sort=received_at&limit=1000{cursor}")).await.expect(200);
        entries.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    for (seq, entry) in entries.iter().enumerate() {
        assert_eq!(entry["seq"], seq, "a gap in seq");
    }
    assert!(
        entries.windows(2).all(|pair| pair[0]["id"].as_str() < pair[1]["id"].as_str()),
        "ids do not increase"
    );
    entries
}

/// Sends events one by one until one is not acknowledged; answers the acknowledged ones' ids.
async fn send_until_it_breaks(
    writer: &Api,
    events: &[Value],
    from: usize,
    on: impl Fn(usize),
) -> BTreeSet<String> {
    let mut acknowledged = BTreeSet::new();
    for (n, event) in events.iter().enumerate().skip(from) {
        on(n);
        let request = writer
            .request(reqwest::Method::POST, "/api/v1/logs/bulk?format=cloudtrail")
            .json(&json!([event]));
        let Ok(response) = request.send().await else { break };
        let Ok(answer) = response.json::<Value>().await else { break };
        match answer["items"][0]["status"].as_str() {
            Some("accepted" | "duplicate") => {
                acknowledged.insert(event["eventID"].as_str().unwrap().to_owned())
            }
            _ => break,
        };
    }
    acknowledged
}

async fn import_the_rest(
    server: &Server,
    tenant: &Tenant,
    folder: &Path,
    expected: usize,
    acknowledged: &BTreeSet<String>,
) {
    let at = |api: &Api| Api::new(server.url(), Some(api.bearer()));
    let (writer, auditor) = (at(&tenant.writer), at(&tenant.auditor));
    let kept: BTreeSet<_> = log_of(&auditor)
        .await
        .iter()
        .filter(|e| e["source_format"] == "cloudtrail")
        .map(|e| e["event_id"].as_str().unwrap().to_owned())
        .collect();
    let lost: Vec<_> = acknowledged.difference(&kept).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let mut import = server.command(&["--json", "import", folder.to_str().unwrap()]);
    let output = import.env("CUSTODY_TOKEN", writer.bearer()).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let ids: Vec<_> = log_of(&auditor)
        .await
        .iter()
        .filter(|e| e["source_format"] == "cloudtrail")
        .map(|e| e["event_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), expected, "lost or doubled");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), expected, "doubled");
}

#[tokio::test]
async fn kill_9_of_the_server_during_an_import() {
    let Some(data) = custody_testkit::data::path("cloudtrail") else { return };
    let folder = readable_temp_dir();
    let events = events(&data);
    let expected = events.iter().map(|e| e["eventID"].as_str().unwrap()).collect::<BTreeSet<_>>().len();
    let mut server = start(folder.path()).await;
    let tenant = server.tenant().await;
    let mut acknowledged = BTreeSet::new();
    for round in 1..=3 {
        let writer = Api::new(server.url(), Some(tenant.writer.bearer()));
        let pid = server.pid();
        // A second sender keeps a request under way when the blow falls.
        let other = tokio::spawn({
            let (writer, events) = (writer.clone(), events.clone());
            async move { send_until_it_breaks(&writer, &events, 600, |_| ()).await }
        });
        let blow = |n: usize| {
            if n == 40 * round {
                signal(pid, "KILL");
            }
        };
        acknowledged.extend(send_until_it_breaks(&writer, &events, 0, blow).await);
        acknowledged.extend(other.await.unwrap());
        server.kill().await;
        server = start(folder.path()).await;
    }
    import_the_rest(&server, &tenant, &data, expected, &acknowledged).await;
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn kill_9_of_the_database_during_an_import() {
    let Some(data) = custody_testkit::data::path("cloudtrail") else { return };
    let folder = readable_temp_dir();
    let events = events(&data);
    let expected = events.iter().map(|e| e["eventID"].as_str().unwrap()).collect::<BTreeSet<_>>().len();
    let server = start(folder.path()).await;
    let tenant = server.tenant().await;
    let postmaster = || {
        let pid_file = folder.path().join("data/database/cluster/postmaster.pid");
        std::fs::read_to_string(pid_file).unwrap().lines().next().unwrap().parse::<u32>().unwrap()
    };
    let blow = |n: usize| {
        if n == 100 {
            signal(postmaster(), "KILL");
        }
    };
    let acknowledged = send_until_it_breaks(&tenant.writer, &events, 0, blow).await;
    assert!(acknowledged.len() >= 100);
    eventually("the database is back", || async {
        (tenant.auditor.get("/api/v1/logs?limit=1").await.status == 200).then_some(())
    })
    .await;
    import_the_rest(&server, &tenant, &data, expected, &acknowledged).await;
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn our_own_changes_reach_the_log_across_a_kill() {
    let folder = readable_temp_dir();
    let server = start(folder.path()).await;
    let tenant = server.tenant().await;
    let pid = server.pid();
    let mut made = BTreeSet::new();
    for n in 0..30 {
        let name = format!("key-{n}");
        let body = json!({"name": name, "role": "writer"});
        let Ok(response) =
            tenant.admin.request(reqwest::Method::POST, "/api/v1/api-keys").json(&body).send().await
        else {
            break;
        };
        if response.status() == 201 {
            made.insert(name);
        }
        if n == 20 {
            signal(pid, "KILL");
        }
    }
    server.kill().await;
    let server = start(folder.path()).await;
    let auditor = Api::new(server.url(), Some(tenant.auditor.bearer()));
    eventually("every key that was answered is in the log, once", || async {
        let page = auditor.get("/api/v1/logs?action=custody.api_key.created&limit=1000").await.expect(200);
        let names: Vec<_> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["resource"]["name"].as_str().unwrap().to_owned())
            .collect();
        let once: BTreeSet<_> = names.iter().cloned().collect();
        assert_eq!(once.len(), names.len(), "doubled: {names:?}");
        made.is_subset(&once).then_some(())
    })
    .await;
    log_of(&auditor).await;
    assert!(server.stop().await.success());
}
