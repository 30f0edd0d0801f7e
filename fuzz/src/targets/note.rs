//! Signed notes, verifier keys and checkpoints.

use custody_proof::{Checkpoint, Note, Origin, Signer, VerifierKey};

pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes, "one note has one form");
        if let Ok(signer) = Signer::new("fuzz", &[7; 32]) {
            // Nobody signed it with this key.
            assert!(note.verify(&[signer.verifier().clone()]).is_err(), "{text}");
        }
        if let Ok(checkpoint) = Checkpoint::parse(note.text_unverified()) {
            let written = checkpoint.to_text();
            assert!(note.text_unverified().starts_with(&written), "{written}");
            assert_eq!(Checkpoint::parse(&written).ok(), Some(checkpoint));
        }
    }
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text, "one key has one form");
    }
    if let Ok(origin) = text.parse::<Origin>() {
        assert_eq!(origin.to_string(), text, "one origin has one form");
    }
    sign(&text);
}

/// What can be signed verifies, and no longer once a byte of it is another.
fn sign(text: &str) {
    let Ok(signer) = Signer::new("fuzz", &[7; 32]) else { return };
    let Ok(note) = Note::sign(text, &[&signer]) else { return };
    let keys = [signer.verifier().clone()];
    assert_eq!(note.verify(&keys).ok(), Some(text));
    let written = note.to_string();
    assert_eq!(Note::parse(written.as_bytes()).ok().as_ref(), Some(&note));
    let mut changed = written.into_bytes();
    if let Some(byte) = changed.first_mut() {
        *byte ^= 1;
    }
    let verified = Note::parse(&changed).is_ok_and(|note| note.verify(&keys).is_ok());
    assert!(!verified, "{text}");
}
