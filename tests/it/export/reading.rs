//! The same check by a program that shares no code with us.

use std::path::Path;

use super::download::{Download, fill};
use crate::support::shared;

/// tests/proofs/export.py
fn python(arguments: &[&Path]) -> (i32, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/proofs/export.py");
    let output = std::process::Command::new("python3").arg(script).args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn a_cut_anywhere_and_a_changed_byte_are_noticed() {
    let tenant = shared().await.tenant().await;
    fill(&tenant).await;
    let folder = tempfile::tempdir().unwrap();
    let (path, beside) = (folder.path().join("file"), folder.path().join("manifest"));
    for format in ["ndjson", "json", "csv", "parquet"] {
        let asked = [("format", format), ("q", "action:csv.* OR outcome:failure")];
        let file = Download::of(&tenant.auditor, &asked).await;
        std::fs::write(&beside, file.said.to_string()).unwrap();
        // What is in the file itself is enough, but for CSV.
        let arguments = if format == "csv" { vec![&*path, &*beside] } else { vec![&*path] };
        std::fs::write(&path, &file.bytes).unwrap();
        let (code, said) = python(&arguments);
        assert_eq!(code, 0, "{format}: {said}");
        let entries = file.said["entries"].as_u64().unwrap();
        assert!(said.contains(&format!("{entries} entries")), "{said}");
        let length = file.bytes.len();
        for keep in [0, length / 3, length - length / 50 - 1, length - 1] {
            std::fs::write(&path, &file.bytes[..keep]).unwrap();
            assert_ne!(python(&arguments).0, 0, "{format} cut to {keep} of {length}");
        }
        let mut changed = file.bytes.clone();
        changed[length / 2] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        assert_ne!(python(&arguments).0, 0, "{format}, changed");
    }
}
