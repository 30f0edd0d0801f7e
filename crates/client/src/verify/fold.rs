//! Stretches put together: one tree, held against every checkpoint on the way.

use std::collections::VecDeque;

use custody_domain::{EntryId, Hash};
use custody_proof::CompactRange;

use super::{
    checkpoints::{Promise, Promises},
    finding::{Finding, Findings},
    stretch::Stretch,
};

/// The tree so far.
#[derive(Debug)]
pub(super) struct Fold {
    tree: CompactRange,
    last_id: Option<EntryId>,
    /// Checkpoints that are still to come, by size.
    promises: VecDeque<Promise>,
    /// Of the newest checkpoint.
    epoch: u32,
    /// The last checkpoint that the entries led to; 0: none.
    good: u64,
    /// Checkpoints that they led to.
    pub(super) kept: u64,
    /// Checkpoints of an epoch before that they did not lead to: a restore lost what those signed.
    lost: u64,
    /// The first checkpoint that they did not lead to, and the one before it.
    pub(super) mismatch: Option<Mismatch>,
    /// Entries are missing: there is no tree any more.
    pub(super) is_broken: bool,
    pub(super) findings: Findings,
    pub(super) newer: u64,
}

/// Entries `good..bad` are not the ones that were signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    pub(super) good: u64,
    pub(super) bad: u64,
    pub(super) signed: Hash,
    pub(super) found: Hash,
    /// What an anchor that says so is called.
    pub(super) anchor: Option<String>,
}

impl Fold {
    /// From a tree that was verified before (or the empty one); promises by size.
    pub(super) fn new(tree: CompactRange, last_id: Option<EntryId>, promises: &Promises) -> Self {
        let good = tree.end();
        let epoch = promises.newest.epoch;
        let promises = promises.all.iter().filter(|promise| promise.size >= good).cloned().collect();
        let mut fold = Self {
            tree,
            last_id,
            promises,
            epoch,
            good,
            kept: 0,
            lost: 0,
            mismatch: None,
            is_broken: false,
            findings: Findings::default(),
            newer: 0,
        };
        fold.compare();
        fold
    }

    pub(super) fn tree(&self) -> &CompactRange {
        &self.tree
    }

    pub(super) fn last_id(&self) -> Option<EntryId> {
        self.last_id
    }

    /// Whether everything so far is as it was signed.
    pub(super) fn is_good(&self) -> bool {
        self.findings.is_empty() && self.mismatch.is_none() && !self.is_broken && self.newer == 0
    }

    /// Takes in the stretch that follows.
    pub(super) fn take(&mut self, stretch: Stretch) {
        self.findings.append(stretch.findings);
        self.newer += stretch.newer;
        if let (Some(last), Some(first)) = (self.last_id, stretch.first_id)
            && first <= last
        {
            let detail = format!("has an id that is not above the one before it, {last}");
            self.findings.add(Finding::of_entry(stretch.from, Some(first), &detail));
        }
        self.last_id = stretch.last_id.or(self.last_id);
        match stretch.leaves {
            Some(leaves) if !self.is_broken => {
                for leaf in leaves {
                    // A tree cannot have so many leaves that this fails.
                    self.is_broken |= self.tree.append(leaf).is_err();
                    self.compare();
                }
            }
            _ => self.is_broken = true,
        }
    }

    /// Checkpoints that no entry leads to any more.
    pub(super) fn lost(&self) -> u64 {
        self.lost + self.promises.iter().filter(|promise| promise.epoch < self.epoch).count() as u64
    }

    /// Holds the tree against the checkpoints of its size.
    fn compare(&mut self) {
        while let Some(promise) = self.promises.front()
            && promise.size == self.tree.end()
        {
            let Some(found) = self.tree.root() else { return };
            let (size, signed) = (promise.size, promise.root);
            if found == signed {
                self.good = size;
                self.kept += 1;
            } else if promise.epoch < self.epoch {
                self.lost += 1;
            } else if self.mismatch.is_none() {
                self.mismatch = Some(Mismatch {
                    good: self.good,
                    bad: size,
                    signed,
                    found,
                    anchor: promise.anchor.clone(),
                });
            }
            self.promises.pop_front();
        }
    }
}
