//! The same events from many clients at once, over two servers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{evidence, load, load::Sent, on_a_database_of_its_own, soak};
use crate::support::{
    Api, Server,
    server::{Options, readable_temp_dir},
};

const CLIENTS: usize = 32;
/// What a debug build does in a few seconds; `make soak` sends ten times as many.
const EVENTS: usize = 1_000;
const A_BODY: usize = 100;

#[tokio::test]
async fn every_event_is_kept_once_and_everybody_gets_its_receipt() {
    let events = EVENTS * soak();
    let folder = readable_temp_dir();
    let options = on_a_database_of_its_own(folder.path()).await;
    let first = Server::start(options.clone()).await;
    let data = folder.path().join("second");
    std::fs::create_dir(&data).unwrap();
    std::fs::copy(folder.path().join("data/master.key"), data.join("master.key")).unwrap();
    let second = Server::start(Options { data: Some(data), ..options }).await;
    let tenant = first.tenant().await;
    let writers = [tenant.writer.clone(), tenant.at(&second).writer];

    let clients = (0..CLIENTS).map(|client| send_all(&writers[client % 2], events, client));
    let (mut sent, mut accepted) = (Sent::default(), 0);
    for (answers, new) in futures::future::join_all(clients).await {
        sent.add(answers);
        accepted += new;
    }
    assert_eq!(accepted, events, "each event is new to one client, and to one alone");
    assert_eq!(sent.acknowledged.len(), events * CLIENTS);
    let mut receipts: BTreeMap<&str, &str> = BTreeMap::new();
    for receipt in &sent.acknowledged {
        assert_eq!(receipts.entry(&receipt.marker).or_insert(&receipt.id), &receipt.id);
    }
    let log = evidence::check(&first, &tenant, &sent).await;
    assert_eq!(log.iter().filter(|entry| entry["action"] == "fault.tested").count(), events);
    assert!(second.stop().await.success());
    assert!(first.stop().await.success());
}

/// All events, each client beginning somewhere else; answers how many were new.
async fn send_all(api: &Api, events: usize, client: usize) -> (Sent, usize) {
    let (mut sent, mut accepted) = (Sent::default(), 0);
    let bodies = events / A_BODY;
    for n in 0..bodies {
        let body = (n + client * bodies / CLIENTS) % bodies;
        let event = |n: usize| {
            let marker = format!("storm-{n}");
            json!({"action": "fault.tested", "actor": {"id": "u"}, "resource": {"id": marker}, "event_id": marker})
        };
        let entries: Vec<Value> = (body * A_BODY..(body + 1) * A_BODY).map(event).collect();
        let answer = api.post("/api/v1/logs/bulk", &json!(entries)).await.expect(200);
        accepted += usize::try_from(answer["accepted"].as_u64().unwrap()).unwrap();
        let items = answer["items"].as_array().unwrap();
        sent.acknowledged.extend(entries.iter().zip(items).map(|(entry, item)| load::receipt(entry, item)));
    }
    (sent, accepted)
}
