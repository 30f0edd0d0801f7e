#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
};

use axum::routing::get;
use custody_auth::LimitsConfig;
use tokio::sync::{Notify, oneshot};

use super::*;
use crate::{HttpConfig, app::Edge, middleware::around_all};

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<io::Result<()>>,
}

fn start(router: Router, drain_timeout: Duration) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let config =
        ServeConfig { listener, tls: None, header_read_timeout: Duration::from_millis(300), drain_timeout };
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async { stopped.await.unwrap_or_default() };
    Running { address, stop, ended: tokio::spawn(serve(config, router, shutdown)) }
}

/// Sends `request` as it is and reads to the end of the connection.
async fn send(address: SocketAddr, request: &'static str) -> String {
    let talk = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    };
    tokio::task::spawn_blocking(talk).await.unwrap()
}

#[tokio::test]
async fn a_running_request_is_finished_after_the_word_to_stop() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        async move || {
            begun.notify_one();
            go_on.notified().await;
            "done"
        }
    };
    let server = start(Router::new().route("/", get(handler)), Duration::from_secs(20));
    let asked = tokio::spawn(send(server.address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
    begun.notified().await;
    server.stop.send(()).unwrap();
    custody_testkit::eventually("new connections are refused", async || {
        TcpStream::connect(server.address).err()
    })
    .await;
    go_on.notify_one();
    assert!(asked.await.unwrap().ends_with("done"));
    server.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_does_not_end_is_given_up_after_the_drain() {
    let begun = Arc::new(Notify::new());
    let handler = {
        let begun = Arc::clone(&begun);
        async move || {
            begun.notify_one();
            std::future::pending::<()>().await;
        }
    };
    let server = start(Router::new().route("/", get(handler)), Duration::from_millis(100));
    let asked = tokio::spawn(send(server.address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
    begun.notified().await;
    server.stop.send(()).unwrap();
    server.ended.await.unwrap().unwrap();
    assert_eq!(asked.await.unwrap(), "");
}

#[tokio::test]
async fn headers_that_do_not_come_end_the_connection() {
    let server = start(Router::new().route("/", get(async || "hello")), Duration::ZERO);
    // Neither sleeps: `send` returns when the server has closed.
    assert!(!send(server.address, "GET / HTTP/1.1\r\nhost:").await.contains("200"));
    let idle = send(server.address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(idle.ends_with("hello"), "an idle connection is closed, too: {idle}");
    server.stop.send(()).unwrap();
    server.ended.await.unwrap().unwrap();
}

/// Without the lingering the client meets a reset in the middle of its body.
#[tokio::test]
async fn a_client_that_is_refused_in_the_middle_of_its_body_can_read_why() {
    const BODY_BYTES: usize = 20 << 20;
    let edge = Edge::new(HttpConfig::default(), &LimitsConfig::default());
    let router = around_all(&edge, Router::new().route("/", get(async || "hello")));
    let server = start(router, Duration::from_secs(20));
    let talk = move || {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {BODY_BYTES}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&vec![b' '; BODY_BYTES]).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        String::from_utf8(status.to_vec()).unwrap()
    };
    assert_eq!(tokio::task::spawn_blocking(talk).await.unwrap(), "HTTP/1.1 405");
    server.stop.send(()).unwrap();
    server.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn over_tls_both_versions_of_http_are_spoken() {
    // Another test of this binary may have installed it before.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = TlsFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let config = ServeConfig {
        listener,
        tls: Some(files),
        header_read_timeout: Duration::from_secs(5),
        drain_timeout: Duration::from_secs(5),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async { stopped.await.unwrap_or_default() };
    let router = Router::new().route("/", get(async || "hello"));
    let ended = tokio::spawn(serve(config, router, shutdown));
    let trusted = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    for (one, version) in [(false, http::Version::HTTP_2), (true, http::Version::HTTP_11)] {
        let client = reqwest::Client::builder().tls_certs_only([trusted.clone()]).no_proxy();
        let client = if one { client.http1_only() } else { client };
        let answer = client.build().unwrap().get(&url).send().await.unwrap();
        assert_eq!(answer.version(), version);
        assert_eq!(answer.text().await.unwrap(), "hello");
    }
    stop.send(()).unwrap();
    ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn tls_files_that_are_not_there_are_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tls = Some(TlsFiles { certificate: "/nowhere/cert.pem".into(), key: "/nowhere/key.pem".into() });
    let config = ServeConfig {
        listener,
        tls,
        header_read_timeout: Duration::from_secs(1),
        drain_timeout: Duration::from_secs(1),
    };
    let error = serve(config, Router::new(), std::future::pending()).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/cert.pem"), "{error}");
}
