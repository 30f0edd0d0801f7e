#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
use proptest::prelude::*;

use super::*;

/// The example of c2sp.org/signed-note.
const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const NOTE: &str = "This is an example message.\n\n— example.com/foo \
    Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

/// Of golang.org/x/mod/sumdb/note: a key whose private half is public.
const SEED: &str = "810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173";
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n— PeterNeumann \
    x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn signer(name: &str, seed: u8) -> Signer {
    Signer::new(name, &[seed; 32]).unwrap()
}

#[test]
fn the_notes_of_others_verify() {
    for (key, note) in [(KEY, NOTE), (GO_KEY, GO_NOTE)] {
        let key: VerifierKey = key.parse().unwrap();
        let read = Note::parse(note.as_bytes()).unwrap();
        assert_eq!(read.verify(&[key]).unwrap(), &note[..=note.find("\n\n").unwrap()]);
        assert_eq!(read.to_string(), note);
    }
}

#[test]
fn ours_is_byte_for_byte_the_one_of_go() {
    let seed: [u8; 32] = hex::decode(SEED).unwrap().try_into().unwrap();
    let signer = Signer::new("PeterNeumann", &seed).unwrap();
    assert_eq!(signer.verifier().to_string(), GO_KEY);
    let text = &GO_NOTE[..=GO_NOTE.find("\n\n").unwrap()];
    assert_eq!(Note::sign(text, &[&signer]).unwrap().to_string(), GO_NOTE);
}

#[test]
fn a_change_anywhere_is_found() {
    let key: VerifierKey = KEY.parse().unwrap();
    for at in 0..NOTE.len() {
        for bit in 0..8 {
            let mut changed = NOTE.as_bytes().to_vec();
            changed[at] ^= 1 << bit;
            let verified =
                Note::parse(&changed).is_ok_and(|note| note.verify(std::slice::from_ref(&key)).is_ok());
            assert!(!verified, "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn one_trusted_key_is_enough_and_a_wrong_signature_of_one_condemns() {
    let (new, old, witness) = (signer("log", 1), signer("log", 2), signer("witness", 3));
    let note = Note::sign("text\n", &[&new, &old, &witness]).unwrap();
    let note = Note::parse(note.to_string().as_bytes()).unwrap();
    let keys = |signers: &[&Signer]| signers.iter().map(|s| s.verifier().clone()).collect::<Vec<_>>();
    assert_eq!(note.verify(&keys(&[&old])), Ok("text\n"));
    assert_eq!(note.verify(&keys(&[&new, &witness])), Ok("text\n"));
    assert_eq!(note.verify(&keys(&[&signer("log", 4), &signer("other", 1)])), Err(NoteError::NotSigned));
    assert_eq!(note.verify(&[]), Err(NoteError::NotSigned));
    let mut forged = Note::sign("another text\n", &[&new]).unwrap();
    forged.signatures.extend(note.signatures().iter().filter(|s| s.key_id() == old.verifier().id()).cloned());
    assert_eq!(forged.verify(&keys(&[&new])), Ok("another text\n"));
    assert_eq!(forged.verify(&keys(&[&new, &old])), Err(NoteError::WrongSignature));
}

#[test]
fn what_is_no_note_is_refused() {
    let line = NOTE.lines().last().unwrap();
    for bad in [
        "",
        "\n",
        "\n\n",
        "text\n",
        "text\n\n",
        "text\n\n\n",
        &format!("text\n{line}\n"),
        &format!("text\n\n{line}"),
        &format!("text\n\n{line}\n\n"),
        &format!("text\n\n{line}\nmore\n"),
        &format!("te\txt\n\n{line}\n"),
        &format!("text\n\n- {}\n", &line[4..]),
        &line.replace("— ", "text\n\n—"),
        "text\n\n— a \n",
        "text\n\n— a AAAAAA==\n",
        "text\n\n— a+b AAAAAAA=\n",
        "text\n\n—  AAAAAAA=\n",
        "text\n\n— a AAAAAAB=\n",
    ] {
        assert!(matches!(Note::parse(bad.as_bytes()), Err(NoteError::Malformed(_))), "{bad:?}");
    }
    assert!(Note::parse(b"text\xff\n\n").is_err());
    let many = format!("text\n\n{}", format!("{line}\n").repeat(SIGNATURES_MAX + 1));
    assert!(Note::parse(many.as_bytes()).is_err());
    assert!(Note::sign("no newline", &[&signer("a", 1)]).is_err());
    assert!(Note::sign("text\n", &[]).is_err());
    assert!(Signer::new("a b", &[1; 32]).is_err());
}

#[test]
fn what_is_no_key_is_refused() {
    for bad in [
        "",
        "a",
        "a+b+c",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "foo+00000000+AQ==",
    ] {
        assert!(bad.parse::<VerifierKey>().is_err(), "{bad:?}");
    }
}

#[test]
fn another_name_is_another_key() {
    let (a, b) = (signer("a", 1), signer("a", 1).named("b").unwrap());
    assert_ne!(a.verifier().id(), b.verifier().id());
    assert_eq!(a.verifier().public_key(), b.verifier().public_key());
    let note = Note::sign("text\n", &[&b]).unwrap();
    assert_eq!(note.verify(&[a.verifier().clone()]), Err(NoteError::NotSigned));
    assert_eq!(note.verify(&[b.verifier().clone()]), Ok("text\n"));
}

proptest! {
    #[test]
    fn reading_never_fails_otherwise_than_by_saying_so(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Note::parse(&bytes);
    }

    #[test]
    fn what_was_read_is_written_the_same(text in "[a-z\n—é]{0,30}\n", name in "[a-z./]{1,9}", tail in any::<[u8; 9]>()) {
        let signature = Signature { name, key_id: 7, bytes: tail.to_vec() };
        let note = Note { text, signatures: vec![signature] };
        prop_assert_eq!(Note::parse(note.to_string().as_bytes()), Ok(note));
    }
}
