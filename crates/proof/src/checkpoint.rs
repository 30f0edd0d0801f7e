//! Checkpoints (c2sp.org/tlog-checkpoint): what a log signs of its tree. The note's text is the
//! origin, the size and the root, a line each.

mod origin;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use custody_domain::Hash;

use crate::note::{Note, NoteError, Signer, VerifierKey};

pub use origin::{InvalidOrigin, Origin};

/// A tree's size and root under the name of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// [`Origin`] as text; of another log, whatever stood in its first line.
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

/// Why a note is no checkpoint of the log that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    #[error("the checkpoint {0}")]
    Note(#[from] NoteError),
    #[error("is no checkpoint: {0}")]
    Malformed(&'static str),
    #[error("is a checkpoint of {0}")]
    OtherLog(String),
}

impl Checkpoint {
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root))
    }

    /// Reads a note's text, strictly; lines after the third have no meaning to us.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        parse(text).map_err(CheckpointError::Malformed)
    }

    pub fn sign(&self, signers: &[&Signer]) -> Result<Note, NoteError> {
        Note::sign(&self.to_text(), signers)
    }

    /// The checkpoint in a note that one of the keys has signed, whose name is its origin.
    pub fn open(note: &[u8], keys: &[VerifierKey]) -> Result<Self, CheckpointError> {
        let note = Note::parse(note)?;
        let checkpoint = Self::parse(note.verify(keys)?)?;
        // What the log signs beside checkpoints begins with another line.
        if keys.iter().any(|key| note.names(key) && key.name() == checkpoint.origin) {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::OtherLog(checkpoint.origin))
        }
    }
}

fn parse(text: &str) -> Result<Checkpoint, &'static str> {
    let text = text.strip_suffix('\n').ok_or("no newline at the end")?;
    let mut lines = text.split('\n');
    let mut next = || lines.next().filter(|line| !line.is_empty());
    let origin = next().ok_or("no origin")?.to_owned();
    let size = next().ok_or("no size")?;
    let root = next().ok_or("no root")?;
    if lines.any(str::is_empty) {
        return Err("an empty line");
    }
    let size: u64 = size
        .parse()
        .ok()
        .filter(|parsed: &u64| parsed.to_string() == size)
        .ok_or("the size is no decimal number")?;
    let root = BASE64
        .decode(root)
        .ok()
        .and_then(|root| root.try_into().ok())
        .ok_or("the root is not base64 of 32 bytes")?;
    Ok(Checkpoint { origin, size, root })
}

#[cfg(test)]
mod tests;
