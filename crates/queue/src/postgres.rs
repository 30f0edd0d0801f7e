//! PostgreSQL hands jobs out itself: what waits is claimed by the worker that has room.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use custody_store::{Store, jobs};
use tokio::{sync::watch, time};

use crate::{Dispatch, DispatchError, Handed, Room, Slots};

/// Who hears no hint looks this often.
const POLL: Duration = Duration::from_secs(5);
/// … and this often where no hints can be heard (a pooler hands none on).
const POLL_DEAF: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Postgres {
    store: Store,
    /// Rises when something may wait.
    wake: watch::Receiver<u64>,
    poll: Duration,
}

impl Postgres {
    /// `wake` rises with each hint ([`crate::hear`]); `hears` says whether other servers' are among them.
    pub fn new(store: Store, wake: watch::Receiver<u64>, hears: bool) -> Self {
        Self { store, wake, poll: if hears { POLL } else { POLL_DEAF } }
    }
}

#[async_trait]
impl Dispatch for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    async fn next(&self, room: &Room) -> Result<Vec<Handed>, DispatchError> {
        let mut wake = self.wake.clone();
        loop {
            wake.mark_unchanged();
            // In a task: broken off in the middle it would leave a connection to be closed.
            let (store, asked) = (self.store.clone(), room.clone());
            let claiming = tokio::spawn(async move {
                jobs::claim(&store, asked.worker, &asked.lanes, asked.total, false).await
            });
            let claims = claiming.await.map_err(|error| DispatchError::Queue(error.into()))??;
            if !claims.is_empty() {
                return Ok(claims.into_iter().map(|claim| Handed { claim, receipt: None }).collect());
            }
            let mut freed = room.freed.clone();
            tokio::select! {
                _ = time::timeout(self.poll, wake.changed()) => {}
                _ = freed.changed() => return Ok(Vec::new()),
            }
        }
    }

    async fn attend(&self, _slots: Arc<dyn Slots>) {
        std::future::pending::<()>().await;
    }

    async fn keep(&self, _receipts: Vec<String>) {}

    async fn ended(&self, _receipts: Vec<String>) {}
}
