//! Inclusion and consistency proofs (RFC 6962, section 2.1), made from the leaf hashes. The work
//! grows with the log; stored tiles will make it grow with the proof.

use custody_auth::Scope;
use custody_domain::{Hash, merkle};

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
    /// The root of the first `size` leaves.
    pub async fn root(&self, scope: &Scope, size: u64) -> Result<Hash, LedgerError> {
        Ok(merkle::root(&self.leaf_hashes(scope, 0, size).await?))
    }

    /// That leaf `index` is in the tree of the first `size` leaves.
    pub async fn inclusion_proof(
        &self,
        scope: &Scope,
        index: u64,
        size: u64,
    ) -> Result<InclusionProof, LedgerError> {
        let leaves = self.leaf_hashes(scope, 0, size).await?;
        let at = usize::try_from(index).map_err(|_| LedgerError::NotFound)?;
        let leaf_hash = *leaves.get(at).ok_or(LedgerError::NotFound)?;
        let hashes = merkle::inclusion_proof(&leaves, at).ok_or(LedgerError::NotFound)?;
        let root = merkle::root(&leaves);
        Ok(InclusionProof { leaf_index: index, tree_size: size, leaf_hash, root, hashes })
    }

    /// That the tree of the first `from` leaves is the beginning of that of the first `to`.
    pub async fn consistency_proof(
        &self,
        scope: &Scope,
        from: u64,
        to: u64,
    ) -> Result<ConsistencyProof, LedgerError> {
        let leaves = self.leaf_hashes(scope, 0, to).await?;
        let first = usize::try_from(from).map_err(|_| LedgerError::NotFound)?;
        let hashes = merkle::consistency_proof(&leaves, first).ok_or(LedgerError::NotFound)?;
        let from_root = merkle::root(leaves.get(..first).ok_or(LedgerError::NotFound)?);
        Ok(ConsistencyProof { from, to, from_root, to_root: merkle::root(&leaves), hashes })
    }
}
