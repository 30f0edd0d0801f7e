//! The edge: problems, headers, limits, slow and hostile clients.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{Answer, Server, server::Options, shared};
use custody_testkit::{TestDatabase, eventually};

async fn with_flags(flags: &[&str]) -> Server {
    let database = TestDatabase::create().await.url().to_owned();
    let flags = flags.iter().map(ToString::to_string).collect();
    Server::start(Options { database: Some(database), flags, ..Options::default() }).await
}

#[tokio::test]
async fn every_refusal_is_a_problem() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let anonymous = server.anonymous();
    anonymous.get("/nowhere").await.problem(404);
    anonymous.get("/api/v1/nowhere").await.problem(404);
    let wrong_method = Answer::of(tenant.admin.request(Method::PUT, "/api/v1/logs")).await;
    wrong_method.problem(405);
    let allow = wrong_method.header("allow");
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
    anonymous.get("/api/v1/logs").await.problem(401);
    tenant.admin.post_bytes("/api/v1/api-keys", "text/plain", "{}").await.problem(415);
    let broken =
        tenant.admin.post_bytes("/api/v1/api-keys", "application/json", "{\"name\": ").await.problem(400);
    assert_eq!(broken["errors"][0]["offset"], 8, "{broken}");
    let typed = tenant.admin.post("/api/v1/api-keys", &json!({"name": 5, "role": "writer"})).await;
    let typed = typed.problem(422);
    assert_eq!(typed["errors"][0]["pointer"], "/name", "{typed}");
    tenant.admin.get("/api/v1/logs/not-a-uuid").await.problem(404);
    tenant.admin.post_bytes("/api/v1/logs/bulk", "application/json", "[[[").await.problem(400);
}

#[tokio::test]
async fn a_request_id_goes_in_and_out_and_into_the_log() {
    let server = shared().await;
    let request =
        server.anonymous().request(Method::GET, "/api/v1/logs").header("x-request-id", "my-request-77");
    let answer = Answer::of(request).await;
    assert_eq!(answer.header("x-request-id"), "my-request-77");
    assert_eq!(answer.problem(401)["request_id"], "my-request-77");
    assert!(server.log().contains("my-request-77"));
    let made = server.anonymous().get("/healthz").await;
    assert!(!made.header("x-request-id").is_empty());
}

#[tokio::test]
async fn what_stands_in_the_address_is_not_logged() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let secret = "S3CRET-in-an-address";
    let id = "logged-without-its-address";
    let paths = [
        format!("/cust_key_{secret}"),
        format!("/api/v1/logs/{secret}?q={secret}"),
        format!("/docs/{secret}"),
    ];
    for path in &paths {
        Answer::of(tenant.admin.request(Method::GET, path).header("x-request-id", id)).await;
    }
    let log = eventually("all three are logged", async || {
        let log = server.log();
        (log.lines().filter(|line| line.contains(id)).count() >= paths.len()).then_some(log)
    })
    .await;
    assert!(!log.contains(secret), "{log}");
    assert!(log.lines().any(|line| line.contains(id) && line.contains("/api/v1/logs/{id}")), "{log}");
    assert!(log.lines().any(|line| line.contains(id) && line.contains("unmatched")), "{log}");
}

#[tokio::test]
async fn answers_carry_security_headers_and_cors_is_off() {
    let server = shared().await;
    let request =
        server.anonymous().request(Method::GET, "/healthz").header("origin", "https://evil.example");
    let answer = Answer::of(request).await;
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(!answer.header("content-security-policy").is_empty());
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn cors_is_on_for_the_configured_origin_alone() {
    let server = with_flags(&["--cors-origins", "https://console.example"]).await;
    for (origin, allowed) in
        [("https://console.example", "https://console.example"), ("https://evil.example", "")]
    {
        let answer =
            Answer::of(server.anonymous().request(Method::GET, "/healthz").header("origin", origin)).await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_trailing_slash_is_the_same_path() {
    let tenant = shared().await.tenant().await;
    tenant.auditor.get("/api/v1/logs/").await.expect(200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_with_the_limit() {
    let server = with_flags(&["--body-limit-bytes", "10000", "--bulk-limit-bytes", "10000"]).await;
    let tenant = server.tenant().await;
    let body = format!("{{\"action\":\"a\",\"actor\":{{\"id\":\"{}\"}}}}", "x".repeat(20_000));
    for path in ["/api/v1/logs", "/api/v1/logs/bulk"] {
        let problem = tenant.writer.post_bytes(path, "application/json", body.clone()).await.problem(413);
        assert!(problem["detail"].as_str().unwrap().contains("10000"), "{problem}");
        let names_bulk = problem["detail"].as_str().unwrap().contains("POST /api/v1/logs/bulk");
        assert_eq!(names_bulk, path == "/api/v1/logs", "{problem}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_compressed_body_is_read_and_a_bomb_is_refused() {
    use std::io::Write as _;
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let tenant = shared().await.tenant().await;
    let send = |bytes: Vec<u8>| {
        let request =
            tenant.writer.request(Method::POST, "/api/v1/logs/bulk").header("content-encoding", "gzip");
        Answer::of(request.header("content-type", "application/x-ndjson").body(bytes))
    };
    let answer = send(gzip(b"{\"action\":\"a\",\"actor\":{\"id\":\"u\"}}\n")).await.expect(200);
    assert_eq!(answer["accepted"], 1);
    send(gzip(&vec![b'['; 48 << 20])).await.problem(413);
    send(b"no gzip".to_vec()).await.problem(400);
}

#[tokio::test]
async fn a_client_that_sends_half_a_body_is_told_that_it_is_slow() {
    let server = with_flags(&["--read-timeout-seconds", "1"]).await;
    let tenant = server.tenant().await;
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).await.unwrap();
    let token = tenant.writer.bearer();
    let head = format!(
        "POST /api/v1/logs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn limits_are_told_and_held() {
    let server = with_flags(&["--rate-limit-credential", "5"]).await;
    let tenant = server.tenant().await;
    let first = tenant.auditor.get("/api/v1/logs").await;
    first.expect(200);
    assert!(first.header("ratelimit-policy").contains("q=5"), "{:?}", first.headers);
    assert!(!first.header("ratelimit").is_empty());
    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.push(tenant.auditor.get("/api/v1/logs").await);
    }
    let refused = answers.iter().find(|answer| answer.status == 429).expect("the limit is held");
    refused.problem(429);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    tenant.admin.get("/api/v1/logs").await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn the_peer_is_the_first_untrusted_hop() {
    let forged = "203.0.113.9";
    let write = |server: &Server, tenant: &crate::support::Tenant| {
        let request = tenant
            .writer
            .request(Method::POST, "/api/v1/logs")
            .header("x-forwarded-for", format!("{forged}, 127.0.0.5"));
        let request = request.json(&json!({"action": "a.b", "actor": {"id": "u"}}));
        let reader = tenant.auditor.clone();
        let _ = server;
        async move {
            let receipt = Answer::of(request).await.expect(201);
            let entry =
                reader.get(&format!("/api/v1/logs/{}", receipt["id"].as_str().unwrap())).await.expect(200);
            entry["recorded_by"]["peer_ip"].as_str().unwrap().to_owned()
        }
    };
    let trusting = with_flags(&["--trusted-proxies", "127.0.0.0/8"]).await;
    let tenant = trusting.tenant().await;
    assert_eq!(write(&trusting, &tenant).await, forged);
    let server = shared().await;
    let tenant = server.tenant().await;
    assert_eq!(write(server, &tenant).await, "127.0.0.1");
    trusting.stop().await;
}

#[tokio::test]
async fn tls_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server =
        with_flags(&["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()]).await;
    let port = server.url().rsplit(':').next().unwrap();
    let root = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([root]).build().unwrap();
    let answer = client.get(format!("https://localhost:{port}/healthz")).send().await.unwrap();
    assert!(answer.status().is_success());
    assert!(!answer.headers()["strict-transport-security"].is_empty());
    server.stop().await;
}

#[tokio::test]
async fn health_readiness_and_metrics() {
    let server = shared().await;
    let anonymous = server.anonymous();
    anonymous.get("/healthz").await.expect(200);
    // Another test's job may wait for longer than its kind allows.
    let ready = eventually("it is ready", async || {
        Some(anonymous.get("/readyz").await).filter(|answer| answer.status == 200)
    });
    assert_eq!(ready.await.expect(200)["status"], "ready");
    let metrics = String::from_utf8(anonymous.get("/metrics").await.bytes).unwrap();
    assert!(metrics.contains("http_requests_total"), "{metrics}");
}

#[tokio::test]
async fn the_documentation_works_without_the_internet() {
    let server = shared().await;
    let root = server.anonymous().get("/").await;
    assert!(root.status.is_redirection());
    assert!(root.header("location").starts_with("/docs"));
    let page = server.anonymous().get("/docs/").await;
    let html = String::from_utf8(page.bytes).unwrap();
    assert!(html.contains("swagger"), "{html}");
    assert!(!html.contains("https://"), "{html}");
}
