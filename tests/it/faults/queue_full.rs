//! More waits to be written than the server holds: whoever comes then is told so at once, and nobody
//! who was not told loses anything.

use std::path::Path;

use custody_testkit::eventually;
use reqwest::Method;
use serde_json::{Value, json};

use super::{AGAIN, evidence, fault, load, load::Sent, on_a_database_of_its_own, paused, with};
use crate::support::{Answer, Api, Server, Tenant, server::readable_temp_dir};

/// The commit that stands still, some way into the load: none of the server's own.
const PAUSED: u32 = 10;
/// One tenant may have 32,768 entries waiting, so eight of the clients find no room.
const CLIENTS: usize = 40;
/// What a bulk request hands over at once.
const A_BODY: usize = 1_000;

#[tokio::test]
async fn who_finds_no_room_is_told_when_to_come_again() {
    let folder = readable_temp_dir();
    let options = on_a_database_of_its_own(folder.path()).await;
    let server = Server::start(options.clone()).await;
    let tenant = server.tenant().await;
    server.stop().await;
    let go = folder.path().join("go");
    let go_on = ("CUSTODY_FAULT_GO".to_owned(), go.display().to_string());
    let server = Server::start(with(&options, &[fault("commit.taken", "pause", PAUSED), go_on])).await;
    let tenant = tenant.at(&server);
    assert_eq!(queue_full(&server).await, 0, "it is shown before it counts");
    tokio::select! {
        () = one_by_one(&tenant) => {}
        () = paused(&server, "commit.taken") => {}
    }

    let clients = (0..CLIENTS).map(|client| taken_in_the_end(&tenant.writer, client));
    let (clients, ()) = tokio::join!(futures::future::join_all(clients), held_up(&server, &tenant, &go));
    let mut sent = Sent::default();
    let mut refused = 0;
    for (more, times) in clients {
        sent.add(more);
        refused += usize::from(times > 0);
    }
    assert_eq!(sent.acknowledged.len(), CLIENTS * A_BODY);
    assert!((1..CLIENTS).contains(&refused), "{refused} of {CLIENTS} found no room");
    tenant.write("after.all").await;
    evidence::check(&server, &tenant, &sent).await;
    assert!(server.stop().await.success());
}

/// The tenant's own commits, until one of them stands still.
async fn one_by_one(tenant: &Tenant) {
    loop {
        tenant.write("one.by.one").await;
    }
}

/// While nothing is written: whoever comes is refused, and reads go on. Then lets it go on.
async fn held_up(server: &Server, tenant: &Tenant, go: &Path) {
    eventually("the queue is full", || async { (queue_full(server).await > 0).then_some(()) }).await;
    let before = queue_full(server).await;
    // Nothing leaves, so that where one body had no room none has.
    let body: Value = (0..A_BODY).map(|_| json!({"action": "no.room", "actor": {"id": "u"}})).collect();
    let answer = tenant.writer.post("/api/v1/logs/bulk", &body).await;
    assert_eq!(answer.status, 503);
    told_when(&answer);
    assert!(queue_full(server).await > before);
    tenant.auditor.get("/api/v1/logs?limit=1").await.expect(200);
    std::fs::write(go, "").unwrap();
}

fn told_when(answer: &Answer) {
    let after: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&after), "{after} s");
    let problem: Value = answer.json();
    assert!(problem["detail"].as_str().unwrap().contains("More waits to be written"), "{problem}");
}

/// Sends a body until it is taken; answers how often there was no room for it, too.
async fn taken_in_the_end(writer: &Api, client: usize) -> (Sent, usize) {
    let event = |n: usize| json!({"action": "fault.tested", "actor": {"id": "u"}, "resource": {"id": format!("c{client}-{n}")}});
    let body: Vec<_> = (0..A_BODY).map(event).collect();
    for refused in 0.. {
        let answer = Answer::of(writer.request(Method::POST, "/api/v1/logs/bulk").json(&body)).await;
        if answer.status == 503 {
            told_when(&answer);
            // Sooner than it was told to, so that the test is done sooner.
            tokio::time::sleep(AGAIN).await;
            continue;
        }
        let answer = answer.expect(200);
        let items = answer["items"].as_array().unwrap();
        let mut sent = Sent::default();
        sent.acknowledged = body.iter().zip(items).map(|(entry, item)| load::receipt(entry, item)).collect();
        return (sent, refused);
    }
    unreachable!("it is taken or refused")
}

async fn queue_full(server: &Server) -> u64 {
    let metrics = String::from_utf8(server.anonymous().get("/metrics").await.bytes).unwrap();
    let value = metrics.lines().find_map(|line| line.strip_prefix("custody_ledger_queue_full_total "));
    value.unwrap_or_else(|| panic!("the counter is not shown: {metrics}")).parse().unwrap()
}
