//! The same for who cannot speak WebSocket: server-sent events.

use reqwest::Method;
use serde_json::Value;

use super::{STREAM, write};
use crate::support::{Api, shared};

/// One event: its id, its name, its data.
type Event = (Option<String>, String, Value);

struct Events {
    answer: reqwest::Response,
    text: String,
}

impl Events {
    async fn open(api: &Api, parameters: &str, last: Option<&str>) -> Self {
        let mut request = api.request(Method::GET, &format!("{STREAM}?{parameters}"));
        request = request.header("accept", "text/event-stream").header("accept-encoding", "gzip");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert!(!answer.headers().contains_key("content-encoding"));
        Self { answer, text: String::new() }
    }

    async fn next(&mut self) -> Event {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                        .map(str::to_owned)
                };
                let read = (
                    field("id"),
                    field("event").unwrap(),
                    serde_json::from_str(&field("data").unwrap()).unwrap(),
                );
                let rest = rest.to_owned();
                self.text = rest;
                return read;
            }
            let piece = tokio::time::timeout(crate::support::socket::PATIENCE, self.answer.chunk()).await;
            let piece = piece.expect("an event").unwrap().expect("no end");
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    async fn entries(&mut self, count: usize) -> Vec<u64> {
        let mut seqs = Vec::new();
        while seqs.len() < count {
            let (id, name, data) = self.next().await;
            if name == "entry" {
                assert_eq!(id.unwrap(), data["entry"]["seq"].to_string());
                seqs.push(data["entry"]["seq"].as_u64().unwrap());
            }
        }
        seqs
    }
}

#[tokio::test]
async fn events_bring_the_same_and_go_on_after_the_last_one() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let mut events = Events::open(&tenant.auditor, "q=action:test.*", None).await;
    let (began, name, _) = events.next().await;
    assert_eq!(name, "open");
    let first = write(&tenant, "test.a", 3).await;
    assert_eq!(events.entries(3).await, first);
    drop(events);
    let second = write(&tenant, "test.b", 2).await;
    let mut again = Events::open(&tenant.auditor, "q=action:test.*", Some(&first[1].to_string())).await;
    assert_eq!(again.entries(3).await, [&first[2..], &second].concat());
    // The id of the first event leads back to where it began, before any entry came.
    let mut whole = Events::open(&tenant.auditor, "q=action:test.*&after=0", began.as_deref()).await;
    assert_eq!(whole.entries(5).await, [first, second].concat());
}

#[tokio::test]
async fn the_end_is_an_event() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let issue = ["token", "issue", "--tenant", &tenant.name, "--role", "auditor", "--ttl", "10s"];
    let token = server.custody(&issue).await;
    let mut events = Events::open(&server.anonymous().with_token(token.trim()), "", None).await;
    let end = loop {
        let (_, name, data) = events.next().await;
        if name == "end" {
            break data;
        }
    };
    assert_eq!(end["code"], 4001);
    assert!(events.answer.chunk().await.unwrap().is_none(), "and nothing after it");
}
