//! What this worker has in hand.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use custody_store::jobs::JobId;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::AbortHandle,
    time::Instant,
};

use crate::{
    Kinds,
    signal::{Signal, Why},
};

/// A job in hand.
pub(super) struct InHand {
    pub(super) token: i64,
    pub(super) since: Instant,
    pub(super) signal: Signal,
    pub(super) receipt: Option<String>,
    kind: &'static str,
    abort: Option<AbortHandle>,
    slot: OwnedSemaphorePermit,
}

pub(super) struct Hands {
    slots: Arc<Semaphore>,
    freed: watch::Sender<u64>,
    changed: watch::Sender<u64>,
    jobs: Mutex<Jobs>,
}

#[derive(Default)]
struct Jobs {
    in_hand: HashMap<JobId, InHand>,
    by_kind: BTreeMap<&'static str, usize>,
}

impl Hands {
    pub(super) fn new(slots: usize, kinds: &Kinds) -> Self {
        let by_kind = kinds.names().map(|name| (name, 0)).collect();
        Self {
            slots: Arc::new(Semaphore::new(slots)),
            freed: watch::Sender::new(0),
            changed: watch::Sender::new(0),
            jobs: Mutex::new(Jobs { in_hand: HashMap::new(), by_kind }),
        }
    }

    /// Waits for a free slot, and takes all that are.
    pub(super) async fn free(&self) -> Option<OwnedSemaphorePermit> {
        let mut free = Arc::clone(&self.slots).acquire_owned().await.ok()?;
        let more = u32::try_from(self.slots.available_permits()).unwrap_or(u32::MAX);
        if let Ok(more) = Arc::clone(&self.slots).try_acquire_many_owned(more) {
            free.merge(more);
        }
        Some(free)
    }

    /// Changes with every job that is in hand no more.
    pub(super) fn freed(&self) -> watch::Receiver<u64> {
        self.freed.subscribe()
    }

    /// Changes with every job that is in hand, and with every one that is no more.
    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// How many of each kind are in hand.
    pub(super) fn by_kind(&self) -> BTreeMap<&'static str, usize> {
        self.lock().by_kind.clone()
    }

    pub(super) fn take(
        &self,
        job: JobId,
        token: i64,
        kind: &'static str,
        signal: Signal,
        receipt: Option<String>,
        slot: OwnedSemaphorePermit,
    ) {
        let mut jobs = self.lock();
        *jobs.by_kind.entry(kind).or_default() += 1;
        let in_hand = InHand { token, since: Instant::now(), signal, receipt, kind, abort: None, slot };
        // Its attempt before: lost, or it would not have been handed out again.
        if let Some(before) = jobs.in_hand.insert(job, in_hand) {
            before.signal.give(Why::Lost);
            jobs.one_less(before.kind);
        }
        drop(jobs);
        self.changed.send_modify(|n| *n += 1);
    }

    pub(super) fn can_abort(&self, job: JobId, token: i64, abort: AbortHandle) {
        if let Some(in_hand) = self.lock().in_hand.get_mut(&job).filter(|in_hand| in_hand.token == token) {
            in_hand.abort = Some(abort);
        }
    }

    /// Its end is written down, or there is nothing to be.
    pub(super) fn drop(&self, job: JobId, token: i64) -> Option<String> {
        let mut jobs = self.lock();
        if jobs.in_hand.get(&job)?.token != token {
            return None;
        }
        let in_hand = jobs.in_hand.remove(&job)?;
        jobs.one_less(in_hand.kind);
        drop(jobs);
        let InHand { receipt, slot, .. } = in_hand;
        drop(slot);
        self.freed.send_modify(|n| *n += 1);
        self.changed.send_modify(|n| *n += 1);
        receipt
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().in_hand.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.lock().in_hand.len()
    }

    pub(super) fn tell_all(&self, why: Why) {
        self.lock().in_hand.values().for_each(|in_hand| in_hand.signal.give(why));
    }

    pub(super) fn abort_all(&self) {
        self.lock()
            .in_hand
            .values()
            .filter_map(|in_hand| in_hand.abort.as_ref())
            .for_each(AbortHandle::abort);
    }

    pub(super) fn tell(&self, job: JobId, token: i64, why: Why) {
        if let Some(in_hand) = self.lock().in_hand.get(&job).filter(|in_hand| in_hand.token == token) {
            in_hand.signal.give(why);
        }
    }

    /// Those that were in hand before that moment.
    pub(super) fn before(&self, moment: Instant) -> Vec<(JobId, i64)> {
        let jobs = self.lock();
        jobs.in_hand.iter().filter(|(_, h)| h.since < moment).map(|(job, h)| (*job, h.token)).collect()
    }

    pub(super) fn has(&self, job: JobId, token: i64) -> bool {
        self.lock().in_hand.get(&job).is_some_and(|in_hand| in_hand.token == token)
    }

    pub(super) fn receipts(&self) -> Vec<String> {
        self.lock().in_hand.values().filter_map(|in_hand| in_hand.receipt.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Jobs> {
        // A panic in another task leaves the maps whole: no step in between can panic.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Jobs {
    fn one_less(&mut self, kind: &'static str) {
        if let Some(count) = self.by_kind.get_mut(kind) {
            *count = count.saturating_sub(1);
        }
    }
}
