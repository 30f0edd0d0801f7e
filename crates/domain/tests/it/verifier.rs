//! tests/proofs/verify.py, a program that shares no code with this one, comes to the same results,
//! and notices when anything was changed.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use custody_domain::{
    Body,
    merkle::{inclusion_proof, root},
};
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};

use crate::{generate, vectors};

fn verify(file: &Path) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/proofs/verify.py");
    Command::new("python3")
        .arg(script)
        .arg(file)
        .output()
        .expect("python3 is installed (make test installs it)")
}

/// A file in the test's own place, gone when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, text: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
        std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[track_caller]
fn exits(code: i32, name: &str, text: &str) -> String {
    let output = verify(&Scratch::new(name, text).0);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(code), "{name}: {said}");
    said
}

/// `text` with one character changed: the last of the first string after `place`.
fn changed(text: &str, place: &str) -> String {
    let from = text.find(place).unwrap_or_else(|| panic!("{place}")) + place.len();
    let to = from + text[from..].find(['\\', '"']).unwrap();
    let last = to.saturating_sub(1).max(from);
    let other = if text[last..to] == *"0" { "1" } else { "0" };
    format!("{}{other}{}", &text[..last], &text[to..])
}

#[test]
fn the_vectors_verify() {
    let output = verify(&vectors::path());
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.starts_with("ok: "), "{said}");
}

#[test]
fn any_changed_part_of_the_vectors_is_noticed() {
    let file = vectors::file(&vectors::vectors());
    for place in [
        "\"canonical\": \"",
        "\"number_as_text\": [\n        \"",
        "\"source\": \"{\\\"action\\\":\\\"",
        "\"tenant_id\": \"",
        "\"id\": \"",
        "\"entry_salt\": \"",
        "\"pointer\": \"",
        "\"value\": \"\\\"",
        "\"salt\": \"",
        "\"hash\": \"",
        "\"content_hash\": \"",
        "\"leaf_data\": \"",
        "\"leaf_hash\": \"",
        "\"body\": \"",
        "\"leaf_hashes\": [\n      \"",
        "\"roots\": [\n      \"",
        "\"hashes\": [\n          \"",
        "\"received_at\": \"2026-01-02T03:04:05.67",
    ] {
        exits(1, "changed", &changed(&file, place));
    }
    let redacted = file.find("\"redacted\": [").unwrap();
    for place in ["\"content_hash\": \"", "\"body\": \"", "\"erase\": [\n        \""] {
        let tail = changed(&file[redacted..], place);
        exits(1, "redacted", &format!("{}{tail}", &file[..redacted]));
    }
    let disclosed = file.find("\"disclosed\": [").unwrap();
    for place in ["\"show\": [\n        \"", "\\\"withheld\\\":[\\\"", "\\\"salts\\\":{\\\"/action\\\":\\\""]
    {
        let tail = changed(&file[disclosed..], place);
        exits(1, "disclosed", &format!("{}{tail}", &file[..disclosed]));
    }
    let consistency = file.find("\"consistency\": [").unwrap();
    let tail = changed(&file[consistency..], "\"hashes\": [\n          \"");
    exits(1, "consistency", &format!("{}{tail}", &file[..consistency]));
}

#[test]
fn what_cannot_be_read_is_not_called_proven() {
    exits(2, "truncated", &vectors::file(&vectors::vectors())[..5000]);
    exits(2, "empty", "{}");
    exits(2, "lacking", r#"{"version":1,"canonical":[]}"#);
    assert_eq!(verify(Path::new("/no/such/file")).status.code(), Some(2));
}

/// The same numbers and strings come out of two implementations of RFC 8785.
#[test]
fn hundreds_of_other_values_have_the_same_canonical_form() {
    let mut vectors = vectors::vectors();
    let mut runner = TestRunner::deterministic();
    for _ in 0..1500 {
        let number = generate::number().new_tree(&mut runner).unwrap().current();
        vectors.canonical.push(vectors::canonical_case(&number));
    }
    for _ in 0..300 {
        let value = generate::value().new_tree(&mut runner).unwrap().current();
        let text = vectors::text(custody_domain::canonical::to_vec(&value));
        vectors.canonical.push(vectors::canonical_case(&text));
    }
    exits(0, "values", &vectors::file(&vectors));
}

/// The file that is made from a server's answers: every entry with its body in one of the three
/// forms, and its proof.
fn log_file() -> String {
    let log = vectors::log();
    let leaves: Vec<_> = log.iter().map(|(_, made)| made.leaf_hash).collect();
    let entries: Vec<String> = log
        .iter()
        .enumerate()
        .map(|(seq, (name, made))| {
            let mut body = Vec::new();
            match *name {
                "plain" => made.body.redact(&["/actor/name"]).unwrap().write_json(&mut body),
                "nested" => made.body.disclose(&["/actor"]).unwrap().write_json(&mut body),
                _ => made.body.write_json(&mut body),
            }
            let hashes: Vec<_> =
                inclusion_proof(&leaves, seq).unwrap().iter().map(hex::encode).collect();
            format!(
                r#"{{"tenant_id":"{}","id":"{}","seq":{seq},"leaf_hash":"{}","body":{},"proof":{{"leaf_index":{seq},"tree_size":{},"hashes":{hashes:?}}}}}"#,
                vectors::tenant(),
                made.id,
                hex::encode(made.leaf_hash),
                vectors::text(body),
                leaves.len(),
            )
        })
        .collect();
    format!(
        r#"{{"entries":[{}],"root":"{}","tree_size":{}}}"#,
        entries.join(","),
        hex::encode(root(&leaves)),
        leaves.len()
    )
}

#[test]
fn a_log_with_all_three_forms_of_body_verifies() {
    let file = log_file();
    for form in ["full", "redacted", "disclosed"] {
        assert!(file.contains(&format!(r#""form":"{form}""#)), "{form}");
    }
    assert_eq!(exits(0, "log", &file), "ok: 7 entries in a tree of 7\n");
}

#[test]
fn any_changed_part_of_a_log_is_noticed() {
    let file = log_file();
    for place in [
        r#""tenant_id":""#,
        r#""id":""#,
        r#""leaf_hash":""#,
        r#""action":""#,
        r#""salt":""#,
        r#""salts":{"/action":""#,
        r#""erased":[""#,
        r#""withheld":[""#,
        r#""hashes":[""#,
        r#""root":""#,
    ] {
        exits(1, "log-changed", &changed(&file, place));
    }
    exits(1, "log-seq", &file.replacen(r#""seq":0,"#, r#""seq":1,"#, 1));
    exits(1, "log-index", &file.replacen(r#""leaf_index":0"#, r#""leaf_index":1"#, 1));
    exits(1, "log-size", &file.replace(r#""tree_size":7"#, r#""tree_size":8"#));
    // An erased member given back without its commitment being taken away.
    let swapped = file.replacen(r#""after":{"city":"Basel"}"#, r#""after":{"city":"Basel","x":1}"#, 1);
    exits(1, "log-added", &swapped);
    // Numbers are compared as they are written, not as doubles.
    exits(1, "log-number", &file.replacen(r#""hundred":100"#, r#""hundred":100.00000000000000001"#, 1));
    exits(2, "log-none", r#"{"entries":[],"root":"","tree_size":0}"#);
}

/// A body keeps its words: what is written for a proof is what was decoded.
#[test]
fn a_proofs_body_is_that_of_the_store() {
    for (_, made) in vectors::log() {
        let stored = Body::decode(&made.body.encode()).unwrap();
        let (mut a, mut b) = (Vec::new(), Vec::new());
        stored.write_json(&mut a);
        made.body.write_json(&mut b);
        assert_eq!(a, b);
    }
}
