//! `POST /api/v1/logs/export`: a job that leaves a file.

use custody_testkit::{TestDatabase, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::download::{Download, PATH, fill};
use crate::{
    jobs::ended,
    support::{
        Answer, Api, Server, Tenant,
        server::{Options, readable_temp_dir},
        shared,
    },
};

async fn ask(api: &Api, parameters: &[(&str, &str)]) -> String {
    let answer = Answer::of(api.request(Method::POST, PATH).query(parameters)).await;
    let job = answer.expect(202);
    let id = job["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("/api/v1/jobs/{id}"));
    assert_eq!(job["kind"], "export.logs");
    id
}

async fn file(api: &Api, id: &str, name: &str) -> Vec<u8> {
    let answer = api.get(&format!("/api/v1/jobs/{id}/files/{name}")).await;
    assert_eq!(answer.status, 200, "{name}");
    answer.bytes
}

/// How often the log says that this export ended.
async fn told(tenant: &Tenant, id: &str) -> Vec<Value> {
    let path = format!("/api/v1/logs?action=custody.log.export_ended&resource_id={id}");
    tenant.auditor.get(&path).await.expect(200)["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_job_leaves_the_file_that_a_stream_gives_and_its_manifest() {
    let tenant = shared().await.tenant().await;
    fill(&tenant).await;
    let asked = [("format", "csv"), ("q", "action:csv.* OR outcome:failure")];
    let streamed = Download::of(&tenant.auditor, &asked).await;
    let id = ask(&tenant.auditor, &asked).await;
    let job = ended(&tenant.auditor, &id).await;
    assert_eq!(job["status"], "completed", "{job}");
    let result = &job["result"];
    assert_eq!(
        (&result["entries"], &result["sha256"]),
        (&streamed.said["entries"], &streamed.said["sha256"])
    );
    let name = result["file"].as_str().unwrap();
    assert!(name.strip_suffix(".csv").is_some_and(|name| name.starts_with("entries-")), "{name}");
    let whole = file(&tenant.auditor, &id, name).await;
    assert!(whole == streamed.bytes);
    let manifest = file(&tenant.auditor, &id, result["manifest"].as_str().unwrap()).await;
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["custody_export"]["sha256"], hex::encode(Sha256::digest(&whole)));
    assert_eq!(manifest["custody_export"]["export_id"], *id);

    // Who broke off goes on where they were, and an address of it ends by itself.
    let path = format!("/api/v1/jobs/{id}/files/{name}");
    let rest = Answer::of(tenant.auditor.request(Method::GET, &path).header("range", "bytes=100-")).await;
    assert_eq!((rest.status.as_u16(), rest.bytes == whole[100..]), (206, true));
    let link = tenant.auditor.post(&format!("{path}/url"), &json!({})).await.expect(200);
    assert!(link["expires_at"].is_string());
    let ended = eventually("the log tells of it", || async { told(&tenant, &id).await.pop() }).await;
    assert_eq!(ended["metadata"]["sha256"], manifest["custody_export"]["sha256"]);
    assert!(ended["metadata"]["requested_by"].as_str().unwrap().starts_with("token:"), "{ended}");
}

#[tokio::test]
async fn a_job_exports_the_log_as_it_was_when_it_was_asked_for() {
    let database = TestDatabase::create().await.url().to_owned();
    let options = Options { database: Some(database), ..Options::default() };
    let front =
        Server::start(Options { flags: vec!["--only".into(), "api".into()], ..options.clone() }).await;
    let tenant = front.tenant().await;
    tenant.write("before.it").await;
    let id = ask(&tenant.auditor, &[]).await;
    tenant.write("after.it").await;
    let folder = readable_temp_dir();
    std::fs::copy(front.data().join("master.key"), folder.path().join("master.key")).unwrap();
    let objects = format!("file://{}/objects", front.data().display());
    let environment = vec![("CUSTODY_OBJECTS".to_owned(), objects)];
    let data = Some(folder.path().to_owned());
    let worker = Server::start(Options { data, environment, ..options }).await;
    let job = ended(&tenant.auditor, &id).await;
    let file = file(&tenant.auditor, &id, job["result"]["file"].as_str().unwrap()).await;
    let text = String::from_utf8(file).unwrap();
    assert!(text.contains("before.it") && !text.contains("after.it"), "{text}");
    assert!(worker.stop().await.success() && front.stop().await.success());
}

#[tokio::test]
async fn one_whole_file_is_left_where_the_worker_is_killed_in_the_middle() {
    let database = TestDatabase::create().await.url().to_owned();
    let options = Options { database: Some(database), ..Options::default() };
    let first = Server::start(options.clone()).await;
    let tenant = first.tenant().await;
    let text = "x".repeat(100_000);
    let entry = json!({"action": "a.b", "actor": {"id": "u"}, "metadata": {"text": text}});
    for _ in 0..20 {
        tenant.writer.post("/api/v1/logs/bulk", &json!(vec![entry.clone(); 100])).await.expect(200);
    }
    let id = ask(&tenant.auditor, &[("format", "json"), ("compression", "gzip")]).await;
    let path = format!("/api/v1/jobs/{id}");
    eventually("it writes", || async {
        let job = tenant.auditor.get(&path).await.expect(200);
        (job["progress"]["bytes"].as_u64() > Some(0) || !job["ended_at"].is_null()).then_some(())
    })
    .await;
    let data = first.data().to_owned();
    let kept = tempfile::tempdir().unwrap();
    copy(&data, kept.path());
    first.kill().await;
    let second = Server::start(Options { data: Some(kept.path().to_owned()), ..options }).await;
    let tenant = tenant.at(&second);
    let job = ended(&tenant.auditor, &id).await;
    assert_eq!(job["status"], "completed", "{job}");
    let name = job["result"]["file"].as_str().unwrap().to_owned();
    let whole = file(&tenant.auditor, &id, &name).await;
    assert_eq!(job["result"]["sha256"], hex::encode(Sha256::digest(&whole)));
    let mut text = Vec::new();
    std::io::copy(&mut flate2::read::GzDecoder::new(&whole[..]), &mut text).unwrap();
    let items: Vec<Value> = serde_json::from_slice(&text).unwrap();
    assert_eq!(items.last().unwrap()["custody_export"]["entries"], items.len() - 1);
    let of_ours = items.iter().filter(|item| item["action"] == "a.b").count();
    assert_eq!(of_ours, 2_000);
    let files = tenant.auditor.get(&format!("{path}/files")).await.expect(200);
    assert_eq!(files["items"].as_array().unwrap().len(), 2, "{files}");
    eventually("the log tells of it", || async { (!told(&tenant, &id).await.is_empty()).then_some(()) })
        .await;
    assert_eq!(told(&tenant, &id).await.len(), 1);
    assert!(second.stop().await.success());
}

/// The data directory goes with its server; what the next start needs is kept.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            let _ = std::fs::copy(entry.path(), to);
        }
    }
}
