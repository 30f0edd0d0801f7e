//! What jobs leave, over HTTP: from a directory, and from S3.

use reqwest::Method;
use serde_json::{Value, json};

use super::http::ended;
use crate::support::{Answer, Api, Server, Tenant, aws::Bucket, server::Options, shared};

const BYTES: usize = 600_000;

/// As a probe writes them.
fn content() -> Vec<u8> {
    (0..=250).cycle().take(BYTES).collect()
}

/// A job that has left `a.csv`, and the file's path.
async fn left(server: &Server, tenant: &Tenant) -> (String, String) {
    let id = server.probe(tenant, &["--act", &format!("file:a.csv:{BYTES}")]).await;
    assert_eq!(ended(&tenant.auditor, &id).await["status"], "completed");
    let path = format!("/api/v1/jobs/{id}/files/a.csv");
    (id, path)
}

async fn ranged(api: &Api, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers
        .iter()
        .fold(api.request(Method::GET, path), |request, (name, value)| request.header(*name, *value));
    Answer::of(request).await
}

#[tokio::test]
async fn a_file_is_listed_and_downloaded_whole_and_in_ranges() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let (id, path) = left(server, &tenant).await;
    in_ranges(&tenant, &id, &path).await;
}

/// What every store gives.
async fn in_ranges(tenant: &Tenant, id: &str, path: &str) {
    let content = content();
    let list = tenant.auditor.get(&format!("/api/v1/jobs/{id}/files")).await.expect(200);
    assert_eq!(
        (&list["items"][0]["name"], &list["items"][0]["size_bytes"]),
        (&json!("a.csv"), &json!(BYTES))
    );
    assert_eq!((list["items"].as_array().unwrap().len(), &list["next_cursor"]), (1, &Value::Null));

    // As a browser asks, which takes compressed answers.
    let whole = ranged(&tenant.auditor, path, &[("accept-encoding", "gzip, zstd")]).await;
    assert_eq!((whole.status.as_u16(), whole.bytes == content), (200, true));
    for (name, value) in [
        ("content-length", "600000"),
        ("content-disposition", "attachment; filename=\"a.csv\"; filename*=UTF-8''a.csv"),
        ("content-type", "text/csv; charset=utf-8"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(whole.header(name), value, "{name}");
    }
    let etag = whole.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.len() > 2, "{etag}");

    let half = ranged(&tenant.auditor, path, &[("range", "bytes=300000-"), ("if-range", &etag)]).await;
    assert_eq!((half.status.as_u16(), half.bytes == content[300_000..]), (206, true));
    assert_eq!(half.header("content-range"), "bytes 300000-599999/600000");
    let one = ranged(&tenant.auditor, path, &[("range", "bytes=5-5")]).await;
    assert_eq!((one.status.as_u16(), &one.bytes[..]), (206, &content[5..6]));
    let end = ranged(&tenant.auditor, path, &[("range", "bytes=-2")]).await;
    assert_eq!((end.status.as_u16(), &end.bytes[..]), (206, &content[BYTES - 2..]));

    for (headers, why) in [
        (&[("range", "bytes=5-5"), ("if-range", "\"other\"")][..], "another version"),
        (&[("range", "bytes=0-1,5-6")], "several ranges"),
        (&[("range", "lines=0-1")], "other units"),
    ] {
        let all = ranged(&tenant.auditor, path, headers).await;
        assert_eq!((all.status.as_u16(), all.bytes == content), (200, true), "{why}");
    }
    let beyond = ranged(&tenant.auditor, path, &[("range", "bytes=600000-")]).await;
    assert_eq!(beyond.header("content-range"), "bytes */600000");
    beyond.problem(416);
}

#[tokio::test]
async fn files_are_listed_page_by_page() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let args = ["--act", "file:a:1", "--act", "file:b:2", "--act", "file:c:3"];
    let id = server.probe(&tenant, &args).await;
    ended(&tenant.auditor, &id).await;
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = tenant.auditor.get(&format!("/api/v1/jobs/{id}/files?limit=2{cursor}")).await.expect(200);
        names.extend(
            page["items"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(names, ["a", "b", "c"]);
    tenant.auditor.get(&format!("/api/v1/jobs/{id}/files?cursor=Li4")).await.problem(400);
}

#[tokio::test]
async fn names_that_lead_elsewhere_and_others_files_are_not_there() {
    let server = shared().await;
    let (tenant, other) = (server.tenant().await, server.tenant().await);
    let (id, path) = left(server, &tenant).await;
    let never = Answer::of(
        tenant
            .auditor
            .request(Method::GET, &format!("/api/v1/jobs/{id}/files/b.csv"))
            .header("x-request-id", "same"),
    )
    .await;
    never.problem(404);
    let long = "a".repeat(2000);
    for name in ["..", "%2e%2e%2fa.csv", "a%00.csv", "..%2F..%2Fmaster.key", &long, "%ff"] {
        let request = tenant.auditor.request(Method::GET, &format!("/api/v1/jobs/{id}/files/{name}"));
        let answer = Answer::of(request.header("x-request-id", "same")).await;
        // The client itself takes `..` for the folder above.
        if name != ".." {
            assert_eq!((answer.status, &answer.bytes), (never.status, &never.bytes), "{name}");
        }
    }
    let theirs = Answer::of(other.auditor.request(Method::GET, &path).header("x-request-id", "same")).await;
    assert_eq!((theirs.status, &theirs.bytes), (never.status, &never.bytes));
}

#[tokio::test]
async fn an_address_serves_its_file_without_a_credential() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let (_, path) = left(server, &tenant).await;
    let link = tenant.auditor.post(&format!("{path}/url"), &json!({})).await.expect(200);
    let url = link["url"].as_str().unwrap();
    assert!(url.starts_with("/api/v1/files/") && link["expires_at"].is_string(), "{link}");
    let anonymous = server.anonymous();
    let part = ranged(&anonymous, url, &[("range", "bytes=0-9")]).await;
    assert_eq!((part.status.as_u16(), &part.bytes[..]), (206, &content()[..10]));
    assert!(anonymous.get(url).await.bytes == content());
    anonymous.get(&format!("{url}A")).await.problem(404);
    anonymous.get("/api/v1/files/x").await.problem(404);
    tenant.auditor.post(&format!("{path}b/url"), &json!({})).await.problem(404);
    tenant.writer.post(&format!("{path}/url"), &json!({})).await.problem(403);
}

#[tokio::test]
async fn files_in_s3_are_served_the_same_and_by_its_own_addresses() {
    let bucket = Bucket::make().await;
    let server = Server::start(Options {
        database: Some(custody_testkit::TestDatabase::create().await.url().to_owned()),
        flags: vec![format!("--objects=s3://{}/prefix", bucket.name)],
        environment: bucket.environment(),
        ..Options::default()
    })
    .await;
    let tenant = server.tenant().await;
    let (id, path) = left(&server, &tenant).await;
    in_ranges(&tenant, &id, &path).await;
    let link = tenant.auditor.post(&format!("{path}/url"), &json!({})).await.expect(200);
    let url = link["url"].as_str().unwrap();
    assert!(url.starts_with(&bucket.url()), "{url}");
    let fetched = reqwest::get(url).await.unwrap();
    assert!(fetched.headers()["content-disposition"].to_str().unwrap().contains("a.csv"));
    assert!(fetched.bytes().await.unwrap() == content());
    server.stop().await;
}
