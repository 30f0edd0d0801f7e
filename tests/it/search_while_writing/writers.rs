//! Clients that write until the end, and send again what was not answered.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Field, TENANTS,
    known::{Acknowledged, KINDS, Known, one},
};

const BODY_MAX: usize = 60;
/// What writers write is walked through again and again: more than this of a tenant takes the readers
/// longer than it teaches.
const ENTRIES_MAX: usize = 20_000;

pub(super) async fn run(field: &Field) {
    while !field.is_over() {
        let known = &field.known[rand::random_range(0..TENANTS)];
        let count = if rand::random_bool(0.3) { 1 } else { rand::random_range(1..=BODY_MAX) };
        if known.count() < ENTRIES_MAX {
            write(field, known, count).await;
        } else {
            // Few, and at all times.
            write(field, known, 1).await;
            tokio::task::yield_now().await;
        }
    }
}

/// Writes so many, until they are acknowledged.
pub(super) async fn write(field: &Field, known: &Known, count: usize) {
    let (kinds, body): (Vec<_>, Vec<_>) = (0..count).map(|_| entry()).unzip();
    let body = json!(body);
    loop {
        let answer = field
            .servers
            .ask(&field.seen, &known.tenant.writer, Method::POST, "/api/v1/logs/bulk", Some(&body))
            .await;
        // A server that stops, or whose database has no connection left, says so.
        if answer.status == 503 {
            one(&field.seen.broken);
            continue;
        }
        let answer = answer.expect(200);
        let items = answer["items"].as_array().unwrap();
        if items.iter().any(|item| item["status"] == "retry") {
            continue;
        }
        known.add(items.iter().zip(&kinds).map(|(item, kind)| {
            assert!(matches!(item["status"].as_str(), Some("accepted" | "duplicate")), "{item}");
            one(&field.seen.entries);
            let (id, seq) = (item["id"].as_str().unwrap().to_owned(), item["seq"].as_u64().unwrap());
            Acknowledged { id, seq, kind: *kind }
        }));
        return;
    }
}

/// Of every second one it is said when it happened, in no order.
fn entry() -> (usize, Value) {
    let kind = rand::random_range(0..KINDS);
    let mut entry = json!({
        "action": format!("while.kind{kind}"), "actor": {"id": format!("actor-{kind}")},
        "event_id": uuid::Uuid::new_v4(), "message": format!("it is of the word{kind} among others"),
        "metadata": {"kind": kind}, "severity": "ERROR",
    });
    if rand::random_bool(0.5) {
        let at: DateTime<Utc> = Utc::now() - TimeDelta::milliseconds(rand::random_range(0..86_400_000));
        entry["occurred_at"] = json!(at.to_rfc3339());
    }
    (kind, entry)
}
