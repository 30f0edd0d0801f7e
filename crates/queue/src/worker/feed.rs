//! Takes what there is room for, and begins it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use custody_domain::TenantId;
use custody_store::jobs::Lane;
use tokio::{sync::watch, time};
use uuid::Uuid;

use super::{Shared, attempt};
use crate::{Handed, Room, Slots, kinds::Kind, signal::Signal};

/// Where more waits than there was room for, so much time is given to more slots to become free: claims of
/// many at once cost the database less than many claims.
const GATHER: Duration = Duration::from_millis(2);
/// After an error of the database or the message queue; the second one waits twice as long, …
const PAUSE_MIN: Duration = Duration::from_millis(250);
/// … and never longer than this.
const PAUSE_MAX: Duration = Duration::from_secs(5);

pub(super) async fn feed(shared: Arc<Shared>) {
    let stop = shared.stop.clone();
    let mut feeder = Feeder { turns: BTreeMap::new(), first: 0, more: false, shared };
    let mut pause = PAUSE_MIN;
    let mut failing = false;
    loop {
        let fed = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            fed = feeder.once() => fed,
        };
        match fed {
            Ok(()) => {
                if failing {
                    tracing::info!("jobs are handed out again");
                }
                (failing, pause) = (false, PAUSE_MIN);
            }
            Err(error) => {
                if !failing {
                    tracing::warn!(%error, "no jobs are handed out");
                }
                failing = true;
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = time::sleep(pause) => {}
                }
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

struct Feeder {
    shared: Arc<Shared>,
    /// The tenant that had the last turn, by kind.
    turns: BTreeMap<String, TenantId>,
    /// The kind that is asked for first.
    first: usize,
    /// The last claim left something that waits.
    more: bool,
}

impl Feeder {
    async fn once(&mut self) -> Result<(), crate::DispatchError> {
        let Some(mut free) = self.shared.hands.free().await else { return Ok(()) };
        if self.more && free.num_permits() < self.shared.config.slots / 2 {
            drop(free);
            time::sleep(GATHER).await;
            match self.shared.hands.free().await {
                Some(more) => free = more,
                None => return Ok(()),
            }
        }
        let mut room = self.room(free.num_permits());
        if room.lanes.is_empty() {
            // All slots of all kinds are taken: until one is free again.
            let _ = room.freed.changed().await;
            return Ok(());
        }
        let handed = self.shared.dispatch.next(&room).await?;
        self.more = handed.len() >= room.total;
        for handed in handed {
            self.turns.insert(handed.claim.kind.clone(), handed.claim.job.tenant);
            let Some(slot) = free.split(1) else { break };
            self.begin(handed, slot);
        }
        Ok(())
    }

    /// Each kind has its turn as the first one.
    fn room(&mut self, total: usize) -> Room {
        // Before the room is counted: what is freed after it is seen.
        let freed = self.shared.hands.freed();
        let mut lanes = self.shared.lanes();
        for lane in &mut lanes {
            lane.room = lane.room.min(total);
            lane.after = self.turns.get(lane.kind).copied().unwrap_or(TenantId(Uuid::nil()));
        }
        lanes.retain(|lane| lane.room > 0);
        if !lanes.is_empty() {
            self.first = (self.first + 1) % lanes.len();
            lanes.rotate_left(self.first);
        }
        Room { worker: self.shared.row.id, total, lanes, freed, slots: self.shared.clone() }
    }

    fn begin(&self, handed: Handed, slot: tokio::sync::OwnedSemaphorePermit) {
        let Some(kind) = self.shared.kinds.get(&handed.claim.kind) else {
            tracing::error!(job.kind = handed.claim.kind, "a job was handed out that was not asked for");
            return;
        };
        let signal = Signal::default();
        let (job, token) = (handed.claim.job, handed.claim.token);
        self.shared.hands.take(job, token, kind.name, signal.clone(), handed.receipt, slot);
        let attempt = attempt::run(self.shared.clone(), kind.clone(), handed.claim, signal);
        self.shared.attempts.spawn(attempt);
    }
}

impl Shared {
    /// Whether one that ends lets another begin, here or elsewhere.
    pub(super) fn is_limited(&self, kind: &str) -> bool {
        let limits = self.kinds.limits(kind);
        limits.is_some_and(|limits| limits.installation_max.is_some() || limits.tenant_max.is_some())
    }
}

impl Slots for Shared {
    fn lanes(&self) -> Vec<Lane> {
        if self.stop.is_cancelled() {
            return Vec::new();
        }
        let in_hand = self.hands.by_kind();
        let lane = |kind: &Kind| Lane {
            kind: kind.name,
            version: kind.version,
            room: self.config.slots_of(kind).saturating_sub(in_hand.get(kind.name).copied().unwrap_or(0)),
            installation_max: kind.limits.installation_max,
            tenant_max: kind.limits.tenant_max,
            after: TenantId(Uuid::nil()),
        };
        self.kinds.iter().filter(|kind| self.config.slots_of(kind) > 0).map(lane).collect()
    }

    fn free(&self) -> usize {
        self.config.slots.saturating_sub(self.hands.len())
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.hands.changed()
    }
}
