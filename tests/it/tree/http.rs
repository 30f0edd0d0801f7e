//! The routes: shapes, headers, what is not there, and who may.

use custody_domain::merkle;
use custody_proof::{Checkpoint, VerifierKey};
use custody_testkit::eventually;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Tenant, shared};

fn hash(text: &Value) -> [u8; 32] {
    hex::decode(text.as_str().unwrap()).unwrap().try_into().unwrap()
}

fn hashes(list: &Value) -> Vec<[u8; 32]> {
    list.as_array().unwrap().iter().map(hash).collect()
}

async fn text(api: &Api, path: &str) -> String {
    let answer = api.get(path).await;
    assert_eq!(answer.status, 200, "{path}");
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    String::from_utf8(answer.bytes).unwrap()
}

async fn key(api: &Api) -> VerifierKey {
    text(api, "/api/v1/log/key").await.trim_end().parse().unwrap()
}

/// The proof of an entry, once there is one.
pub(super) async fn proof(api: &Api, receipt: &Value) -> Value {
    let path = format!("/api/v1/logs/{}/proof", receipt["id"].as_str().unwrap());
    eventually("the proof", || async {
        let answer = api.get(&path).await;
        (answer.status != 503).then(|| answer.expect(200))
    })
    .await
}

/// Everything that is needed to check an entry offline.
#[tokio::test]
async fn a_receipt_leads_to_a_signed_root() {
    let tenant = shared().await.tenant().await;
    for _ in 0..3 {
        let receipt = tenant.write("proof.wanted").await;
        let (proof, seq) = (proof(&tenant.auditor, &receipt).await, receipt["seq"].as_u64().unwrap());
        assert_eq!((&proof["leaf_index"], &proof["leaf_hash"]), (&receipt["seq"], &receipt["leaf_hash"]));
        let note = proof["checkpoint"].as_str().unwrap();
        let checkpoint = Checkpoint::open(note.as_bytes(), &[key(&tenant.auditor).await]).unwrap();
        assert_eq!(proof["tree_size"], checkpoint.size);
        assert!(checkpoint.size > seq);
        let (leaf, hashes) = (hash(&proof["leaf_hash"]), hashes(&proof["hashes"]));
        assert!(merkle::verify_inclusion(&leaf, seq, checkpoint.size, &hashes, &checkpoint.root));
        // What a user may not read they may not have proven: somebody else wrote it.
        let path = format!("/api/v1/logs/{}/proof", receipt["id"].as_str().unwrap());
        tenant.user.get(&path).await.problem(404);
    }
}

#[tokio::test]
async fn a_user_has_their_own_entries_proven() {
    let tenant = shared().await.tenant().await;
    let entry = json!({"action": "mine", "actor": {"id": "u"}});
    let receipt = tenant.user.post("/api/v1/logs", &entry).await.expect(201);
    assert_eq!(proof(&tenant.user, &receipt).await["leaf_hash"], receipt["leaf_hash"]);
    tenant.user.get("/api/v1/log/tile/0/000.p/1").await.problem(403);
}

#[tokio::test]
async fn each_checkpoint_that_was_handed_out_is_kept_and_the_next_one_follows_it() {
    let tenant = shared().await.tenant().await;
    let key = key(&tenant.admin).await;
    let newest = async || {
        let note = text(&tenant.auditor, "/api/v1/log/checkpoint").await;
        Checkpoint::open(note.as_bytes(), std::slice::from_ref(&key)).unwrap()
    };
    let mut handed_out = Vec::new();
    for n in 0..3 {
        let receipt = tenant.write(&format!("checkpoint.{n}")).await;
        let checkpoint = eventually("a checkpoint", || async {
            let checkpoint = newest().await;
            (checkpoint.size > receipt["seq"].as_u64().unwrap()).then_some(checkpoint)
        })
        .await;
        assert_eq!(checkpoint.origin, key.name());
        assert!(checkpoint.origin.ends_with(&format!("/{}/e0", tenant.id)), "{}", checkpoint.origin);
        handed_out.push(checkpoint);
    }
    for pair in handed_out.windows(2) {
        let path = format!("/api/v1/log/consistency?from={}&to={}", pair[0].size, pair[1].size);
        let hashes = hashes(&tenant.auditor.get(&path).await.expect(200)["hashes"]);
        let (from, to) = (&pair[0], &pair[1]);
        assert!(merkle::verify_consistency(from.size, to.size, &hashes, &from.root, &to.root));
    }
    let (mut kept, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = tenant.auditor.get(&format!("/api/v1/log/checkpoints?limit=2{cursor}")).await.expect(200);
        kept.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    for checkpoint in handed_out {
        let row = kept.iter().find(|row| row["size"] == checkpoint.size).expect("it is kept");
        assert_eq!((hash(&row["root"]), &row["epoch"]), (checkpoint.root, &json!(0)));
        let note = row["note"].as_str().unwrap();
        assert_eq!(Checkpoint::open(note.as_bytes(), std::slice::from_ref(&key)).unwrap(), checkpoint);
    }
}

#[tokio::test]
async fn keys_are_listed_with_their_times() {
    let tenant = shared().await.tenant().await;
    let key = key(&tenant.user).await;
    let keys = tenant.user.get("/api/v1/log/keys").await.expect(200);
    assert_eq!(keys["items"][0]["verifier_key"], key.to_string());
    assert_eq!((&keys["items"][0]["signs"], &keys["items"][0]["signs_until"]), (&json!(true), &json!(null)));
}

#[tokio::test]
async fn tiles_are_served_for_ever_and_what_is_none_is_not_there() {
    let tenant = shared().await.tenant().await;
    let receipt = tenant.write("tile.wanted").await;
    let (id, seq) = (receipt["id"].as_str().unwrap(), receipt["seq"].as_u64().unwrap());
    proof(&tenant.auditor, &receipt).await;
    let tile = tenant.auditor.get(&format!("/api/v1/log/tile/0/000.p/{}", seq + 1)).await;
    assert_eq!(tile.bytes.last_chunk::<32>(), Some(&hash(&receipt["leaf_hash"])));
    assert_eq!(tile.bytes.len() as u64, 32 * (seq + 1));
    assert_eq!(tile.header("content-type"), "application/octet-stream");
    assert_eq!(tile.header("cache-control"), "private, max-age=31536000, immutable");
    let bundle = tenant.auditor.get(&format!("/api/v1/log/tile/entries/000.p/{}", seq + 1)).await;
    let last = bundle.bytes.last_chunk::<67>().unwrap();
    assert_eq!(last[..3], [0, 65, 1]);
    assert_eq!(uuid::Uuid::from_slice(&last[3..19]).unwrap().to_string(), tenant.id);
    assert_eq!(uuid::Uuid::from_slice(&last[19..35]).unwrap().to_string(), id);
    for absent in [
        "0/000",
        "0/000.p/255",
        "1/000.p/1",
        "0/001.p/1",
        "9/000.p/1",
        "0/0.p/1",
        "0/x000/000.p/1",
        "0",
        "x",
        "0/",
        "entries",
        "entries/000",
        "entries/001.p/1",
        "entries/0",
        "entries/",
        "entries/000.p/1/2",
        "0/x999/x999/x999/x999/x999/x999/999",
        "0/%00",
        "0/%ff",
    ] {
        let answer = tenant.auditor.get(&format!("/api/v1/log/tile/{absent}")).await;
        assert!(matches!(answer.status.as_u16(), 400 | 404), "{absent}: {}", answer.status);
    }
}

#[tokio::test]
async fn another_tenants_tree_is_another_tree() {
    let (tenant, other) = (shared().await.tenant().await, shared().await.tenant().await);
    for tenant in [&tenant, &other] {
        proof(&tenant.auditor, &tenant.write("mine").await).await;
    }
    let tile = async |tenant: &Tenant| tenant.auditor.get("/api/v1/log/tile/0/000.p/1").await.bytes;
    assert_ne!(tile(&tenant).await, tile(&other).await);
}

#[tokio::test]
async fn a_consistency_proof_of_sizes_that_are_none_says_so() {
    let tenant = shared().await.tenant().await;
    let last = proof(&tenant.auditor, &tenant.write("a").await).await;
    let size = last["tree_size"].as_u64().unwrap();
    let ask = async |query: String| -> Answer {
        tenant.auditor.get(&format!("/api/v1/log/consistency{query}")).await
    };
    let proof = ask(format!("?from=1&to={size}")).await.expect(200);
    assert_eq!((&proof["from"], &proof["to"]), (&json!(1), &json!(size)));
    let (from_root, to_root) = (hash(&proof["from_root"]), hash(&proof["to_root"]));
    assert!(merkle::verify_consistency(1, size, &hashes(&proof["hashes"]), &from_root, &to_root));
    assert_eq!(ask(format!("?from=0&to={size}")).await.expect(200)["hashes"], json!([]));
    assert_eq!(ask(format!("?from={size}&to={size}")).await.expect(200)["hashes"], json!([]));
    assert!(ask("?from=1".to_owned()).await.expect(200)["to"].as_u64().unwrap() >= size);
    for bad in [
        "",
        "?from=2&to=4000",
        "?from=3&to=2",
        "?from=-1",
        "?from=x",
        "?from=18446744073709551615",
        "?from=1&to=18446744073709551616",
        "?from=1&size=2",
    ] {
        ask(bad.to_owned()).await.problem(400);
    }
}
