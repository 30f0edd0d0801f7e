//! Bodies that nobody means well with: no panic, no 5xx, memory within its bound, and every item
//! answered or the request refused with what to do.
//!
//! The sizes are what a debug build reads in seconds; `make soak` has those that are promised, a body
//! of 1 GiB and one of 1,000,000 items.

use std::{io::Write as _, time::Duration};

use bytes::Bytes;
use futures::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{Answer, Server, Tenant, server::Options};
use custody_testkit::TestDatabase;

const BULK: &str = "/api/v1/logs/bulk";
const NDJSON: &str = "application/x-ndjson";
const MIB: usize = 1 << 20;

/// By how much a server may grow while it reads one of these: clearly less than a long body, which it
/// cannot have held then, and than what very many items are once they are read.
const GROWTH_MAX_MIB: u64 = 80;
/// The same while it keeps items of as many bytes as are ever kept: 16 MiB, as they came, sealed, and
/// on their way to the database.
const GROWTH_OF_LONG_ITEMS_MAX_MIB: u64 = 128;
/// The same while it reads many at once: what the bodies of a tenant may hold, and what is made of that.
const GROWTH_OF_MANY_MAX_MIB: u64 = 320;

/// A server whose memory is its own, and one that writes.
pub(crate) async fn alone() -> (Server, Tenant) {
    let database = TestDatabase::create().await.url().to_owned();
    let server = Server::start(Options { database: Some(database), ..Options::default() }).await;
    let tenant = server.tenant().await;
    (server, tenant)
}

fn size_mib() -> usize {
    setting("CUSTODY_TEST_HOSTILE_MIB").unwrap_or(128)
}

fn items() -> usize {
    setting("CUSTODY_TEST_HOSTILE_ITEMS").unwrap_or(100_000)
}

fn setting(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

/// A body that is the same piece again and again.
fn endless(piece: impl Into<Bytes>, times: usize) -> reqwest::Body {
    let piece = piece.into();
    reqwest::Body::wrap_stream(
        futures::stream::iter(0..times).map(move |_| Ok::<_, std::io::Error>(piece.clone())),
    )
}

async fn send(tenant: &Tenant, content_type: &str, body: reqwest::Body) -> Answer {
    let request = tenant.writer.request(Method::POST, BULK).header("content-type", content_type).body(body);
    Answer::of(request).await
}

/// A server's memory from some moment on.
pub(crate) struct Memory {
    pid: u32,
    before_mib: u64,
}

impl Memory {
    /// From now on.
    pub(crate) fn of(server: &Server) -> Self {
        let pid = server.pid();
        // proc_pid_clear_refs(5): the peak is what there is now.
        std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
        Self { pid, before_mib: Self::peak_mib(pid) }
    }

    fn peak_mib(pid: u32) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }

    /// At its peak it had so much more, at most.
    pub(crate) fn grew_at_most(&self, growth_max_mib: u64) {
        let peak = Self::peak_mib(self.pid);
        let growth = peak.saturating_sub(self.before_mib);
        eprintln!("peak memory {peak} MiB, of which {growth} MiB for what was sent");
        assert!(growth <= growth_max_mib, "the server grew by {growth} MiB to {peak} MiB");
    }
}

pub(crate) async fn unharmed(server: &Server) {
    let metrics = String::from_utf8(server.anonymous().get("/metrics").await.bytes).unwrap();
    assert!(metrics.contains("custody_http_panics_total 0\n"), "{metrics}");
    assert!(!metrics.contains("status=\"500\""), "{metrics}");
}

fn statuses(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|item| item["status"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn brackets_without_end_cost_no_memory() {
    let (server, tenant) = alone().await;
    let memory = Memory::of(&server);
    for content_type in ["application/json", NDJSON] {
        let answer = send(&tenant, content_type, endless(vec![b'['; MIB], size_mib())).await;
        if content_type == NDJSON {
            // One line, which is an item, and too long for one.
            let answer = answer.expect(200);
            assert_eq!(answer["items"][0]["reason"], "size", "{answer}");
            let told = answer["items"][0]["errors"][0]["detail"].as_str().unwrap();
            assert!(told.contains(&(size_mib() * MIB).to_string()), "{told}");
        } else {
            let problem = answer.problem(400);
            assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("cut short"), "{problem}");
        }
    }
    memory.grew_at_most(GROWTH_MAX_MIB);
    unharmed(&server).await;
    server.stop().await;
}

#[tokio::test]
async fn bombs_are_seen_before_they_go_off() {
    let (server, tenant) = alone().await;
    let memory = Memory::of(&server);
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let zeros = vec![b' '; 256 * MIB];
    let zstd = zstd::encode_all(&zeros[..], 3).unwrap();
    for (encoding, bomb) in [("gzip", gzip(&zeros)), ("zstd", zstd)] {
        assert!(bomb.len() < MIB, "{}", bomb.len());
        let request = tenant.writer.request(Method::POST, BULK).header("content-encoding", encoding);
        let request = request.header("content-type", NDJSON).body(bomb);
        let problem = Answer::of(request).await.problem(413);
        assert!(problem["detail"].as_str().unwrap().contains("send it uncompressed"), "{problem}");
    }
    memory.grew_at_most(GROWTH_MAX_MIB);
    unharmed(&server).await;
    server.stop().await;
}

#[tokio::test]
async fn items_of_any_length_are_answered_and_the_next_is_taken() {
    let (server, tenant) = alone().await;
    let memory = Memory::of(&server);
    let good = json!({"action": "a.b", "actor": {"id": "u"}}).to_string();
    let long = |bytes: usize| format!("{{\"action\":\"{}\"}}", "x".repeat(bytes));
    let lines = [long(10 << 20), good.clone(), long(160 << 20), good.clone(), "\"".repeat(5 << 20), good];
    let answer = send(&tenant, NDJSON, lines.join("\n").into()).await.expect(200);
    assert_eq!(
        statuses(&answer),
        ["quarantined", "accepted", "quarantined", "accepted", "quarantined", "accepted"]
    );
    for (at, kept, told) in
        [(0, lines[0].len(), "2097152"), (2, lines[2].len(), "SHA-256"), (4, lines[4].len(), "2097152")]
    {
        let item = &answer["items"][at];
        assert_eq!(item["reason"], "size", "{item}");
        assert!(item["errors"][0]["detail"].as_str().unwrap().contains(told), "{item}");
        let id = item["quarantine_id"].as_str().unwrap();
        let row = tenant.auditor.get(&format!("/api/v1/quarantine/{id}")).await.expect(200);
        assert_eq!(row["size_bytes"], kept);
    }
    memory.grew_at_most(GROWTH_OF_LONG_ITEMS_MAX_MIB);
    unharmed(&server).await;
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_one_item_is_its_own() {
    let (server, tenant) = alone().await;
    let other = server.tenant().await;
    let memory = Memory::of(&server);
    let event = |more: &str| format!("{{\"action\":\"a.b\",\"actor\":{{\"id\":\"u\"}}{more}}}").into_bytes();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (event(""), "accepted"),
        (event(&format!(",\"tenant_id\":\"{}\"", other.id)), "tenant"),
        (event(&format!(",\"tenant_id\":\"{}\"", tenant.id)), "accepted"),
        (event(",\"metadata\":{\"a\":1,\"a\":2}"), "duplicate_key"),
        (event(",\"metadata\":{\"n\":1e999999,\"m\":123456789012345678901234567890}"), "accepted"),
        (event(",\"producer\":{\"id\":\"p\",\"seq\":9223372036854775808}"), "schema"),
        (b"{\"action\":\"\xff\xfe\",\"actor\":{\"id\":\"u\"}}".to_vec(), "encoding"),
        (event(",\"metadata\":{\"a\":\"\\ud800\"}"), "encoding"),
        (event(&format!(",\"metadata\":{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100))), "depth"),
        (b"\0\0\0".to_vec(), "syntax"),
        (b"null".to_vec(), "schema"),
        (b"{\"action\":\"a.b\",\"actor\":{\"id\":".to_vec(), "syntax"),
    ];
    let body: Vec<_> = cases.iter().map(|(line, _)| line.as_slice()).collect::<Vec<_>>().join(&b'\n');
    let answer = send(&tenant, NDJSON, body.into()).await.expect(200);
    for ((line, expected), item) in cases.iter().zip(answer["items"].as_array().unwrap()) {
        let told = item["reason"].as_str().or(item["status"].as_str()).unwrap();
        assert_eq!(told, *expected, "{}", String::from_utf8_lossy(line));
    }
    memory.grew_at_most(GROWTH_MAX_MIB);
    unharmed(&server).await;
    server.stop().await;
}

/// As many as nobody sends at once who means well, each of them good: all are entries, and neither
/// they nor the answer are held.
#[tokio::test]
async fn a_body_of_very_many_small_items_costs_no_memory() {
    let (server, tenant) = alone().await;
    let memory = Memory::of(&server);
    let a_piece = 1_000;
    let piece = "{\"action\":\"a\",\"actor\":{\"id\":\"u\"}}\n".repeat(a_piece);
    let request = tenant.writer.request(Method::POST, BULK).header("content-type", NDJSON);
    let response = request.body(endless(piece, items() / a_piece)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    // Nor does this test hold the answer.
    let (mut beginning, mut items_answered) = (Vec::new(), 0);
    let mut answer = response.bytes_stream();
    while let Some(piece) = answer.next().await {
        let piece = piece.unwrap();
        items_answered += piece.iter().map(|byte| usize::from(*byte == b'{')).sum::<usize>();
        if beginning.len() < 200 {
            beginning.extend_from_slice(&piece[..piece.len().min(200)]);
        }
    }
    let told = format!(r#"{{"accepted":{},"duplicate":0,"quarantined":0,"retry":0,"#, items());
    let beginning = String::from_utf8_lossy(&beginning);
    assert!(beginning.starts_with(&told), "{beginning}");
    assert_eq!(items_answered, items() + 1, "an object for each item, in one");
    memory.grew_at_most(GROWTH_MAX_MIB);
    unharmed(&server).await;
    server.stop().await;
}

/// Tiny items, as many as the bytes give: each costs more than it is worth.
#[tokio::test]
async fn what_will_never_be_entries_is_not_read_for_ever() {
    let (server, tenant) = alone().await;
    let memory = Memory::of(&server);
    let piece = "1\n".repeat(MIB / 2);
    // Sends all of it before it reads, and more than the sockets on the way hold.
    let pieces = 128;
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).await.unwrap();
    let (token, length) = (tenant.writer.bearer(), pieces * piece.len());
    let head = format!(
        "POST {BULK} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: {NDJSON}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..pieces {
        stream.write_all(piece.as_bytes()).await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{}", &answer[..200]);
    let items = answer.matches("\"status\":").count();
    assert!((100_000..200_000).contains(&items), "{items}");
    assert!(answer[answer.len() - 300..].contains("in a row"), "{}", &answer[answer.len() - 300..]);
    memory.grew_at_most(GROWTH_MAX_MIB);
    unharmed(&server).await;
    server.stop().await;
}

#[tokio::test]
async fn many_at_once_share_what_memory_there_is() {
    let (server, tenant) = alone().await;
    let memory = Memory::of(&server);
    let long = vec![b'x'; MIB];
    let sends = (0..36).map(|_| send(&tenant, NDJSON, endless(long.clone(), 15)));
    let answers = futures::future::join_all(sends).await;
    for answer in &answers {
        assert!(matches!(answer.status.as_u16(), 200 | 503), "{}", answer.status);
    }
    assert!(answers.iter().any(|answer| answer.status == 200));
    memory.grew_at_most(GROWTH_OF_MANY_MAX_MIB);
    unharmed(&server).await;
    server.stop().await;
}

/// The client stays, and sends no more: it has its answer for what it sent.
#[tokio::test]
async fn a_client_that_stops_is_answered_as_far_as_it_came() {
    let database = TestDatabase::create().await.url().to_owned();
    let flags = vec!["--read-timeout-seconds".to_owned(), "1".to_owned()];
    let server = Server::start(Options { database: Some(database), flags, ..Options::default() }).await;
    let tenant = server.tenant().await;
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).await.unwrap();
    let token = tenant.writer.bearer();
    let head = format!(
        "POST {BULK} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: {NDJSON}\r\ncontent-length: 1000\r\n\r\n"
    );
    let body = "{\"action\":\"a.b\",\"actor\":{\"id\":\"u\"}}\n{\"action\":\"a.b\",\"ac";
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let json: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(statuses(&json), ["accepted", "quarantined"], "{json}");
    let told = json["items"][1]["errors"][0]["detail"].as_str().unwrap();
    assert!(told.contains("stopped coming") && told.contains("send the rest again"), "{told}");
    server.stop().await;
}
