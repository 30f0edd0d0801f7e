//! Completeness, as a user sees it: gaps in what producers number, and the signed watermark.

use custody_proof::{Checkpoint, Note, VerifierKey};
use custody_testkit::eventually;
use serde_json::{Value, json};

use crate::support::{Tenant, shared};

async fn send(tenant: &Tenant, producer: &str, seqs: &[u64]) {
    let items: Vec<_> = seqs
        .iter()
        .map(|seq| json!({"action": "a.b", "actor": {"id": "u"}, "producer": {"id": producer, "seq": seq}}))
        .collect();
    let answer = tenant.writer.post("/api/v1/logs/bulk", &json!(items)).await.expect(200);
    assert_eq!(answer["accepted"], seqs.len(), "{answer}");
}

/// The producer once its `entries` are so many.
async fn producer(tenant: &Tenant, id: &str, entries: u64) -> Value {
    eventually("the producer is followed", async || {
        let list = tenant.auditor.get("/api/v1/producers").await.expect(200);
        let found = list["items"].as_array().unwrap().iter().find(|item| item["id"] == id).cloned();
        found.filter(|producer| producer["entries"] == entries)
    })
    .await
}

fn gaps(producer: &Value) -> Vec<(u64, u64)> {
    let gaps = producer["gaps"].as_array().unwrap();
    gaps.iter().map(|gap| (gap["from"].as_u64().unwrap(), gap["to"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn a_gap_is_shown_until_its_events_have_come() {
    let tenant = shared().await.tenant().await;
    send(&tenant, "pump", &[0, 1, 5]).await;
    let pump = producer(&tenant, "pump", 3).await;
    assert_eq!((gaps(&pump), &pump["missing"]), (vec![(2, 4)], &json!(3)));
    assert_eq!(pump["gaps"][0]["since"], pump["last_seen_at"]);
    send(&tenant, "pump", &[4, 2, 3, 3]).await;
    let pump = producer(&tenant, "pump", 7).await;
    assert_eq!((gaps(&pump), &pump["late"], &pump["repeated"]), (vec![], &json!(3), &json!(1)));
    send(&tenant, "pump", &[7, 0]).await;
    let pump = producer(&tenant, "pump", 9).await;
    assert_eq!((&pump["run"], &pump["missing"], &pump["missing_earlier"]), (&json!(2), &json!(0), &json!(1)));
    tenant.writer.get("/api/v1/producers").await.problem(403);
}

#[tokio::test]
async fn producers_are_listed_page_by_page_whatever_they_are_called() {
    let tenant = shared().await.tenant().await;
    let names = ["a", "a b", "ä", "\u{1f980}", "z\n\"1\""];
    for name in names {
        send(&tenant, name, &[9]).await;
    }
    producer(&tenant, "z\n\"1\"", 1).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = tenant.admin.get(&format!("/api/v1/producers?limit=2{cursor}")).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|p| p["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    assert_eq!(seen, sorted);
    tenant.admin.get("/api/v1/producers?cursor=AA").await.problem(400);
    tenant.admin.get("/api/v1/producers?limit=0").await.problem(400);
}

#[tokio::test]
async fn the_watermark_is_signed_by_the_log_and_names_what_is_missing() {
    let tenant = shared().await.tenant().await;
    send(&tenant, "pump", &[0, 3]).await;
    send(&tenant, "gate", &[0, 1]).await;
    producer(&tenant, "gate", 2).await;
    let key = tenant.auditor.get("/api/v1/log/key").await;
    let key: VerifierKey = String::from_utf8(key.bytes).unwrap().trim().parse().unwrap();
    let watermark = tenant.auditor.get("/api/v1/log/watermark").await;
    assert_eq!(
        (watermark.status.as_u16(), watermark.header("content-type")),
        (200, "text/plain; charset=utf-8")
    );
    let note = Note::parse(&watermark.bytes).unwrap();
    let text = note.verify(std::slice::from_ref(&key)).unwrap();
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(&format!("{name} "))).unwrap();
    assert_eq!((line("producers"), line("incomplete"), line("missing")), ("2", "1", "2"));
    assert_eq!(line("producer"), "1 2 0 0 1-2 \"pump\"");
    // Its first lines are a tree's, and a later checkpoint of the log continues that tree.
    let tree = Checkpoint::parse(text).unwrap();
    assert_eq!(tree.origin, format!("{}/watermark", key.name()));
    let newest = tenant.auditor.get("/api/v1/log/checkpoint").await;
    let newest = Checkpoint::open(&newest.bytes, std::slice::from_ref(&key)).unwrap();
    let path = format!("/api/v1/log/consistency?from={}&to={}", tree.size, newest.size);
    let proof = tenant.auditor.get(&path).await.expect(200);
    assert_eq!(proof["from_root"].as_str().unwrap(), hex::encode(tree.root));
    // The last of so many entries was received then.
    let entries = tenant.auditor.get("/api/v1/logs?sort=received_at&limit=1000").await.expect(200);
    let last = &entries["items"][usize::try_from(tree.size).unwrap() - 1];
    assert_eq!(last["received_at"].as_str().unwrap(), line("received-until"));
    tenant.writer.get("/api/v1/log/watermark").await.problem(403);
}
