//! Version 1 holds: one entry redacted, one partially disclosed, one sent twice, one in conflict,
//! one masked, written and read through the real roles and row security; and the proofs of all of
//! them, and of their neighbours, verify here and by the verifier that shares no code with us.

use std::{path::Path, process::Command};

use custody_auth::Scope;
use custody_domain::{EntryId, Hash, leaf, merkle};
use custody_ledger::{Appended, Draft, InclusionProof, Receipt, StoredEntry};

use crate::fixture::{Fixture, draft, receipts};

const REDACTED: usize = 1;
const DISCLOSED: usize = 3;
const MASKED: usize = 7;

async fn contents(fixture: &Fixture, scope: &Scope) -> Vec<Draft> {
    let plain = |n: u8| draft(&format!(r#"{{"action":"plain.{n}","actor":{{"id":"u{n}"}}}}"#));
    let rich = r#"{"action":"iam.CreateUser","actor":{"id":"alice","name":"Alice","type":"user"},
        "severity":"WARNING","ip":"192.0.2.1","metadata":{"email":"alice@example.com","big":12345678901234567890,
        "raw":{"deep":[1,{"x":null}]},"a/b":"~"},"before":{},"after":{"role":"admin"},
        "recorded_by":{"principal":"key:k","via":"POST /api/v1/logs"}}"#;
    let masked = r#"{"action":"login","actor":{"id":"bob"},"metadata":{"password":"***"},
        "masked":[{"pointer":"/metadata/password","rule":"password"}]}"#;
    let event = async |id: &str, says: &str| {
        fixture
            .event(scope, &format!(r#"{{"action":"{says}","actor":{{"id":"u"}}}}"#), (id, says))
            .await
            .unwrap()
    };
    vec![
        plain(0),
        draft(rich),
        plain(2),
        draft(rich),
        event("e1", "first").await,
        event("e1", "first").await,
        event("e1", "other").await,
        plain(7),
        draft(masked),
        plain(9),
    ]
}

/// The document that tests/proofs/verify.py reads.
fn document(entries: &[(StoredEntry, String, InclusionProof)], root: &Hash) -> String {
    let items: Vec<_> = entries
        .iter()
        .map(|(entry, body, proof)| {
            let hashes: Vec<_> = proof.hashes.iter().map(|h| format!("\"{}\"", hex::encode(h))).collect();
            format!(
                r#"{{"tenant_id":"{}","id":"{}","seq":{},"leaf_hash":"{}","body":{body},"proof":{{"leaf_index":{},"tree_size":{},"hashes":[{}]}}}}"#,
                entry.tenant_id, entry.id, entry.seq, hex::encode(entry.leaf_hash),
                proof.leaf_index, proof.tree_size, hashes.join(",")
            )
        })
        .collect();
    format!(
        r#"{{"entries":[{}],"root":"{}","tree_size":{}}}"#,
        items.join(",\n"),
        hex::encode(root),
        entries.len()
    )
}

/// What a reader is given of it: everything that is kept, or a part.
fn body(entry: &StoredEntry) -> String {
    let mut json = Vec::new();
    if usize::try_from(entry.seq).unwrap() == DISCLOSED {
        let disclosed = entry.body.disclose(&["/action", "/metadata/a~1b", "/after"]).unwrap();
        assert_eq!(disclosed.content_hash().unwrap(), entry.body.content_hash().unwrap());
        disclosed.write_json(&mut json);
    } else {
        entry.body.write_json(&mut json);
    }
    String::from_utf8(json).unwrap()
}

fn verify(document: &str, dir: &Path) -> i32 {
    let file = dir.join("log.json");
    std::fs::write(&file, document).unwrap();
    let verifier = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/proofs/verify.py");
    let output = Command::new("python3").arg(verifier).arg(&file).output().unwrap();
    eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    output.status.code().unwrap()
}

#[tokio::test]
async fn every_proof_holds_after_all_that_can_happen_to_an_entry() {
    let fixture = Fixture::new().await;
    let (scope, other) = (fixture.tenant("a").await, fixture.tenant("b").await);
    fixture.ledger.append(&other, vec![draft(r#"{"action":"x","actor":{"id":"u"}}"#)]).await.unwrap();
    let answers = fixture.ledger.append(&scope, contents(&fixture, &scope).await).await.unwrap();
    let kept: Vec<Receipt> = receipts(&answers)
        .into_iter()
        .zip(&answers)
        .filter_map(|(receipt, answer)| matches!(answer, Appended::Accepted(_)).then_some(receipt))
        .collect();
    assert_eq!(kept.len(), 8, "one duplicate and one conflict have no place of their own");
    assert_eq!(answers[5], Appended::Duplicate(kept[4]));
    assert_eq!(answers[6], Appended::Conflict(kept[4]));
    let before = fixture.ledger.root(&scope, 8).await.unwrap();

    let erase = ["/actor", "/metadata/email", "/metadata/big"];
    let redacted: EntryId = kept[REDACTED].id;
    fixture.ledger.redact(&fixture.authority, scope.tenant(), redacted, &erase).await.unwrap();

    let root = fixture.ledger.root(&scope, 8).await.unwrap();
    assert_eq!(root, before, "redaction changes no leaf");
    let mut entries = Vec::new();
    for receipt in &kept {
        let entry = fixture.ledger.get(&scope, receipt.id).await.unwrap().unwrap();
        assert_eq!((entry.seq, entry.leaf_hash), (receipt.seq, receipt.leaf_hash));
        let content_hash = entry.body.content_hash().unwrap();
        assert_eq!(leaf::leaf_hash(scope.tenant(), entry.id, &content_hash), receipt.leaf_hash);
        let proof = fixture.ledger.inclusion_proof(&scope, entry.seq, 8).await.unwrap();
        assert_eq!((proof.root, proof.leaf_hash), (root, receipt.leaf_hash));
        assert!(merkle::verify_inclusion(&receipt.leaf_hash, entry.seq, 8, &proof.hashes, &root));
        let body = body(&entry);
        entries.push((entry, body, proof));
    }
    let of = |n: usize| entries[n].1.as_str();
    assert!(of(REDACTED).contains("redacted") && !of(REDACTED).contains("alice"));
    assert!(of(DISCLOSED).contains("disclosed") && !of(DISCLOSED).contains("alice"));
    assert!(of(MASKED - 1).contains("***"), "{}", of(MASKED - 1));

    for from in 1..=8 {
        let proof = fixture.ledger.consistency_proof(&scope, from, 8).await.unwrap();
        assert!(merkle::verify_consistency(from, 8, &proof.hashes, &proof.from_root, &proof.to_root));
    }
    let dir = tempfile::tempdir().unwrap();
    let document = document(&entries, &root);
    assert_eq!(verify(&document, dir.path()), 0);
    assert_eq!(verify(&document.replacen("\"***\"", "\"**\"", 1), dir.path()), 1, "a value changed");
    assert_eq!(verify(&document.replacen("\"plain.2\"", "\"plain.3\"", 1), dir.path()), 1);
}
