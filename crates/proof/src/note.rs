//! Signed notes (c2sp.org/signed-note): a text, and lines that sign it, with Ed25519 (type 0x01).

mod key;
mod signature;

use std::fmt;

pub use key::{Signer, VerifierKey};
pub use signature::Signature;

/// A note of ours has one signature, or two while a key is being rotated; witnesses add theirs.
pub const SIGNATURES_MAX: usize = 64;
/// In bytes.
pub const NOTE_LENGTH_MAX: usize = 1 << 20;

/// A text with its signatures, none of them verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// Why bytes are no note, a key is no key, or a note is not to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    #[error("is no signed note: {0}")]
    Malformed(&'static str),
    #[error("is no verifier key: {0}")]
    MalformedKey(&'static str),
    #[error("cannot be signed: {0}")]
    NotSignable(&'static str),
    /// By a key that is trusted, so the text was changed, or the signature.
    #[error("a signature of a trusted key is wrong")]
    WrongSignature,
    #[error("no trusted key has signed it")]
    NotSigned,
}

impl Note {
    /// Signs the text with every key. It must end in a newline and have no other control character.
    pub fn sign(text: &str, signers: &[&Signer]) -> Result<Self, NoteError> {
        check_text(text).map_err(NoteError::NotSignable)?;
        if signers.is_empty() || signers.len() > SIGNATURES_MAX {
            return Err(NoteError::NotSignable("no key, or too many"));
        }
        let signatures = signers.iter().map(|signer| signer.sign(text)).collect();
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Reads a note, strictly: there is one way to write one.
    pub fn parse(note: &[u8]) -> Result<Self, NoteError> {
        parse(note).map_err(NoteError::Malformed)
    }

    /// The text where at least one of the keys signed it. Signatures of other keys count for
    /// nothing; a wrong one of a key that is given condemns the note.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<&str, NoteError> {
        let mut verified = false;
        for signature in &self.signatures {
            for key in keys.iter().filter(|key| key.made(signature)) {
                if !key.verifies(&self.text, signature) {
                    return Err(NoteError::WrongSignature);
                }
                verified = true;
            }
        }
        if verified { Ok(&self.text) } else { Err(NoteError::NotSigned) }
    }

    /// Whether there is a signature that says it is by this key; it may be wrong.
    pub fn names(&self, key: &VerifierKey) -> bool {
        self.signatures.iter().any(|signature| key.made(signature))
    }

    /// What was signed, **not verified**.
    pub fn text_unverified(&self) -> &str {
        &self.text
    }

    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }
}

/// As it is sent and kept.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

fn parse(note: &[u8]) -> Result<Note, &'static str> {
    if note.len() > NOTE_LENGTH_MAX {
        return Err("too long");
    }
    let note = std::str::from_utf8(note).map_err(|_| "not UTF-8")?;
    let split = note.rfind("\n\n").ok_or("no empty line before the signatures")?;
    let (text, lines) = (&note[..=split], &note[split + 2..]);
    check_text(text)?;
    let lines = lines.strip_suffix('\n').ok_or("no newline at the end")?;
    let signatures = lines
        .split('\n')
        .take(SIGNATURES_MAX + 1)
        .map(|line| Signature::parse(line).ok_or("a line that is no signature"))
        .collect::<Result<Vec<_>, _>>()?;
    if signatures.len() > SIGNATURES_MAX {
        return Err("too many signatures");
    }
    Ok(Note { text: text.to_owned(), signatures })
}

fn check_text(text: &str) -> Result<(), &'static str> {
    if !text.ends_with('\n') {
        return Err("the text does not end in a newline");
    }
    if text.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        return Err("a control character");
    }
    Ok(())
}

/// Names are not empty and have no space and no plus.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+' || c.is_control())
}

#[cfg(test)]
mod tests;
