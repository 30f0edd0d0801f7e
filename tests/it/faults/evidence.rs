//! What must be true after any fault.

use std::collections::{BTreeMap, BTreeSet};

use custody_testkit::eventually;
use serde_json::Value;

use super::load::Sent;
use crate::support::{Api, Server, Tenant};

/// Reads the tenant's whole log and holds it to what the clients were told. Answers the log.
pub(super) async fn check(server: &Server, tenant: &Tenant, sent: &Sent) -> Vec<Value> {
    let log = log_of(&tenant.auditor).await;
    for (seq, entry) in log.iter().enumerate() {
        assert_eq!(entry["seq"], seq, "a gap in seq");
    }
    let out_of_order = log.windows(2).find(|pair| pair[0]["id"].as_str() >= pair[1]["id"].as_str());
    assert!(out_of_order.is_none(), "ids do not increase: {out_of_order:?}");

    assert!(!sent.acknowledged.is_empty(), "nothing was acknowledged, so nothing was tested");
    for receipt in &sent.acknowledged {
        let place = usize::try_from(receipt.seq).unwrap();
        let entry = log.get(place).unwrap_or_else(|| panic!("acknowledged and lost: {receipt:?}"));
        let found = ["id", "leaf_hash"].map(|name| entry[name].as_str().unwrap());
        assert_eq!(found, [&receipt.id, &receipt.leaf_hash], "another entry stands at {receipt:?}");
        assert_eq!(entry["resource"]["id"], receipt.marker, "another content stands at {receipt:?}");
    }
    let mut seen = BTreeSet::new();
    for marker in log.iter().filter(|e| e["action"] == "fault.tested").map(|e| &e["resource"]["id"]) {
        assert!(seen.insert(marker.as_str().unwrap()), "doubled: {marker}");
    }
    let mut told: BTreeMap<&str, &str> = BTreeMap::new();
    for receipt in &sent.acknowledged {
        let before = told.insert(&receipt.marker, &receipt.id);
        assert!(before.is_none_or(|id| id == receipt.id), "two receipts for one event: {receipt:?}");
    }
    verified(server, tenant, log.len()).await;
    log
}

/// `custody verify --server`: signatures, commitments, leaves, tree, every kept checkpoint; once one
/// of them covers the whole log.
async fn verified(server: &Server, tenant: &Tenant, entries: usize) {
    eventually("a checkpoint covers the log", || async {
        let note = tenant.auditor.get("/api/v1/log/checkpoint").await;
        let text = String::from_utf8_lossy(&note.bytes).into_owned();
        let size = text.lines().nth(1).and_then(|line| line.parse::<usize>().ok());
        (size? >= entries).then_some(())
    })
    .await;
    let mut verify = server.command(&["verify", "--server"]);
    let output = verify.env("CUSTODY_TOKEN", tenant.auditor.bearer()).output().await.unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "verify --server: {}\n{error}", output.status);
}

/// All entries, in the log's order.
pub(super) async fn log_of(auditor: &Api) -> Vec<Value> {
    let (mut entries, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/logs?sort=received_at&limit=1000{cursor}");
        let page = auditor.get(&path).await.expect(200);
        entries.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return entries,
        }
    }
}
