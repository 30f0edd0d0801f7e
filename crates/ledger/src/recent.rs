//! What this process committed lately, for followers that would otherwise read it back at once.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use custody_domain::{EntryId, TenantId};

/// Leaves kept, of all tenants: about two seconds' worth at full load, 48 bytes each.
const LEAVES_MAX: usize = 131_072;

/// Most leaves of one answer.
pub const RECENT_LEAVES_MAX: usize = 16_384;

/// A leaf of a tenant's tree; its `seq` is its place in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecentLeaf {
    pub id: EntryId,
    pub leaf_hash: [u8; 32],
}

/// Bounded; what falls out of it stands in the database.
#[derive(Debug, Default)]
pub struct Recent(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    runs: HashMap<TenantId, Run>,
    /// Which leaves are the oldest: a tenant, and the seq that its run is to begin at once they fall
    /// out.
    ages: VecDeque<(TenantId, u64)>,
    leaves: usize,
}

/// Leaves without a gap.
#[derive(Debug, Default)]
struct Run {
    first_seq: u64,
    leaves: VecDeque<RecentLeaf>,
}

impl Recent {
    /// The leaves from `from_seq` on, without a gap, at least one and at most
    /// [`RECENT_LEAVES_MAX`]. None: ask the database.
    pub fn leaves(&self, tenant: TenantId, from_seq: u64) -> Option<Vec<RecentLeaf>> {
        let kept = self.kept();
        let run = kept.runs.get(&tenant)?;
        let skip = usize::try_from(from_seq.checked_sub(run.first_seq)?).ok()?;
        let leaves: Vec<_> = run.leaves.iter().skip(skip).take(RECENT_LEAVES_MAX).copied().collect();
        (!leaves.is_empty()).then_some(leaves)
    }

    /// Leaves that were committed, from `first_seq` on. In the order of the log for one tenant.
    pub(crate) fn push(
        &self,
        tenant: TenantId,
        first_seq: u64,
        leaves: impl ExactSizeIterator<Item = RecentLeaf>,
    ) {
        let count = leaves.len();
        let mut kept = self.kept();
        let run = kept.runs.entry(tenant).or_default();
        let mut gone = 0;
        if run.first_seq + run.leaves.len() as u64 != first_seq {
            // Another process has written in between.
            gone = run.leaves.len();
            run.leaves.clear();
            run.first_seq = first_seq;
        }
        run.leaves.extend(leaves);
        kept.ages.push_back((tenant, first_seq + count as u64));
        kept.leaves = kept.leaves + count - gone;
        // Ages, too: those of runs that were cut off stay until they are the oldest.
        while (kept.leaves > LEAVES_MAX || kept.ages.len() > LEAVES_MAX) && kept.forget_oldest() {}
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn forget_oldest(&mut self) -> bool {
        let Some((tenant, until)) = self.ages.pop_front() else { return false };
        let Some(run) = self.runs.get_mut(&tenant) else { return true };
        let count = usize::try_from(until.saturating_sub(run.first_seq)).unwrap_or(usize::MAX);
        let count = count.min(run.leaves.len());
        run.leaves.drain(..count);
        run.first_seq += count as u64;
        self.leaves -= count;
        if run.leaves.is_empty() {
            self.runs.remove(&tenant);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use uuid::Uuid;

    use super::*;

    fn leaf(n: u64) -> RecentLeaf {
        RecentLeaf { id: EntryId(Uuid::from_u128(u128::from(n))), leaf_hash: [0; 32] }
    }

    fn push(recent: &Recent, tenant: u128, from: u64, count: usize) {
        let leaves: Vec<_> = (from..).take(count).map(leaf).collect();
        recent.push(TenantId(Uuid::from_u128(tenant)), from, leaves.into_iter());
    }

    fn seqs(recent: &Recent, tenant: u128, from: u64) -> Option<(u64, usize)> {
        let leaves = recent.leaves(TenantId(Uuid::from_u128(tenant)), from)?;
        let first = u64::try_from(leaves[0].id.0.as_u128()).unwrap();
        assert!(leaves.iter().zip(first..).all(|(found, n)| *found == leaf(n)));
        Some((first, leaves.len()))
    }

    #[test]
    fn a_run_is_answered_from_where_it_is_asked() {
        let recent = Recent::default();
        push(&recent, 1, 7, 3);
        push(&recent, 1, 10, 2);
        push(&recent, 2, 0, 1);
        assert_eq!(seqs(&recent, 1, 7), Some((7, 5)));
        assert_eq!(seqs(&recent, 1, 10), Some((10, 2)));
        assert_eq!(seqs(&recent, 2, 0), Some((0, 1)));
        for (tenant, from) in [(1, 6), (1, 12), (1, u64::MAX), (2, 1), (3, 0)] {
            assert_eq!(seqs(&recent, tenant, from), None, "{tenant} from {from}");
        }
    }

    #[test]
    fn what_another_process_wrote_is_a_gap() {
        let recent = Recent::default();
        push(&recent, 1, 0, 3);
        push(&recent, 1, 5, 2);
        assert_eq!(seqs(&recent, 1, 0), None);
        assert_eq!(seqs(&recent, 1, 5), Some((5, 2)));
    }

    #[test]
    fn the_oldest_fall_out() {
        let recent = Recent::default();
        push(&recent, 1, 0, 10);
        push(&recent, 2, 0, LEAVES_MAX - 10);
        assert_eq!(seqs(&recent, 1, 0), Some((0, 10)));
        push(&recent, 1, 10, 4);
        assert_eq!(seqs(&recent, 1, 0), None);
        assert_eq!(seqs(&recent, 1, 10), Some((10, 4)));
        assert_eq!(seqs(&recent, 2, 0), Some((0, RECENT_LEAVES_MAX)));
        push(&recent, 3, 0, LEAVES_MAX);
        let kept = recent.kept();
        assert_eq!((kept.runs.len(), kept.leaves), (1, LEAVES_MAX));
    }
}
