//! What masking left is what is proven, also to the verifier that shares no code with us.

use std::{path::Path, process::Command};

use custody_domain::merkle;
use custody_ingest::ItemResult;

use crate::fixture::Fixture;

fn verify(document: &str, dir: &Path) -> i32 {
    let file = dir.join("log.json");
    std::fs::write(&file, document).unwrap();
    let verifier = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/proofs/verify.py");
    let output = Command::new("python3").arg(verifier).arg(&file).output().unwrap();
    eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    output.status.code().unwrap()
}

#[tokio::test]
async fn an_event_that_held_secrets_is_proven_without_them() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let token = format!("ghp_{}", "Zk3vQ9pLx7RtYw2MnBs5HdGfJc8AeUo4TiVq");
    let event = format!(
        r#"{{"action":"login","actor":{{"id":"bob"}},"event_id":"e1","after":{{"password":"hunter2-correct"}},
        "message":"with --token {token}","metadata":{{"{token}":1,"big":12345678901234567890}}}}"#
    );
    let plain = r#"{"action":"plain","actor":{"id":"u"}}"#;
    let results = fixture.submit(&scope, &[plain, &event, plain]).await;
    let ItemResult::Accepted(receipt) = &results[1] else { panic!("{results:?}") };

    let entry = fixture.ledger.get(&scope, receipt.id).await.unwrap().unwrap();
    assert_eq!(entry.leaf_hash, receipt.leaf_hash);
    let proof = fixture.ledger.inclusion_proof(&scope, receipt.seq, 3).await.unwrap();
    assert!(merkle::verify_inclusion(&receipt.leaf_hash, receipt.seq, 3, &proof.hashes, &proof.root));

    let mut body = Vec::new();
    entry.body.write_json(&mut body);
    let body = String::from_utf8(body).unwrap();
    for secret in ["hunter2", &token[4..]] {
        assert!(!body.contains(secret), "{body}");
    }
    for told in ["/after/password", "/message", "/metadata/***", "/metadata/big"] {
        assert!(body.contains(&format!("\"{told}\"")), "{told} in {body}");
    }
    let hashes: Vec<_> = proof.hashes.iter().map(|hash| format!("\"{}\"", hex::encode(hash))).collect();
    let document = format!(
        r#"{{"entries":[{{"tenant_id":"{}","id":"{}","seq":{},"leaf_hash":"{}","body":{body},
        "proof":{{"leaf_index":{},"tree_size":3,"hashes":[{}]}}}}],"root":"{}","tree_size":3}}"#,
        scope.tenant(),
        entry.id,
        entry.seq,
        hex::encode(receipt.leaf_hash),
        proof.leaf_index,
        hashes.join(","),
        hex::encode(proof.root)
    );
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(verify(&document, dir.path()), 0);
    let unmasked = document.replacen(r#""password":"***""#, r#""password":"hunter2-correct""#, 1);
    assert_eq!(verify(&unmasked, dir.path()), 1, "the clear value is not what was committed to");
}
