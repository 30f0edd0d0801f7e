//! tests/proofs/verify.py follows entries over HTTP up to a signed checkpoint, from docs/proofs.md
//! and docs/tree.md, with the standard library alone.

use serde_json::{Value, json};

use crate::support::{Tenant, shared};

/// The document that the verifier reads, of entries that were written over HTTP.
async fn document(tenant: &Tenant) -> Value {
    let mut last = Value::Null;
    for n in 0..5 {
        last = tenant.write(&format!("python.{n}")).await;
    }
    let key = String::from_utf8(tenant.auditor.get("/api/v1/log/key").await.bytes).unwrap();
    let last = super::http::proof(&tenant.auditor, &last).await;
    let size = last["tree_size"].as_u64().unwrap();
    let mut consistency = Vec::new();
    for from in 1..=size {
        let path = format!("/api/v1/log/consistency?from={from}&to={size}");
        consistency.push(tenant.auditor.get(&path).await.expect(200));
    }
    json!({
        "checkpoint": last["checkpoint"],
        "verifier_key": key.trim_end(),
        "consistency": consistency,
        "root": consistency[0]["to_root"],
        "tree_size": size,
        "proof_of_last": last,
    })
}

async fn verify(document: &Value) -> (Option<i32>, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), document.to_string()).unwrap();
    let script = r#"
import json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify
file = json.load(open(sys.argv[2]))
last = file["proof_of_last"]
top = verify.inclusion_root(bytes.fromhex(last["leaf_hash"]), last["leaf_index"], last["tree_size"],
                            [bytes.fromhex(h) for h in last["hashes"]])
try:
    verify.check("root from the entry", top.hex(), file["root"])
    verify.verify_checkpoint(file, file["tree_size"])
except verify.Mismatch as mismatch: sys.exit(print("MISMATCH:", mismatch) or 1)
"#;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/proofs");
    let output = tokio::process::Command::new("python3")
        .args(["-c", script, folder])
        .arg(file.path())
        .output()
        .await
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
async fn a_verifier_that_shares_no_code_follows_it_to_the_signature() {
    let tenant = shared().await.tenant().await;
    let good = document(&tenant).await;
    assert_eq!(verify(&good).await, (Some(0), String::new()));
    let changed = |pointer: &str, value: Value| {
        let mut document = good.clone();
        *document.pointer_mut(pointer).unwrap() = value;
        document
    };
    let note = good["checkpoint"].as_str().unwrap();
    let size = good["tree_size"].as_u64().unwrap();
    let another_size = note.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size + 1), 1);
    for (bad, why) in [
        (changed("/checkpoint", json!(another_size)), "the note's signature is wrong"),
        (changed("/consistency/0/hashes/0", json!("00".repeat(32))), "consistency of 1"),
        (changed("/consistency/1/from_root", json!("00".repeat(32))), "consistency of 2"),
        (changed("/proof_of_last/leaf_hash", json!("00".repeat(32))), "root from the entry"),
        (changed("/root", json!("00".repeat(32))), "root from the entry"),
    ] {
        let (code, said) = verify(&bad).await;
        assert_eq!(code, Some(1), "{why}: {said}");
        assert!(said.contains(why), "{why}: {said}");
    }
}
