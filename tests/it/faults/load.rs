//! Clients that write, and remember what they were told.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::AGAIN;
use crate::support::Api;

/// Nothing may take longer, whatever was broken.
const WITHIN: Duration = Duration::from_mins(1);
static RUNS: AtomicUsize = AtomicUsize::new(0);

/// An acknowledgement of one entry.
#[derive(Debug, Clone)]
pub(super) struct Receipt {
    /// What the client put into the entry to know it again.
    pub(super) marker: String,
    pub(super) id: String,
    pub(super) seq: u64,
    pub(super) leaf_hash: String,
}

/// What clients sent, and what they know of it.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) acknowledged: Vec<Receipt>,
    /// Bodies with an `event_id` in each entry that got no answer, or one that says to come again.
    unanswered: Vec<Vec<Value>>,
    /// Requests that were refused or broke.
    pub(super) refused: usize,
}

/// How much is sent: every client sends its bodies one after the other. Entries of every second
/// body have an `event_id`, and every second client begins with one that has; of four bodies two are small and two are large, because the server
/// writes few entries otherwise than many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) clients: usize,
    pub(super) bodies: usize,
}

const SMALL: usize = 3;
const LARGE: usize = 80;

/// What clients do with a request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The server is gone.
    GiveUp,
    /// As a careful client: again if the entries have an `event_id`, else on to the next body.
    Again,
}

/// Sends everything, through whatever happens meanwhile.
pub(super) async fn through(api: &Api, shape: Shape) -> Sent {
    run(api, shape, Then::Again, &AtomicBool::new(false)).await
}

/// Sends until `stop` is set, at most the whole shape.
pub(super) async fn until_stopped(api: &Api, shape: Shape, stop: &AtomicBool) -> Sent {
    run(api, shape, Then::Again, stop).await
}

/// Sends until the server is gone.
pub(super) async fn until_broken(api: &Api, shape: Shape) -> Sent {
    let sent = run(api, shape, Then::GiveUp, &AtomicBool::new(false)).await;
    assert!(sent.refused > 0, "the server went on to the end");
    sent
}

async fn run(api: &Api, shape: Shape, then: Then, stop: &AtomicBool) -> Sent {
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let clients = (0..shape.clients).map(|client| async move {
        let mut sent = Sent::default();
        for n in 0..shape.bodies * super::soak() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let marker = |entry: usize| format!("r{run}-c{client}-b{n}-e{entry}");
            let entries = if n % 4 < 2 { SMALL } else { LARGE };
            let body: Vec<_> = (0..entries).map(|e| entry(&marker(e), (n + client) % 2 == 0)).collect();
            if !sent.send(api, body, then).await && then == Then::GiveUp {
                break;
            }
        }
        sent
    });
    let mut all = Sent::default();
    for sent in futures::future::join_all(clients).await {
        all.add(sent);
    }
    all
}

fn entry(marker: &str, event_id: bool) -> Value {
    let mut entry = json!({
        "action": "fault.tested", "actor": {"id": "client"}, "resource": {"id": marker},
        "metadata": {"filling": "so that a batch is more than one piece of a COPY ".repeat(12)},
    });
    if event_id {
        entry["event_id"] = json!(marker);
    }
    entry
}

impl Sent {
    pub(super) fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.unanswered.extend(other.unanswered);
        self.refused += other.refused;
    }

    /// Sends again what may be sent again, until all of it is acknowledged.
    pub(super) async fn settle(&mut self, api: &Api) {
        for body in std::mem::take(&mut self.unanswered) {
            assert!(self.send(api, body, Then::Again).await);
        }
    }

    /// Whether it was acknowledged.
    async fn send(&mut self, api: &Api, body: Vec<Value>, then: Then) -> bool {
        let repeatable = body[0]["event_id"].is_string();
        let began = Instant::now();
        while !self.sent_once(api, &body).await {
            if then == Then::GiveUp || !repeatable {
                if repeatable {
                    self.unanswered.push(body);
                }
                return false;
            }
            assert!(began.elapsed() < WITHIN, "not taken within {WITHIN:?}");
            // As a client waits that was told to come again.
            tokio::time::sleep(AGAIN).await;
        }
        true
    }

    async fn sent_once(&mut self, api: &Api, body: &[Value]) -> bool {
        let request = api.request(Method::POST, "/api/v1/logs/bulk").json(&body);
        let Ok(response) = request.send().await else {
            self.refused += 1;
            return false;
        };
        let status = response.status();
        let Ok(bytes) = response.bytes().await else {
            self.refused += 1;
            return false;
        };
        if status != StatusCode::OK {
            let text = String::from_utf8_lossy(&bytes);
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "a fault is no reason for {status}: {text}");
            self.refused += 1;
            return false;
        }
        let answer: Value = serde_json::from_slice(&bytes).expect("a 200 is whole");
        let items = answer["items"].as_array().unwrap();
        assert_eq!(items.len(), body.len());
        let mut all = true;
        for (entry, item) in body.iter().zip(items) {
            match item["status"].as_str() {
                Some("accepted" | "duplicate") => self.acknowledged.push(receipt(entry, item)),
                Some("retry") => all = false,
                _ => panic!("an entry like all others is answered {item}"),
            }
        }
        self.refused += usize::from(!all);
        all
    }
}

pub(super) fn receipt(entry: &Value, item: &Value) -> Receipt {
    let text = |name: &str| item[name].as_str().unwrap().to_owned();
    Receipt {
        marker: entry["resource"]["id"].as_str().unwrap().to_owned(),
        id: text("id"),
        leaf_hash: text("leaf_hash"),
        seq: item["seq"].as_u64().unwrap(),
    }
}
