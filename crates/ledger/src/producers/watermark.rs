//! The signed watermark: "everything received up to then, this count, this root, these gaps".

use custody_auth::Scope;
use custody_domain::{EntryId, Hash, merkle};
use custody_proof::{Note, Watermark};
use custody_store::{
    heads,
    producers::{Completeness, completeness},
};

use super::Producers;
use crate::{Ledger, LedgerError, tree::TreeError};

impl Ledger {
    /// What the log signs of its completeness, at the newest size for which producers' numbers have
    /// been looked at. [`TreeError::Behind`] where there is none yet, or no checkpoint reaches so far.
    pub async fn watermark(&self, scope: &Scope) -> Result<Note, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let head = heads::read(&mut tx).await?;
        let known = completeness(&mut tx, Producers::NAME).await?;
        tx.commit().await?;
        let known = match known {
            Some(known) => known,
            None if head.size == 0 => Completeness { epoch: head.epoch, ..Completeness::default() },
            None => return Err(TreeError::Behind.into()),
        };
        if known.size == 0 && head.size > 0 {
            return Err(TreeError::Behind.into());
        }
        let (origin, root) = (self.origin(scope).await?, self.signed_root(scope, &known).await?);
        if origin.epoch() != known.epoch {
            return Err(TreeError::Behind.into());
        }
        let watermark = Watermark {
            size: known.size,
            root,
            received_until: known.last_id.map(EntryId::received_at),
            producers: known.producers,
            unwatched: known.unwatched,
            incomplete: known.incomplete,
        };
        self.sign_statement(&origin, &watermark.to_text(&origin)).await
    }

    /// The root of the tree of that size, as a checkpoint covers it: nothing is signed beside it that
    /// the tree's follower has not compared with what it signed before.
    async fn signed_root(&self, scope: &Scope, known: &Completeness) -> Result<Hash, LedgerError> {
        let Some(last) = known.size.checked_sub(1) else { return Ok(merkle::root(&[])) };
        let checkpoint = self.hand_out_covering(scope, last).await?;
        if checkpoint.epoch != known.epoch {
            return Err(TreeError::Behind.into());
        }
        if checkpoint.size == known.size {
            return Ok(checkpoint.root);
        }
        let proof = self.consistency_proof(scope, known.size, checkpoint.size).await?;
        if proof.to_root == checkpoint.root {
            Ok(proof.from_root)
        } else {
            Err(TreeError::Mismatch { tenant: scope.tenant(), size: checkpoint.size }.into())
        }
    }
}
