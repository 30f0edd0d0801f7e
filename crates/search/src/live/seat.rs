//! A reader's place in a feed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use custody_auth::Principal;
use tokio::sync::Notify;

use super::{LiveConfig, Shown, queue::Queue};

/// The feed fills it, the reader empties it.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) principal: Principal,
    /// Nothing before it is for this reader.
    pub(super) from: u64,
    pub(super) filled: Notify,
    queue: Mutex<Queue>,
}

impl Seat {
    pub(super) fn new(principal: Principal, from: u64) -> Self {
        Self { principal, from, filled: Notify::new(), queue: Mutex::default() }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        // A panic elsewhere leaves the queue whole: no step in between can panic.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put(&self, shown: Arc<Shown>, config: &LiveConfig) {
        if !self.queue().push(shown, config) {
            metrics::counter!("custody_live_entries_dropped_total").increment(1);
        }
    }
}
