//! Group commit: what waits is written together.
//!
//! Requests wait in one bounded queue. A committer takes all that wait, up to a batch's bounds, writes
//! them in one transaction and answers each; meanwhile the next gather. Nothing waits for a timer: an
//! idle server commits a lone request at once. A tenant is with one committer at a time, so that two
//! never wait for each other's heads; other servers' committers wait in the database.
//!
//! An appender that goes away leaves its request to be committed or, if nobody has taken it yet, to
//! be forgotten. No committer runs while nothing waits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use custody_domain::TenantId;
use custody_store::Store;
use tokio::{
    sync::{Notify, oneshot, watch},
    time::Instant,
};

use self::{
    committer::Committer,
    queue::{Queue, Request},
};
use crate::{Draft, LedgerError, Recent, Written, plan::Answer};

mod batch;
mod committer;
mod config;

mod queue;
mod settle;

pub use config::CommitConfig;

/// What the appenders and the committers of one ledger share.
#[derive(Debug)]
pub(crate) struct Commits {
    store: Store,
    queue: Mutex<Queue>,
    /// Told when requests leave the queue.
    room: Notify,
    moved: watch::Sender<u64>,
    recent: Recent,
    written: Written,
}

impl Commits {
    pub(crate) fn new(store: Store, config: CommitConfig) -> Arc<Self> {
        Arc::new(Self {
            store,
            queue: Mutex::new(Queue::new(config)),
            room: Notify::new(),
            moved: watch::Sender::new(0),
            recent: Recent::default(),
            written: Written::default(),
        })
    }

    pub(crate) fn moved(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    pub(crate) fn recent(&self) -> &Recent {
        &self.recent
    }

    pub(crate) fn written(&self) -> &Written {
        &self.written
    }

    /// Queues a request, waiting for room until `deadline` if there is one, and waits until it is
    /// committed: one answer a draft.
    pub(crate) async fn submit(
        self: &Arc<Self>,
        tenant: TenantId,
        drafts: Vec<Draft>,
        deadline: Option<Instant>,
    ) -> Result<Vec<Answer>, LedgerError> {
        let (answer, answered) = oneshot::channel();
        let mut request = Request::new(tenant, drafts, answer);
        loop {
            let mut room = std::pin::pin!(self.room.notified());
            // Before the look into the queue, so that no word is missed after it.
            room.as_mut().enable();
            let queued = self.queue().push(request);
            match queued {
                Ok(()) => break,
                Err(back) => request = back,
            }
            let waited = match deadline {
                Some(deadline) => tokio::time::timeout_at(deadline, room).await.is_ok(),
                None => false,
            };
            if !waited {
                metrics::counter!("custody_ledger_queue_full_total").increment(1);
                return Err(LedgerError::Full);
            }
        }
        self.call_committers();
        answered
            .await
            .unwrap_or_else(|_| Err(LedgerError::Unknown("the committer ended without an answer".into())))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts committers for what waits, if there are fewer than it is worth.
    fn call_committers(self: &Arc<Self>) {
        while let Some(committer) = Committer::begin(self) {
            tokio::spawn(committer.run());
        }
    }
}
