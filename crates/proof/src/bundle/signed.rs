//! Whether a bundle's checkpoint is its tenant's, and signed by whom it says.

use custody_domain::TenantId;

use super::range::Fault;
use crate::{Checkpoint, Origin, VerifierKey, checkpoint::CheckpointError, note::NoteError};

/// The checkpoint, signed by every key that the bundle names, and by a trusted one if there are any.
pub(super) fn checkpoint(
    tenant: TenantId,
    note: &str,
    keys: &[String],
    trusted: &[VerifierKey],
) -> Result<Checkpoint, Fault> {
    let note = note.as_bytes();
    let key = |text: &String| {
        let key: Result<VerifierKey, _> = text.parse();
        key.map_err(|source| Fault::Key { name: text.clone(), source })
    };
    let mut opened = Err(Fault::NotTrusted);
    for text in keys {
        opened = Ok(Checkpoint::open(note, &[key(text)?]).map_err(Fault::Checkpoint)?);
    }
    let opened = opened?;
    let origin: Origin = opened.origin.parse().map_err(|_| Fault::OtherLog(opened.origin.clone()))?;
    if origin.tenant() != tenant {
        return Err(Fault::OtherLog(opened.origin));
    }
    if let Some(first) = trusted.first() {
        let of_log = of_log(trusted, &origin);
        if of_log.is_empty() {
            return Err(Fault::ForeignKey { key: first.name().to_owned(), log: origin });
        }
        Checkpoint::open(note, &of_log).map_err(|error| match error {
            CheckpointError::Note(NoteError::NotSigned) => Fault::NotTrusted,
            other => Fault::Checkpoint(other),
        })?;
    }
    Ok(opened)
}

/// Those of the keys that are of this log, named after its epoch: a key is the same in all of them.
fn of_log(keys: &[VerifierKey], log: &Origin) -> Vec<VerifierKey> {
    let is_of_log = |key: &&VerifierKey| {
        let of: Result<Origin, _> = key.name().parse();
        of.is_ok_and(|of| (of.log_name(), of.tenant()) == (log.log_name(), log.tenant()))
    };
    keys.iter().filter(is_of_log).filter_map(|key| key.named(&log.to_string()).ok()).collect()
}
