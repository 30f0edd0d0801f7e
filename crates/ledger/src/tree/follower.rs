//! The follower that makes the tree: takes the leaves that are new, writes the tiles that became
//! full and the next signed checkpoint, of many tenants in one transaction.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use custody_domain::{EntryId, TenantId};
use custody_proof::{Origin, tile::WIDTH};
use custody_store::{
    SystemTx, followers, leaves, log_keys,
    tiles::{self, NewTile},
    trees::{self, NewTree},
};
use tokio::sync::Mutex;

use super::{
    TreeError,
    grow::{Grown, Known, frontier_bytes},
};
use crate::{
    Ledger, LedgerError, RecentLeaf,
    follow::{Behind, Fence, FencedTx, FollowError, Follower, Position},
};

/// Leaves of one log that are taken at once.
const LOG_LEAVES_MAX: u32 = 1 << 16;
/// Leaves that one transaction makes tiles of; about 32 bytes each are held meanwhile.
const LEAVES_MAX: usize = 1 << 17;
/// After so long a call ends, and the next goes on.
const CALL_MAX: Duration = Duration::from_millis(800);
/// Trees that are kept at hand, of about a kilobyte each.
const KNOWN_MAX: usize = 10_000;

/// Makes tiles and checkpoints of every tenant's log.
#[derive(Debug)]
pub struct TreeFollower {
    ledger: Ledger,
    /// The trees as this process wrote them last. What another one wrote since is noticed when the
    /// next one is put in its place.
    known: Mutex<HashMap<TenantId, Arc<Known>>>,
}

/// One log's next tree.
struct Step {
    epoch: u32,
    before: Arc<Known>,
    grown: Grown,
}

#[async_trait::async_trait]
impl Follower for TreeFollower {
    fn name(&self) -> &'static str {
        "tree"
    }

    async fn follow(&self, fence: &Fence, behind: &[Behind]) -> Result<(), FollowError> {
        let mut known = self.known.lock().await;
        let followed = self.follow_all(&mut known, fence, behind).await;
        if followed.is_err() || known.len() > KNOWN_MAX {
            known.clear();
        }
        followed
    }
}

impl TreeFollower {
    pub fn new(ledger: Ledger) -> Self {
        Self { ledger, known: Mutex::default() }
    }

    async fn follow_all(
        &self,
        known: &mut HashMap<TenantId, Arc<Known>>,
        fence: &Fence,
        behind: &[Behind],
    ) -> Result<(), FollowError> {
        let begun = Instant::now();
        self.load(known, behind).await?;
        let (mut steps, mut count) = (Vec::new(), 0);
        for log in behind {
            let before = known.get(&log.tenant).cloned();
            let before = before.unwrap_or_else(|| Arc::new(Known::none(log.tenant)));
            let step = self.step(log, before).await?;
            count += usize::try_from(step.grown.size() - step.before.size()).unwrap_or(LEAVES_MAX);
            steps.push(step);
            if count >= LEAVES_MAX {
                self.write(known, fence, std::mem::take(&mut steps)).await?;
                count = 0;
                if begun.elapsed() > CALL_MAX {
                    return Ok(());
                }
            }
        }
        self.write(known, fence, steps).await
    }

    /// Reads the trees that are not at hand.
    async fn load(
        &self,
        known: &mut HashMap<TenantId, Arc<Known>>,
        behind: &[Behind],
    ) -> Result<(), FollowError> {
        let missing: Vec<_> =
            behind.iter().map(|log| log.tenant).filter(|tenant| !known.contains_key(tenant)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut tx = self.ledger.store.system_tx().await?;
        let rows = trees::of_tenants(&mut tx, &missing).await?;
        tx.commit().await?;
        for row in rows {
            known.insert(row.tenant, Arc::new(Known::of(&row).map_err(|e| of_tenant(row.tenant, e.into()))?));
        }
        Ok(())
    }

    async fn step(&self, log: &Behind, before: Arc<Known>) -> Result<Step, FollowError> {
        let step = async {
            if before.size() > log.head || before.epoch > Some(log.epoch) {
                return Err(TreeError::Mismatch { tenant: log.tenant, size: before.size() }.into());
            }
            let leaves = self.leaves(log.tenant, &before).await?;
            let grown = before.grow(&leaves)?;
            Ok(Step { epoch: log.epoch, before, grown })
        };
        step.await.map_err(|error| of_tenant(log.tenant, error))
    }

    /// The leaves from the first of the tile that was not full: from memory where this process
    /// committed them, else from the database.
    async fn leaves(&self, tenant: TenantId, before: &Known) -> Result<Vec<RecentLeaf>, LedgerError> {
        let (from, size) = (before.first_leaf(), before.size());
        let mut recent = Vec::new();
        while recent.len() < LOG_LEAVES_MAX as usize
            && let Some(more) = self.ledger.recent().leaves(tenant, from + recent.len() as u64)
            && !more.is_empty()
        {
            recent.extend(more);
        }
        if from + recent.len() as u64 > size {
            return Ok(recent);
        }
        let mut tx = self.ledger.store.system_tx().await?;
        let after = id_before(&mut tx, tenant, from).await?;
        let found = leaves::after_for_follower(&mut tx, tenant, after, LOG_LEAVES_MAX).await?;
        tx.commit().await?;
        let leaves = found.iter().zip(from..).map(|(leaf, seq)| {
            if leaf.seq != seq {
                return Err(LedgerError::Missing { tenant, seq });
            }
            Ok(RecentLeaf { id: leaf.id, leaf_hash: leaf.hash })
        });
        let leaves = leaves.collect::<Result<Vec<_>, _>>()?;
        let end = from + leaves.len() as u64;
        if end < size || end == 0 { Err(LedgerError::Missing { tenant, seq: end }) } else { Ok(leaves) }
    }

    async fn write(
        &self,
        known: &mut HashMap<TenantId, Arc<Known>>,
        fence: &Fence,
        steps: Vec<Step>,
    ) -> Result<(), FollowError> {
        if steps.is_empty() {
            return Ok(());
        }
        let mut tx = fence.begin().await?;
        let mut rows = log_keys::all_for_follower(&mut tx).await?;
        if rows.is_empty() {
            rows = self.ledger.tree.keys.rows().await?;
        }
        let signers = self.ledger.tree.keys.signers(&rows).await?;
        let (mut full, mut trees, mut positions) = (Vec::new(), Vec::new(), Vec::new());
        for step in &steps {
            let (tenant, grown) = (step.before.tenant, &step.grown);
            full.extend_from_slice(&grown.tiles);
            full.extend(tiles_above(&mut tx, tenant, &grown.tiles).await?);
            let log_name = &self.ledger.store.installation().log_name;
            let origin = Origin::new(log_name, tenant, step.epoch).map_err(TreeError::from);
            let note = origin.and_then(|origin| signers.sign(&origin, grown.size(), grown.root));
            trees.push(NewTree {
                tenant,
                epoch: step.epoch,
                size_before: step.before.size(),
                size: grown.size(),
                root: grown.root,
                frontier: frontier_bytes(&grown.frontier),
                note: note.map_err(LedgerError::from)?.to_string(),
            });
            positions.push(Position {
                tenant,
                epoch: step.epoch,
                position: grown.size(),
                last_id: grown.last_id,
            });
        }
        tiles::insert(&mut tx, &full).await?;
        let replaced: Vec<_> =
            steps.iter().filter(|step| step.ends_an_epoch()).map(|s| s.before.tenant).collect();
        trees::keep_epochs(&mut tx, &replaced).await?;
        trees::put(&mut tx, &trees).await?;
        followers::advance(&mut tx, &positions).await?;
        tx.commit().await?;
        metrics::counter!("custody_checkpoints_total").increment(trees.len() as u64);
        for step in steps {
            let tenant = step.before.tenant;
            known.insert(tenant, Arc::new(step.grown.known(tenant, step.epoch)));
        }
        self.ledger.tree.made.send_modify(|made| *made = made.wrapping_add(1));
        Ok(())
    }
}

impl Step {
    fn ends_an_epoch(&self) -> bool {
        self.before.epoch.is_some_and(|epoch| epoch != self.epoch)
    }
}

/// The id of the last entry before `from`, where a tile begins.
async fn id_before(tx: &mut SystemTx, tenant: TenantId, from: u64) -> Result<Option<EntryId>, LedgerError> {
    let Some(last_tile) = (from / WIDTH).checked_sub(1) else { return Ok(None) };
    match tiles::end_for_follower(tx, tenant, last_tile).await? {
        Some(end) => Ok(Some(end.last_id)),
        None => Err(TreeError::Mismatch { tenant, size: from }.into()),
    }
}

/// The tiles of the levels above that became full with these of level 0.
async fn tiles_above(
    tx: &mut FencedTx,
    tenant: TenantId,
    level_0: &[NewTile],
) -> Result<Vec<NewTile>, FollowError> {
    let mut above = Vec::new();
    let mut below: Vec<_> = level_0.iter().map(|tile| (tile.index, tile.root)).collect();
    for level in 1..=custody_proof::tile::LEVEL_MAX {
        let mut made = Vec::new();
        for (last, _) in below.iter().filter(|(index, _)| index % WIDTH == WIDTH - 1) {
            let first = last + 1 - WIDTH;
            let new_from = below.first().map_or(0, |(index, _)| *index);
            let mut roots = if first < new_from {
                tiles::roots_for_follower(tx, tenant, level - 1, first, new_from).await?
            } else {
                Vec::new()
            };
            roots.extend(below.iter().filter(|(index, _)| (first..=*last).contains(index)));
            if !roots.iter().map(|(index, _)| *index).eq(first..=*last) {
                let size = first << (u32::from(level) * 8);
                return Err(of_tenant(tenant, TreeError::Mismatch { tenant, size }.into()));
            }
            let hashes: Vec<_> = roots.iter().map(|(_, root)| *root).collect();
            let root = custody_domain::merkle::root(&hashes);
            let index = last / WIDTH;
            made.push(NewTile {
                tenant,
                level,
                index,
                root,
                ids: None,
                hashes: hashes.as_flattened().to_vec(),
            });
        }
        below = made.iter().map(|tile| (tile.index, tile.root)).collect();
        above.extend(made);
        if below.is_empty() {
            break;
        }
    }
    Ok(above)
}

/// What is wrong with one log must not hold up the others.
fn of_tenant(tenant: TenantId, error: LedgerError) -> FollowError {
    match error {
        LedgerError::Tree(error @ TreeError::Mismatch { .. }) => {
            metrics::counter!("custody_tree_mismatches_total").increment(1);
            FollowError::of_tenant(tenant, "what is stored is not what was signed", error)
        }
        other => other.into(),
    }
}
