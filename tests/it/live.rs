//! Following the log: over a WebSocket, as events, and by the command line.

mod credentials;
mod events;
mod many;
mod servers;
mod stream;
mod tail;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{
    Api, Server, Tenant,
    socket::{PATIENCE, Socket, next, open},
};

pub(crate) const STREAM: &str = "/api/v1/logs/stream";

/// A stream that has begun, and where it began.
async fn follow(server: &Server, api: &Api, parameters: &str) -> (Socket, String) {
    let mut socket = open(server, &format!("{STREAM}?{parameters}"), Some(api)).await.unwrap();
    let first = next(&mut socket).await.unwrap();
    assert_eq!(first["type"], "open", "{first}");
    (socket, first["after"].as_str().unwrap().to_owned())
}

/// The next so many entries.
async fn entries(socket: &mut Socket, count: usize) -> Vec<Value> {
    let mut entries = Vec::new();
    let come = async {
        while entries.len() < count {
            let message = next(socket).await.unwrap();
            match message["type"].as_str().unwrap() {
                "entry" => entries.push(message["entry"].clone()),
                "heartbeat" => {}
                _ => panic!("{message}"),
            }
        }
    };
    // Heartbeats are no sign that entries come.
    let come = timeout(PATIENCE, come).await;
    assert!(come.is_ok(), "{} of {count} came", entries.len());
    entries
}

fn seqs(entries: &[Value]) -> Vec<u64> {
    entries.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
}

/// Writes so many entries in one request and answers their `seq`s.
async fn write(tenant: &Tenant, action: &str, count: usize) -> Vec<u64> {
    write_padded(tenant, action, count, 0).await
}

/// The same, each with so many more bytes.
async fn write_padded(tenant: &Tenant, action: &str, count: usize, bytes: usize) -> Vec<u64> {
    let entry = json!({"action": action, "actor": {"id": "u1"}, "metadata": {"pad": "x".repeat(bytes)}});
    let answer = tenant.writer.post("/api/v1/logs/bulk", &json!(vec![entry; count])).await.expect(200);
    seqs(answer["items"].as_array().unwrap())
}
