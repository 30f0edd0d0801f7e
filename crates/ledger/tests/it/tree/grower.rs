//! What the tests of the tree share: the follower under a lease, and logs that grow fast.

use std::time::Duration;

use custody_auth::Scope;
use custody_domain::{EntryId, Hash, columns::Columns};
use custody_ledger::{
    Ledger, TreeFollower,
    follow::{Behind, Fence, FollowError, Follower as _},
};
use custody_proof::{Checkpoint, VerifierKey};
use custody_store::{
    Store, commit, entries, entries::NewEntry, followers, heads, heads::Advance, leases, leases::GROUPS,
};
use uuid::Uuid;

use crate::fixture::Fixture;

const LEASE: Duration = Duration::from_mins(1);

/// One process that follows.
pub(super) struct Grower {
    store: Store,
    follower: TreeFollower,
    holder: Uuid,
}

impl Grower {
    pub(super) fn new(store: &Store, ledger: Ledger) -> Self {
        Self { store: store.clone(), follower: TreeFollower::new(ledger), holder: Uuid::new_v4() }
    }

    pub(super) fn of(fixture: &Fixture) -> Self {
        Self::new(&fixture.store, fixture.ledger.clone())
    }

    /// Takes the leases that it may have.
    pub(super) async fn fence(&self) -> Fence {
        let leases = leases::beat(&self.store, "tree", self.holder, LEASE).await.unwrap();
        Fence::new(self.store.clone(), "tree", self.holder, leases)
    }

    pub(super) async fn hand_over(&self) {
        leases::leave(&self.store, "tree", self.holder).await.unwrap();
    }

    pub(super) async fn behind(&self, fence: &Fence) -> Vec<Behind> {
        let mut tx = self.store.system_tx().await.unwrap();
        let page = followers::behind(&mut tx, "tree", fence.leases(), None, 1000).await.unwrap();
        tx.commit().await.unwrap();
        page.logs
    }

    /// One pass.
    pub(super) async fn try_follow(&self) -> Result<(), FollowError> {
        let fence = self.fence().await;
        assert_eq!(fence.leases().len(), usize::from(GROUPS));
        self.follow_under(&fence).await
    }

    pub(super) async fn follow_under(&self, fence: &Fence) -> Result<(), FollowError> {
        let behind = self.behind(fence).await;
        self.follower.follow(fence, &behind).await
    }

    /// Until it is behind nowhere.
    pub(super) async fn follow(&self) {
        for _ in 0..100 {
            self.try_follow().await.unwrap();
            if self.behind(&self.fence().await).await.is_empty() {
                return;
            }
        }
        panic!("it is still behind after a hundred passes");
    }
}

/// Writes entries that are leaves and nothing else, past the ledger; answers their hashes.
pub(super) async fn write_leaves(fixture: &Fixture, scope: &Scope, count: u64) -> Vec<Hash> {
    let (mut tx, locked) = heads::lock(&fixture.store, &[scope.tenant()]).await.unwrap();
    let (tenant, head, now) = (scope.tenant(), locked[0].head, locked[0].now);
    let columns = Columns { action: Some("a".to_owned()), ..Columns::default() };
    let mut last_id = head.last_id;
    let leaves: Vec<(EntryId, u64, Hash)> = (head.size..head.size + count)
        .map(|seq| {
            let id = EntryId::next(last_id, now).0;
            last_id = Some(id);
            let mut hash = [0x5a; 32];
            hash[..8].copy_from_slice(&seq.to_be_bytes());
            (id, seq, hash)
        })
        .collect();
    let rows: Vec<_> = leaves
        .iter()
        .map(|(id, seq, leaf_hash)| NewEntry {
            tenant,
            id: *id,
            seq: *seq,
            columns: &columns,
            leaf_hash,
            body: b"b",
        })
        .collect();
    entries::copy(&mut tx, now.date_naive(), &rows).await.unwrap();
    let advance = Advance { tenant, size: head.size, count, last_id: last_id.unwrap() };
    commit::commit(tx, None, &[advance]).await.unwrap();
    leaves.into_iter().map(|(_, _, hash)| hash).collect()
}

/// The newest checkpoint, opened with the log's own key.
pub(super) async fn latest(ledger: &Ledger, scope: &Scope) -> Checkpoint {
    let note = ledger.latest_checkpoint(scope).await.unwrap().note;
    Checkpoint::open(note.as_bytes(), &[ledger.log_key(scope).await.unwrap()]).unwrap()
}

pub(super) fn opens(note: &str, key: &VerifierKey) -> bool {
    Checkpoint::open(note.as_bytes(), std::slice::from_ref(key)).is_ok()
}
