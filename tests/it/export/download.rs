//! A file as a client gets it: bytes, headers, and the trailer.

use http_body_util::BodyExt as _;
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Api, Tenant};

pub(super) const PATH: &str = "/api/v1/logs/export";

#[derive(Debug)]
pub(super) struct Download {
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
    /// What `Custody-Export` says; null where it did not come.
    pub(super) said: Value,
}

impl Download {
    pub(super) async fn of(api: &Api, parameters: &[(&str, &str)]) -> Self {
        Self::with(api, parameters, &[("te", "trailers")]).await
    }

    pub(super) async fn with(api: &Api, parameters: &[(&str, &str)], headers: &[(&str, &str)]) -> Self {
        let request = api.request(Method::GET, PATH).query(parameters);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
        let headers = answer.headers().clone();
        let collected = reqwest::Body::from(answer).collect().await.expect("it comes whole");
        let said = collected.trailers().and_then(|trailers| trailers.get("custody-export"));
        let said = said.map_or(Value::Null, |said| serde_json::from_slice(said.as_bytes()).unwrap());
        Self { headers, said, bytes: collected.to_bytes().to_vec() }
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What is said of it is so.
    pub(super) fn is_whole(&self) {
        assert_eq!(self.said["bytes"], self.bytes.len());
        assert_eq!(self.said["sha256"], hex::encode(Sha256::digest(&self.bytes)));
    }

    pub(super) fn lines(&self) -> Vec<Value> {
        let text = std::str::from_utf8(&self.bytes).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// All that the API's pages show, oldest first.
pub(super) async fn pages(api: &Api, q: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = None::<String>;
    loop {
        let mut query = vec![("q", q), ("sort", "received_at"), ("limit", "1000")];
        query.extend(cursor.iter().map(|cursor| ("cursor", cursor.as_str())));
        let request = api.request(Method::GET, "/api/v1/logs").query(&query);
        let page = crate::support::Answer::of(request).await.expect(200);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return items,
        }
    }
}

/// Real events where they are here, and others that are hard to write down.
pub(super) async fn fill(tenant: &Tenant) {
    if let Some(folder) = custody_testkit::data::path("cloudtrail") {
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
        files.sort();
        for file in files.iter().take(6) {
            let bytes = std::fs::read(file).unwrap();
            let path = "/api/v1/logs/bulk?format=cloudtrail";
            tenant.writer.post_bytes(path, "application/json", bytes).await.expect(200);
        }
    }
    let hard = json!([
        {"action": "csv.formula", "actor": {"id": "=cmd|' /C calc'!A0", "name": "+1"}, "message": "-2+3", "user_agent": "@SUM(1)"},
        {"action": "csv.text", "actor": {"id": "a,\"b\"\r\nc"}, "message": "", "metadata": {"ü": ["\u{1F600}", "\\\""], "n": 1.5}},
        {"action": "csv.times", "actor": {"id": "u"}, "occurred_at": "2026-01-31T09:30:00.123456789+02:00",
            "severity": "CRITICAL", "outcome": "failure", "ip": "2001:db8::1", "before": {"a": null}, "after": {}},
    ]);
    tenant.admin.post("/api/v1/logs/bulk", &hard).await.expect(200);
}
