//! Which keys are believed: those that somebody has pinned, or else the server's own.

use std::path::Path;

use anyhow::{Context as _, bail};
use custody_proof::{Checkpoint, Note, Origin, VerifierKey, checkpoint::CheckpointError, note::NoteError};

use crate::log::parse_keys;

/// The keys of one log, of all its epochs.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// Believed.
    trusted: Vec<VerifierKey>,
    /// What the server names beside them, where keys are pinned.
    others: Vec<VerifierKey>,
    pub(crate) is_pinned: bool,
    /// Of what log: its name and its tenant.
    origin: Origin,
}

/// A checkpoint that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) origin: Origin,
    /// By a key that is believed; else by one that the server names and nobody has pinned.
    pub(crate) by_trusted: bool,
}

/// The keys in a file; at least one.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<VerifierKey>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the keys in {}", path.display()))?;
    let keys = parse_keys(&text).with_context(|| format!("cannot use the keys in {}", path.display()))?;
    if keys.is_empty() {
        bail!("there is no key in {}", path.display());
    }
    Ok(keys)
}

impl Keys {
    pub(crate) fn new(pinned: Vec<VerifierKey>, servers: &[String]) -> anyhow::Result<Self> {
        let servers = parse_keys(&servers.join("\n")).context("cannot use the keys that the server names")?;
        let Some(first) = servers.first() else { bail!("the server names no key of the log") };
        let origin: Origin =
            first.name().parse().map_err(|error| anyhow::anyhow!("the server's key {error}"))?;
        for key in &pinned {
            let pinned: Result<Origin, _> = key.name().parse();
            if !pinned.is_ok_and(|pinned| is_of_log(&pinned, &origin)) {
                bail!("the key {} is not of the log {origin}", key.name());
            }
        }
        let is_pinned = !pinned.is_empty();
        let (trusted, others) = if is_pinned { (pinned, servers) } else { (servers, Vec::new()) };
        Ok(Self { trusted, others, is_pinned, origin })
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether the note says that it is another tenant's, or another installation's.
    pub(crate) fn is_of_another(&self, note: &str) -> bool {
        let origin: Option<Origin> = note.lines().next().and_then(|line| line.parse().ok());
        origin.is_some_and(|origin| !is_of_log(&origin, &self.origin))
    }

    /// Of the keys that are believed, those that signed this note, as text.
    pub(crate) fn that_signed(&self, note: &str, origin: &Origin) -> Vec<String> {
        let Ok(note) = Note::parse(note.as_bytes()) else { return Vec::new() };
        let keys = named(&self.trusted, origin).into_iter().chain(named(&self.others, origin));
        let mut signed: Vec<_> = keys
            .filter(|key| note.verify(std::slice::from_ref(key)).is_ok())
            .map(|key| key.to_string())
            .collect();
        signed.sort_unstable();
        signed.dedup();
        signed
    }

    /// The checkpoint in a note of this log, of whichever epoch. What is wrong, for a person, where
    /// it is none.
    pub(crate) fn open(&self, note: &str) -> Result<Signed, String> {
        let unverified = Note::parse(note.as_bytes()).map_err(|error| error.to_string())?;
        let first_line = unverified.text_unverified().lines().next().unwrap_or_default();
        let origin: Origin =
            first_line.parse().map_err(|_| format!("is of {first_line:?}, which is no log"))?;
        if !is_of_log(&origin, &self.origin) {
            return Err(format!("is of another log, {origin}"));
        }
        let open = |keys: &[VerifierKey]| Checkpoint::open(note.as_bytes(), &named(keys, &origin));
        let (checkpoint, by_trusted) = match open(&self.trusted) {
            Err(CheckpointError::Note(NoteError::NotSigned)) => (open(&self.others), false),
            opened => (opened, true),
        };
        let checkpoint = checkpoint.map_err(|error| match error {
            CheckpointError::Note(error) => error.to_string(),
            other => other.to_string(),
        })?;
        Ok(Signed { checkpoint, origin, by_trusted })
    }
}

/// A key signs under the name of the log's epoch; it is the same key in all of them.
fn named(keys: &[VerifierKey], origin: &Origin) -> Vec<VerifierKey> {
    keys.iter().filter_map(|key| key.named(&origin.to_string()).ok()).collect()
}

fn is_of_log(a: &Origin, b: &Origin) -> bool {
    (a.log_name(), a.tenant()) == (b.log_name(), b.tenant())
}
