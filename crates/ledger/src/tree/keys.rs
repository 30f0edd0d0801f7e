//! The keys that sign checkpoints: read from the store, opened once, and used under each log's
//! own name.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use custody_keys::Keys;
use custody_proof::{Checkpoint, Note, Origin, Signer, VerifierKey, note::NoteError};
use custody_store::{
    Store,
    log_keys::{self, LogKeyRow, NewLogKey},
};
use zeroize::Zeroizing;

use super::TreeError;
use crate::LedgerError;

/// A key of a log, as whoever verifies its checkpoints needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKey {
    pub key: VerifierKey,
    pub created_at: DateTime<Utc>,
    /// None: the newest. Until then it signs beside the newest.
    pub signs_until: Option<DateTime<Utc>>,
    /// Whether new checkpoints have a signature of it.
    pub signs: bool,
}

/// The keys' private halves, while the process runs.
#[derive(Debug)]
pub(super) struct LogKeys {
    pub(super) store: Store,
    keys: Keys,
    /// By public key, under no log's name.
    opened: Mutex<HashMap<[u8; 32], Arc<Signer>>>,
    /// As they were read last, and when.
    read: Mutex<Option<(Instant, Vec<LogKeyRow>)>>,
}

/// A proof may be signed by the keys of so long ago: as if it had been asked for a moment earlier.
const LATELY: Duration = Duration::from_secs(1);

/// The keys that sign at a moment, the newest first.
#[derive(Clone, Debug)]
pub(super) struct Signers(Vec<Arc<Signer>>);

impl LogKeys {
    pub(super) fn new(store: Store, keys: Keys) -> Self {
        Self { store, keys, opened: Mutex::default(), read: Mutex::default() }
    }

    /// All keys, the newest first; the first one is made where there is none.
    pub(super) async fn rows(&self) -> Result<Vec<LogKeyRow>, LedgerError> {
        let rows = self.read().await?;
        if !rows.is_empty() {
            return Ok(rows);
        }
        log_keys::keep_first(&self.store, &generate(&self.keys).await?).await?;
        self.read().await
    }

    /// As [`Self::rows`], or as they were within the last second.
    pub(super) async fn rows_lately(&self) -> Result<Vec<LogKeyRow>, LedgerError> {
        if let Some((at, rows)) = &*self.read.lock().unwrap_or_else(PoisonError::into_inner)
            && at.elapsed() < LATELY
        {
            return Ok(rows.clone());
        }
        let (at, rows) = (Instant::now(), self.rows().await?);
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, rows.clone()));
        Ok(rows)
    }

    /// Those of `rows` that sign.
    pub(super) async fn signers(&self, rows: &[LogKeyRow]) -> Result<Signers, LedgerError> {
        let mut signers = Vec::new();
        for row in rows.iter().filter(|row| row.signs) {
            signers.push(self.open(row).await?);
        }
        if signers.is_empty() { Err(TreeError::NoKey.into()) } else { Ok(Signers(signers)) }
    }

    async fn read(&self) -> Result<Vec<LogKeyRow>, LedgerError> {
        let mut tx = self.store.system_tx().await?;
        let rows = log_keys::all(&mut tx).await?;
        tx.commit().await?;
        Ok(rows)
    }

    async fn open(&self, row: &LogKeyRow) -> Result<Arc<Signer>, LedgerError> {
        // Nothing is left half done by whoever panicked with it.
        let opened = || self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signer) = opened().get(&row.public_key) {
            return Ok(Arc::clone(signer));
        }
        let seed = self.keys.open(&purpose(&row.public_key), &row.sealed_seed).await?;
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(
            seed.as_slice()
                .try_into()
                .map_err(|_| custody_keys::KeyError::Malformed("a seed of another length"))?,
        );
        let signer = Signer::new("custody", &seed).map_err(TreeError::from)?;
        if signer.verifier().public_key() != &row.public_key {
            return Err(custody_keys::KeyError::Malformed("the seed of another key").into());
        }
        let signer = Arc::new(signer);
        opened().insert(row.public_key, Arc::clone(&signer));
        Ok(signer)
    }
}

impl Signers {
    /// Signs with every key, under the log's name.
    pub(super) fn sign(&self, origin: &Origin, size: u64, root: [u8; 32]) -> Result<Note, TreeError> {
        let origin = origin.to_string();
        let signers = self.0.iter().map(|signer| signer.named(&origin)).collect::<Result<Vec<_>, _>>()?;
        let signers: Vec<_> = signers.iter().collect();
        Ok(Checkpoint { origin, size, root }.sign(&signers)?)
    }

    /// Signs another text than a checkpoint, whose first line must not be an origin.
    pub(super) fn sign_text(&self, origin: &Origin, text: &str) -> Result<Note, TreeError> {
        let origin = origin.to_string();
        let signers = self.0.iter().map(|signer| signer.named(&origin)).collect::<Result<Vec<_>, _>>()?;
        let signers: Vec<_> = signers.iter().collect();
        Ok(Note::sign(text, &signers)?)
    }

    /// The newest, under the log's name.
    pub(super) fn newest(&self, origin: &Origin) -> Result<VerifierKey, TreeError> {
        let newest = self.0.first().ok_or(TreeError::NoKey)?;
        Ok(newest.verifier().named(&origin.to_string())?)
    }
}

/// A key as it is shown.
pub(super) fn shown(row: &LogKeyRow, origin: &Origin) -> Result<LogKey, NoteError> {
    Ok(LogKey {
        key: VerifierKey::new(&origin.to_string(), &row.public_key)?,
        created_at: row.created_at,
        signs_until: row.signs_until,
        signs: row.signs,
    })
}

/// A new key, sealed.
pub(super) async fn generate(keys: &Keys) -> Result<NewLogKey, LedgerError> {
    let seed = Zeroizing::new(rand::random::<[u8; 32]>());
    let signer = Signer::new("custody", &seed).map_err(TreeError::from)?;
    let public_key = *signer.verifier().public_key();
    let sealed_seed = keys.seal(&purpose(&public_key), &seed[..]).await?;
    Ok(NewLogKey { public_key, sealed_seed })
}

/// What the sealed seed is bound to.
fn purpose(public_key: &[u8; 32]) -> String {
    format!("log_keys/{}", hex::encode(public_key))
}
