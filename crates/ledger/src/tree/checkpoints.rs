//! Checkpoints as they are read and handed out.

use std::time::Duration;

use chrono::{DateTime, Utc};
use custody_auth::Scope;
use custody_domain::{Hash, merkle};
use custody_proof::{Note, Origin, VerifierKey, note};
use custody_store::{TenantTx, checkpoints, checkpoints::CheckpointRow, heads, trees, trees::TreeRow};
use tokio::time::{Instant, timeout_at};

use super::{LogKey, TreeError, keys, keys::Signers};
use crate::{Ledger, LedgerError};

/// Whoever has a receipt and asks for the proof at once waits so long for the checkpoint.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// Another process may make it, which wakes nobody here.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A signed checkpoint of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCheckpoint {
    pub epoch: u32,
    pub size: u64,
    pub root: Hash,
    /// The signed note, as it is sent.
    pub note: String,
    /// None for that of an empty log, which is made when it is asked for.
    pub made_at: Option<DateTime<Utc>>,
}

impl Ledger {
    /// The name under which the scope's log signs: of its current epoch.
    pub async fn origin(&self, scope: &Scope) -> Result<Origin, LedgerError> {
        let epoch = self.head(scope).await?.epoch;
        self.origin_of(scope, epoch)
    }

    /// All keys that the log ever signed with, the newest first.
    pub async fn log_keys(&self, scope: &Scope) -> Result<Vec<LogKey>, LedgerError> {
        let origin = self.origin(scope).await?;
        let rows = self.tree.keys.rows().await?;
        let keys = rows.iter().map(|row| keys::shown(row, &origin)).collect::<Result<_, _>>();
        Ok(keys.map_err(TreeError::from)?)
    }

    /// The newest key, by which what the log signs from now on is verified.
    pub async fn log_key(&self, scope: &Scope) -> Result<VerifierKey, LedgerError> {
        let newest = self.log_keys(scope).await?.into_iter().next();
        Ok(newest.ok_or(TreeError::NoKey)?.key)
    }

    /// Signs another text of the log's than a checkpoint. Its first line must not be the origin
    /// alone, or it could be taken for one.
    pub async fn sign_statement(&self, origin: &Origin, text: &str) -> Result<Note, LedgerError> {
        if text.lines().next() == Some(origin.to_string().as_str()) {
            return Err(
                TreeError::from(note::NoteError::NotSignable("it begins as a checkpoint does")).into()
            );
        }
        let signers = self.signers().await?;
        Ok(signers.sign_text(origin, text)?)
    }

    /// The newest checkpoint, for the log's own use. What goes out of the house is handed out by
    /// [`Ledger::hand_out`].
    pub async fn latest_checkpoint(&self, scope: &Scope) -> Result<KeptCheckpoint, LedgerError> {
        let signers = self.signers().await?;
        let mut tx = self.store.tenant_tx(scope).await?;
        let latest = self.latest(&mut tx, scope, &signers).await?;
        tx.commit().await?;
        Ok(latest)
    }

    /// The newest checkpoint, and keeps it for good: somebody has it now, and may come back with it.
    pub async fn hand_out(&self, scope: &Scope) -> Result<KeptCheckpoint, LedgerError> {
        let (tx, latest) = self.newest(scope).await?;
        tx.commit().await?;
        Ok(latest)
    }

    /// The same, in a transaction that has yet to be committed.
    pub(super) async fn newest(&self, scope: &Scope) -> Result<(TenantTx, KeptCheckpoint), LedgerError> {
        let signers = self.signers().await?;
        let mut tx = self.store.tenant_tx(scope).await?;
        let latest = self.latest(&mut tx, scope, &signers).await?;
        keep(&mut tx, &latest).await?;
        Ok((tx, latest))
    }

    /// As [`Ledger::hand_out`], of a tree that has entry `seq`: waits a moment for it.
    /// [`TreeError::Behind`] when it did not come.
    pub async fn hand_out_covering(&self, scope: &Scope, seq: u64) -> Result<KeptCheckpoint, LedgerError> {
        let (tx, checkpoint) = self.covering(scope, seq).await?;
        tx.commit().await?;
        Ok(checkpoint)
    }

    /// As [`Ledger::hand_out_covering`], in a transaction that has yet to be committed: what it is
    /// handed out with is read there.
    pub(super) async fn covering(
        &self,
        scope: &Scope,
        seq: u64,
    ) -> Result<(TenantTx, KeptCheckpoint), LedgerError> {
        let signers = self.tree.keys.signers(&self.tree.keys.rows_lately().await?).await?;
        let mut made = self.tree.made.subscribe();
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            made.mark_unchanged();
            let mut tx = self.store.tenant_tx(scope).await?;
            if let Some(tree) = trees::read(&mut tx).await?
                && tree.size > seq
            {
                let checkpoint = self.signed(scope, tree, &signers)?;
                keep(&mut tx, &checkpoint).await?;
                return Ok((tx, checkpoint));
            }
            tx.commit().await?;
            let now = Instant::now();
            if now >= deadline {
                return Err(TreeError::Behind.into());
            }
            // What woke us, or that nothing did, shows in the next look.
            let _ = timeout_at(deadline.min(now + LOOK_EVERY), made.changed()).await;
        }
    }

    /// At most `limit` of the checkpoints that are kept, by epoch and size, from after `after` on.
    pub async fn kept_checkpoints(
        &self,
        scope: &Scope,
        after: Option<(u32, u64)>,
        limit: u32,
    ) -> Result<Vec<KeptCheckpoint>, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let rows = checkpoints::page(&mut tx, after, limit).await?;
        tx.commit().await?;
        let kept = |row: CheckpointRow| KeptCheckpoint {
            epoch: row.epoch,
            size: row.size,
            root: row.root,
            note: row.note,
            made_at: Some(row.made_at),
        };
        Ok(rows.into_iter().map(kept).collect())
    }

    async fn latest(
        &self,
        tx: &mut TenantTx,
        scope: &Scope,
        signers: &Signers,
    ) -> Result<KeptCheckpoint, LedgerError> {
        let Some(tree) = trees::read(tx).await? else {
            let epoch = heads::read(tx).await?.epoch;
            let (size, root) = (0, merkle::root(&[]));
            let note = signers.sign(&self.origin_of(scope, epoch)?, size, root)?.to_string();
            return Ok(KeptCheckpoint { epoch, size, root, note, made_at: None });
        };
        self.signed(scope, tree, signers)
    }

    /// The checkpoint of this tree, signed by the newest key.
    fn signed(&self, scope: &Scope, tree: TreeRow, signers: &Signers) -> Result<KeptCheckpoint, LedgerError> {
        let origin = self.origin_of(scope, tree.epoch)?;
        let signed = Note::parse(tree.note.as_bytes()).map_err(TreeError::from)?;
        // A log that is quiet since the key was changed: the same tree, signed by the new one too.
        let note = if signed.names(&signers.newest(&origin)?) {
            tree.note
        } else {
            signers.sign(&origin, tree.size, tree.root)?.to_string()
        };
        let (epoch, size, root, made_at) = (tree.epoch, tree.size, tree.root, Some(tree.made_at));
        Ok(KeptCheckpoint { epoch, size, root, note, made_at })
    }

    fn origin_of(&self, scope: &Scope, epoch: u32) -> Result<Origin, LedgerError> {
        let log_name = &self.store.installation().log_name;
        Ok(Origin::new(log_name, scope.tenant(), epoch).map_err(TreeError::from)?)
    }

    async fn signers(&self) -> Result<Signers, LedgerError> {
        self.tree.keys.signers(&self.tree.keys.rows().await?).await
    }
}

async fn keep(tx: &mut TenantTx, checkpoint: &KeptCheckpoint) -> Result<(), LedgerError> {
    // That of an empty log says nothing.
    let Some(made_at) = checkpoint.made_at else { return Ok(()) };
    let KeptCheckpoint { epoch, size, root, ref note, .. } = *checkpoint;
    Ok(checkpoints::keep(tx, &CheckpointRow { epoch, size, root, note: note.clone(), made_at }).await?)
}
