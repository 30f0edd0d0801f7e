//! `POST /logs/bulk`: streamed in, answered item by item, and sent again without harm.

use std::io::Write as _;

use bytes::Bytes;
use futures::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Server, Tenant, server::Options, shared};
use custody_testkit::{Proxy, TestDatabase, eventually};

const BULK: &str = "/api/v1/logs/bulk";
const NDJSON: &str = "application/x-ndjson";

fn event(n: usize) -> String {
    json!({"action": "a.b", "actor": {"id": "u"}, "metadata": {"n": n}}).to_string()
}

fn line(n: usize) -> Bytes {
    Bytes::from(event(n) + "\n")
}

fn statuses(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|item| item["status"].as_str().unwrap()).collect()
}

async fn send(tenant: &Tenant, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    tenant.writer.post_bytes(BULK, content_type, body.into()).await
}

async fn with_key(tenant: &Tenant, path: &str, key: &str, body: impl Into<Vec<u8>>) -> Answer {
    let request = tenant.writer.request(Method::POST, path).header("idempotency-key", key);
    Answer::of(request.header("content-type", "application/json").body(body.into())).await
}

/// More than fits a chunk, and more than fits the memory that answers are kept in.
#[tokio::test]
async fn forty_thousand_events_are_answered_in_their_order() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let count = 40_000;
    let lines: Vec<_> = (0..count).map(event).collect();
    let pieces = lines.join("\n").into_bytes();
    // In pieces, without a length, as a program writes that does not know how much it has.
    let pieces: Vec<_> =
        pieces.chunks(10_007).map(|p| Ok::<_, std::io::Error>(Bytes::copy_from_slice(p))).collect();
    let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    let answer = tenant.writer.post_bytes(BULK, NDJSON, body).await.expect(200);
    assert_eq!([&answer["accepted"], &answer["retry"]], [count, 0]);
    let items = answer["items"].as_array().unwrap();
    assert_eq!(items.len(), count);
    assert!(items.iter().all(|item| item["status"] == "accepted"));
    // Entries of the server's own may lie between them: the tenant was made just now.
    assert!(items.is_sorted_by(|a, b| a["seq"].as_u64() < b["seq"].as_u64()));
    for n in [0, 999, 1_000, count - 1] {
        let id = items[n]["id"].as_str().unwrap();
        let entry = tenant.auditor.get(&format!("/api/v1/logs/{id}")).await.expect(200);
        assert_eq!(entry["metadata"]["n"], n);
        for member in ["seq", "received_at", "leaf_hash"] {
            assert_eq!(entry[member], items[n][member]);
        }
    }
}

#[tokio::test]
async fn every_shape_in_every_packing() {
    let tenant = shared().await.tenant().await;
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let (a, b) = (event(1), event(2));
    let record = json!({"eventVersion": "1.08", "eventSource": "iam.amazonaws.com", "eventName": "CreateUser",
        "eventTime": "2026-01-01T00:00:00Z", "userIdentity": {"type": "Root", "principalId": "1"}});
    let shapes = [
        ("application/json", format!("[{a},\n{b}]")),
        ("application/json", format!("{a}\n{b}\n")),
        ("application/json", format!("{a}{b}")),
        ("application/json", format!("{{\"Records\":[{record},{record}]}}")),
        ("application/json", format!("{{\"Records\":[{record}]}}{{\"Records\":[{record}]}}")),
        (NDJSON, format!("{a}\n\n{b}")),
    ];
    for (content_type, text) in &shapes {
        let packings = [
            ("identity", text.as_bytes().to_vec()),
            ("gzip", gzip(text.as_bytes())),
            ("gzip", [gzip(&text.as_bytes()[..9]), gzip(&text.as_bytes()[9..])].concat()),
            ("zstd", zstd::encode_all(text.as_bytes(), 3).unwrap()),
        ];
        for (encoding, body) in packings {
            let request = tenant.writer.request(Method::POST, BULK).header("content-encoding", encoding);
            let answer = Answer::of(request.header("content-type", *content_type).body(body)).await;
            assert_eq!(statuses(&answer.expect(200)), ["accepted", "accepted"], "{encoding} {text}");
        }
    }
}

#[tokio::test]
async fn a_body_that_ends_too_early_is_taken_as_far_as_it_was_whole() {
    let tenant = shared().await.tenant().await;
    let (a, b) = (event(1), event(2));
    let cut = format!("[{a},{b},{{\"action\":\"a.b\",\"act");
    let answer = send(&tenant, "application/json", cut).await.expect(200);
    assert_eq!(statuses(&answer), ["accepted", "accepted", "quarantined"]);
    let rest = &answer["items"][2];
    assert_eq!(rest["reason"], "syntax");
    let told = rest["errors"][0]["detail"].as_str().unwrap();
    assert!(told.contains("cut short") && told.contains("send the rest again"), "{told}");
    let id = rest["quarantine_id"].as_str().unwrap();
    let kept = tenant.auditor.get(&format!("/api/v1/quarantine/{id}")).await.expect(200);
    assert_eq!(kept["size_bytes"], "{\"action\":\"a.b\",\"act".len(), "the rest alone is kept");

    // Cut between two items: there is nothing to keep, and it is said all the same.
    let answer = send(&tenant, "application/json", format!("[{a},{b}")).await.expect(200);
    assert_eq!(statuses(&answer), ["accepted", "accepted", "retry"]);
    let answer = send(&tenant, "application/json", format!("[{a} {b}]")).await.expect(200);
    assert_eq!(statuses(&answer), ["accepted", "quarantined"]);

    // Nothing was whole: refused, and nothing kept.
    let before = tenant.auditor.get("/api/v1/quarantine").await.expect(200);
    for refused in ["", "  ", "[", "{\"action\":", "hello", "[[["] {
        let problem = send(&tenant, "application/json", refused).await.problem(400);
        assert!(problem["errors"][0]["offset"].is_u64(), "{problem}");
    }
    assert_eq!(tenant.auditor.get("/api/v1/quarantine").await.expect(200), before);
}

#[tokio::test]
async fn a_body_over_the_limit_is_taken_up_to_it() {
    let database = TestDatabase::create().await.url().to_owned();
    let flags = vec!["--bulk-limit-bytes".to_owned(), "100000".to_owned()];
    let server = Server::start(Options { database: Some(database), flags, ..Options::default() }).await;
    let tenant = server.tenant().await;
    let lines: Vec<_> = (0..3_000).map(event).collect();
    let text = lines.join("\n");
    let problem = send(&tenant, NDJSON, text.clone()).await.problem(413);
    assert_eq!(problem["limit"], 100_000, "said before anything is read");
    let pieces = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from(text))]);
    let body = reqwest::Body::wrap_stream(pieces.boxed());
    let answer = tenant.writer.post_bytes(BULK, NDJSON, body).await.expect(200);
    let told = statuses(&answer);
    let (last, taken) = told.split_last().unwrap();
    assert!(taken.iter().all(|status| *status == "accepted") && taken.len() > 1_000, "{}", taken.len());
    assert_eq!(*last, "retry");
    let detail = answer["items"][taken.len()]["detail"].as_str().unwrap();
    assert!(detail.contains("100000") && detail.contains("in another body"), "{detail}");
    server.stop().await;
}

#[tokio::test]
async fn a_request_that_is_sent_again_under_its_key_adds_nothing() {
    let tenant = shared().await.tenant().await;
    let with_id = json!({"action": "a.b", "actor": {"id": "u"}, "event_id": "own"}).to_string();
    let body = format!("[{},{with_id},{},{}]", event(1), event(1), event(2));
    let first = with_key(&tenant, BULK, "k-1", body.clone()).await.expect(200);
    // The same event twice in one request is two events, for they have two places.
    assert_eq!(statuses(&first), ["accepted"; 4]);
    let again = with_key(&tenant, BULK, "k-1", body.clone()).await.expect(200);
    assert_eq!(statuses(&again), ["duplicate"; 4]);
    for (one, other) in first["items"].as_array().unwrap().iter().zip(again["items"].as_array().unwrap()) {
        assert_eq!((&one["id"], &one["leaf_hash"]), (&other["id"], &other["leaf_hash"]));
    }
    // Places are counted through the whole request, whatever goes through one transaction.
    let long: Vec<_> = (0..2_100).map(|n| event(n % 7)).collect();
    for expected in ["accepted", "duplicate"] {
        let answer = with_key(&tenant, BULK, "k-long", format!("[{}]", long.join(","))).await.expect(200);
        assert_eq!(answer[expected], 2_100, "{}", answer["items"][1_500]);
    }
    // Under another key it is another request; what has an id of its own is known all the same.
    let other = with_key(&tenant, BULK, "k-2", body).await.expect(200);
    assert_eq!(statuses(&other), ["accepted", "duplicate", "accepted", "accepted"]);

    // The same key before other content: a conflict, item by item, in the quarantine.
    let changed = format!("[{},{with_id},{}]", event(1), event(7));
    let changed = with_key(&tenant, BULK, "k-1", changed).await.expect(200);
    assert_eq!(statuses(&changed), ["duplicate", "duplicate", "quarantined"]);
    assert_eq!(changed["items"][2]["reason"], "conflict");
    // And what was broken takes no place of what was whole.
    let mixed = format!("[5,{}]", event(3));
    for expected in ["accepted", "duplicate"] {
        let answer = with_key(&tenant, BULK, "k-3", mixed.clone()).await.expect(200);
        assert_eq!(statuses(&answer), ["quarantined", expected]);
    }
}

#[tokio::test]
async fn one_event_under_a_key_has_one_receipt() {
    let (tenant, other) = (shared().await.tenant().await, shared().await.tenant().await);
    let first = with_key(&tenant, "/api/v1/logs", "k", event(1)).await.expect(201);
    assert_eq!(with_key(&tenant, "/api/v1/logs", "k", event(1)).await.expect(200), first);
    let problem = with_key(&tenant, "/api/v1/logs", "k", event(2)).await.problem(409);
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("Idempotency-Key"), "{problem}");
    assert!(problem["quarantine_id"].is_string());
    with_key(&tenant, "/api/v1/logs", "k2", event(1)).await.expect(201);
    with_key(&other, "/api/v1/logs", "k", event(2)).await.expect(201);
    for bad in ["", "a b", &"k".repeat(256)] {
        with_key(&tenant, "/api/v1/logs", bad, event(1)).await.problem(400);
        with_key(&tenant, BULK, bad, event(1)).await.problem(400);
    }
}

#[tokio::test]
async fn two_requests_under_one_key_at_the_same_time_are_one() {
    let tenant = shared().await.tenant().await;
    for round in 0..5 {
        let lines: Vec<_> = (0..50).map(event).collect();
        let body = format!("[{}]", lines.join(","));
        let key = format!("round-{round}");
        let (one, other) =
            tokio::join!(with_key(&tenant, BULK, &key, body.clone()), with_key(&tenant, BULK, &key, body));
        let (one, other) = (one.expect(200), other.expect(200));
        for (one, other) in one["items"].as_array().unwrap().iter().zip(other["items"].as_array().unwrap()) {
            assert_eq!(one["id"], other["id"]);
            let mut pair = [one["status"].as_str().unwrap(), other["status"].as_str().unwrap()];
            pair.sort_unstable();
            assert_eq!(pair, ["accepted", "duplicate"]);
        }
    }
}

/// What was taken has its receipts, what was not is told item by item, and the same request again
/// brings in just that.
#[tokio::test]
async fn a_database_that_goes_away_in_the_middle_costs_only_what_was_not_taken() {
    let database = TestDatabase::create().await;
    let mut proxy = Proxy::start(database.url()).await;
    let options = Options { database: Some(proxy.url().to_owned()), ..Options::default() };
    let server = Server::start(options).await;
    let tenant = server.tenant().await;
    let (to, from) = futures::channel::mpsc::unbounded::<Result<Bytes, std::io::Error>>();
    let request = |body: reqwest::Body| {
        let request = tenant.writer.request(Method::POST, BULK).header("idempotency-key", "k");
        Answer::of(request.header("content-type", NDJSON).body(body))
    };
    let sending = tokio::spawn(request(reqwest::Body::wrap_stream(from)));
    for n in 0..1_500 {
        to.unbounded_send(Ok(line(n))).unwrap();
    }
    eventually("the first thousand is in the log", || async {
        let page = tenant.auditor.get("/api/v1/logs?limit=1&action=a.b").await.expect(200);
        (page["index_watermark"].as_u64() >= Some(1_000)).then_some(())
    })
    .await;
    proxy.cut().await;
    for n in 1_500..6_000 {
        to.unbounded_send(Ok(line(n))).unwrap();
    }
    drop(to);
    let answer = sending.await.unwrap().expect(200);
    let told = statuses(&answer);
    assert_eq!(told.len(), 6_000);
    assert!(told[..1_000].iter().all(|status| *status == "accepted"));
    assert!(told[1_000..].iter().all(|status| *status == "retry"), "{answer}");

    // Nothing was taken of this one: it is refused whole.
    let refused = request(Bytes::from_static(b"{}").into()).await;
    refused.problem(503);
    assert!(!refused.header("retry-after").is_empty());

    proxy.mend().await;
    let again = eventually("the database is back", || async {
        let lines = futures::stream::iter(0..6_000).map(|n| Ok::<_, std::io::Error>(line(n)));
        let answer = request(reqwest::Body::wrap_stream(lines)).await;
        (answer.status == 200).then(|| answer.json())
    })
    .await;
    assert_eq!([&again["duplicate"], &again["accepted"]], [1_000, 5_000]);
    for n in [0, 999] {
        assert_eq!(again["items"][n]["id"], answer["items"][n]["id"]);
    }
    server.stop().await;
}
