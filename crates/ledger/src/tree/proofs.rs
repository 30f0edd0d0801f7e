//! Inclusion and consistency proofs (RFC 6962, section 2.1), made from tiles: the work grows with
//! the proof.

use std::ops::Range;

use custody_auth::Scope;
use custody_domain::{Hash, merkle};
use custody_proof::{CompactRange, path};
use custody_store::{TenantTx, heads};

use super::{KeptCheckpoint, TreeError, nodes};
use crate::{Ledger, LedgerError};

/// That a leaf is in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    pub leaf_index: u64,
    pub tree_size: u64,
    pub leaf_hash: Hash,
    pub root: Hash,
    /// From the leaf's sibling up.
    pub hashes: Vec<Hash>,
}

/// That a tree is the beginning of a larger one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof {
    pub from: u64,
    pub to: u64,
    pub from_root: Hash,
    pub to_root: Hash,
    pub hashes: Vec<Hash>,
}

impl Ledger {
    /// The leaf hashes of `from_seq..to_seq`, in order; all of them, or an error that names the
    /// first that is missing.
    pub async fn leaf_hashes(
        &self,
        scope: &Scope,
        from_seq: u64,
        to_seq: u64,
    ) -> Result<Vec<Hash>, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let hashes = nodes::leaf_hashes(&mut tx, from_seq..to_seq).await?;
        tx.commit().await?;
        Ok(hashes)
    }

    /// The root of the first `size` leaves.
    pub async fn root(&self, scope: &Scope, size: u64) -> Result<Hash, LedgerError> {
        let roots = self.roots(scope, size, std::slice::from_ref(&(0..size))).await?;
        roots.into_iter().next().ok_or(LedgerError::NotFound)
    }

    /// That leaf `index` is in the tree of the first `size` leaves. What is handed out was verified.
    pub async fn inclusion_proof(
        &self,
        scope: &Scope,
        index: u64,
        size: u64,
    ) -> Result<InclusionProof, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        if size > heads::read(&mut tx).await?.size {
            return Err(LedgerError::NotFound);
        }
        let proof = inclusion(&mut tx, index, size).await?;
        tx.commit().await?;
        Ok(proof)
    }

    /// That the entry with this `seq` and leaf hash stands in the tree of a checkpoint that is handed
    /// out with it.
    pub async fn prove(
        &self,
        scope: &Scope,
        seq: u64,
        leaf_hash: Hash,
    ) -> Result<(KeptCheckpoint, InclusionProof), LedgerError> {
        let (mut tx, checkpoint) = self.covering(scope, seq).await?;
        let proof = inclusion(&mut tx, seq, checkpoint.size).await?;
        tx.commit().await?;
        if (proof.root, proof.leaf_hash) != (checkpoint.root, leaf_hash) {
            return Err(TreeError::Mismatch { tenant: scope.tenant(), size: checkpoint.size }.into());
        }
        Ok((checkpoint, proof))
    }

    /// The same of several entries, each by its `seq` and leaf hash, against one checkpoint: the newest. It is
    /// not waited for: of an entry that it does not have yet there is none.
    pub async fn prove_each(
        &self,
        scope: &Scope,
        entries: &[(u64, Hash)],
    ) -> Result<(KeptCheckpoint, Vec<Option<InclusionProof>>), LedgerError> {
        let (mut tx, checkpoint) = self.newest(scope).await?;
        let mut proofs = Vec::with_capacity(entries.len());
        for (seq, leaf_hash) in entries {
            if *seq >= checkpoint.size {
                proofs.push(None);
                continue;
            }
            let proof = inclusion(&mut tx, *seq, checkpoint.size).await?;
            if (proof.root, proof.leaf_hash) != (checkpoint.root, *leaf_hash) {
                return Err(TreeError::Mismatch { tenant: scope.tenant(), size: checkpoint.size }.into());
            }
            proofs.push(Some(proof));
        }
        tx.commit().await?;
        Ok((checkpoint, proofs))
    }

    /// That the tree of the first `from` leaves is the beginning of that of the first `to`. What is
    /// handed out was verified.
    pub async fn consistency_proof(
        &self,
        scope: &Scope,
        from: u64,
        to: u64,
    ) -> Result<ConsistencyProof, LedgerError> {
        let path = path::consistency(from, to).ok_or(LedgerError::NotFound)?;
        let ranges: Vec<_> = [0..from, 0..to].into_iter().chain(path).collect();
        let roots = self.roots(scope, to, &ranges).await?;
        let [from_root, to_root, hashes @ ..] = roots.as_slice() else { return Err(LedgerError::NotFound) };
        if !merkle::verify_consistency(from, to, hashes, from_root, to_root) {
            return Err(TreeError::Mismatch { tenant: scope.tenant(), size: to }.into());
        }
        let (from_root, to_root, hashes) = (*from_root, *to_root, hashes.to_vec());
        Ok(ConsistencyProof { from, to, from_root, to_root, hashes })
    }

    /// The compact range of the leaves `begin..end`: what stands for them beside others that are
    /// shown.
    pub async fn compact_range(
        &self,
        scope: &Scope,
        leaves: Range<u64>,
    ) -> Result<CompactRange, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        if leaves.start > leaves.end || leaves.end > heads::read(&mut tx).await?.size {
            return Err(LedgerError::NotFound);
        }
        let range = nodes::range(&mut tx, &leaves).await?;
        tx.commit().await?;
        Ok(range)
    }

    /// The hashes of the compact ranges of these ranges of leaves, all within the log: what stands for
    /// them beside others that are shown. The work grows with the hashes.
    pub async fn compact_ranges(
        &self,
        scope: &Scope,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Vec<Hash>>, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let hashes = nodes::compact_ranges(&mut tx, ranges).await?;
        tx.commit().await?;
        Ok(hashes)
    }

    async fn roots(&self, scope: &Scope, size: u64, ranges: &[Range<u64>]) -> Result<Vec<Hash>, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        if size > heads::read(&mut tx).await?.size {
            return Err(LedgerError::NotFound);
        }
        let roots = nodes::roots(&mut tx, ranges).await?;
        tx.commit().await?;
        Ok(roots)
    }
}

/// What is handed out was verified.
async fn inclusion(tx: &mut TenantTx, index: u64, size: u64) -> Result<InclusionProof, LedgerError> {
    let path = path::inclusion(index, size).ok_or(LedgerError::NotFound)?;
    let ranges: Vec<_> = [index..index + 1, 0..size].into_iter().chain(path).collect();
    let roots = nodes::roots(tx, &ranges).await?;
    let [leaf_hash, root, hashes @ ..] = roots.as_slice() else { return Err(LedgerError::NotFound) };
    if !merkle::verify_inclusion(leaf_hash, index, size, hashes, root) {
        return Err(TreeError::Mismatch { tenant: tx.tenant(), size }.into());
    }
    let (leaf_hash, root, hashes) = (*leaf_hash, *root, hashes.to_vec());
    Ok(InclusionProof { leaf_index: index, tree_size: size, leaf_hash, root, hashes })
}
