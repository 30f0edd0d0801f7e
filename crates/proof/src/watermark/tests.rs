#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use custody_domain::{TenantId, producer::Bounds};
use uuid::Uuid;

use super::*;
use crate::note::VerifierKey;

fn origin() -> Origin {
    Origin::new("log.example", TenantId(Uuid::nil()), 0).unwrap()
}

fn run(numbers: &[u64]) -> Run {
    let mut run = Run::new(numbers[0]);
    for seq in &numbers[1..] {
        run.see(*seq, 0, Bounds::default());
    }
    run
}

fn watermark(incomplete: Vec<(String, Run)>) -> Watermark {
    Watermark {
        size: 9,
        root: [0; 32],
        received_until: DateTime::from_timestamp_millis(1_767_323_045_678),
        producers: 3,
        unwatched: 0,
        incomplete,
    }
}

#[test]
fn the_text_is_the_one_that_the_documentation_shows() {
    let text =
        watermark(vec![("gate\n\"7\"".to_owned(), run(&[0, 5, 3])), ("pump".to_owned(), run(&[0, 2, 0]))])
            .to_text(&origin());
    let expected = "\
log.example/00000000-0000-0000-0000-000000000000/e0/watermark
9
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
received-until 2026-01-02T03:04:05.678Z
producers 3
unwatched 0
incomplete 2
missing 3
missing-earlier 1
incomplete-sha256 ";
    let rest = text.strip_prefix(expected).unwrap();
    let (hash, lines) = rest.split_once('\n').unwrap();
    assert_eq!(
        lines,
        "producer 1 3 0 0 1-2,4 \"gate\\n\\\"7\\\"\"\nproducer 2 0 1 0 - \"pump\"\nunnamed 0\n"
    );
    let named = lines.strip_suffix("unnamed 0\n").unwrap();
    assert_eq!(hash, hex::encode(Sha256::digest(named)), "the hash is that of the lines");
}

#[test]
fn an_empty_log_has_no_time() {
    let empty = Watermark { size: 0, received_until: None, producers: 0, ..watermark(Vec::new()) };
    assert!(empty.to_text(&origin()).contains("\nreceived-until -\n"));
}

#[test]
fn what_is_not_named_is_counted_and_hashed() {
    let many = |last: u64| {
        let mut all: Vec<_> =
            (0..9_000).map(|n| (format!("producer-{n:05}-{}", "x".repeat(20)), run(&[0, 2]))).collect();
        all.push(("z".to_owned(), run(&[0, last])));
        watermark(all).to_text(&origin())
    };
    let (text, other) = (many(2), many(3));
    assert!(text.len() < NAMED_BYTES_MAX + 1024);
    let named = text.lines().filter(|line| line.starts_with("producer ")).count();
    assert!(text.ends_with(&format!("\nunnamed {}\n", 9_001 - named)));
    let hash = |text: &str| text.lines().find(|l| l.starts_with("incomplete-sha256")).unwrap().to_owned();
    assert_ne!(hash(&text), hash(&other), "an unnamed producer's numbers are in the hash");
}

#[test]
fn it_is_signed_and_is_no_checkpoint_of_the_log() {
    let signer = Signer::new(&origin().to_string(), &[7; 32]).unwrap();
    let note = watermark(Vec::new()).sign(&origin(), &[&signer]).unwrap().to_string();
    let keys: [VerifierKey; 1] = [signer.verifier().clone()];
    assert!(Note::parse(note.as_bytes()).unwrap().verify(&keys).is_ok());
    assert!(Checkpoint::open(note.as_bytes(), &keys).is_err());
    let forged = note.replace("missing 0", "missing 1");
    assert!(Note::parse(forged.as_bytes()).unwrap().verify(&keys).is_err());
}
