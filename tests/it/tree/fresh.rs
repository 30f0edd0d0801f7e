//! How soon a checkpoint covers what was acknowledged.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use custody_testkit::{TestDatabase, eventually};
use serde_json::{Value, json};

use crate::support::{Server, Tenant, server::Options};

/// Promised is a second. A debug build on a machine that does much else gets more for the quickest of them, by
/// which it is still seen to wait for a timer that is too long; and any of them may lose a lease meanwhile.
const WITHIN_BUSY: Duration = Duration::from_secs(5);
const EACH_WITHIN_BUSY: Duration = Duration::from_secs(20);
const ENTRIES: usize = 5;

#[tokio::test]
async fn a_checkpoint_soon_covers_an_entry_while_another_tenant_writes_bulk() {
    let database = TestDatabase::create().await.url().to_owned();
    let server = Server::start(Options { database: Some(database), ..Options::default() }).await;
    let (lone, bulk) = (server.tenant().await, server.tenant().await);
    let bodies = AtomicUsize::new(0);
    tokio::select! {
        () = write_bulk(&bulk, &bodies) => {}
        () = covered(&lone, &bodies) => {}
    }
    server.stop().await;
}

/// Without end.
async fn write_bulk(tenant: &Tenant, bodies: &AtomicUsize) {
    let body: Value = (0..500).map(|n| json!({"action": "bulk", "actor": {"id": format!("u{n}")}})).collect();
    loop {
        let answer = tenant.writer.post("/api/v1/logs/bulk", &body).await.expect(200);
        assert_eq!(answer["accepted"], 500);
        bodies.fetch_add(1, Ordering::Relaxed);
    }
}

/// Entry after entry, each while there is bulk.
async fn covered(tenant: &Tenant, bodies: &AtomicUsize) {
    let mut quickest = EACH_WITHIN_BUSY;
    for n in 0..ENTRIES {
        let before = bodies.load(Ordering::Relaxed);
        eventually("bulk is written", || async { (bodies.load(Ordering::Relaxed) > before).then_some(()) })
            .await;
        let seq = tenant.write(&format!("lone.{n}")).await["seq"].as_u64().unwrap();
        let acknowledged = Instant::now();
        eventually("a checkpoint covers the entry", || async {
            let note = tenant.auditor.get("/api/v1/log/checkpoint").await;
            let text = String::from_utf8(note.bytes).unwrap();
            let size: u64 = text.lines().nth(1)?.parse().ok()?;
            (size > seq).then_some(())
        })
        .await;
        let took = acknowledged.elapsed();
        assert!(took <= EACH_WITHIN_BUSY, "entry {seq} was covered after {took:?}");
        quickest = quickest.min(took);
    }
    assert!(quickest <= WITHIN_BUSY, "none was covered before {quickest:?}");
}
