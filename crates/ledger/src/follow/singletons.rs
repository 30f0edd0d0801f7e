//! The followers of one process, started and stopped together.

use std::{sync::Arc, time::Duration};

use custody_store::Store;
use tokio::{sync::watch, task::JoinSet, time};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    FollowConfig, Follower,
    holder::{Holder, hand_back},
    lag::Lag,
    runner::Runner,
    sick::Sick,
    wake,
};

/// Followers of which the installation runs one each, however many processes start them.
#[derive(Debug)]
pub struct Singletons {
    store: Store,
    names: Vec<&'static str>,
    /// Of this start of this process.
    holder: Uuid,
    runners: JoinSet<()>,
    /// Leases and wake-ups, which the runners need until they have ended.
    beside: JoinSet<()>,
    stop: CancellationToken,
}

impl Singletons {
    /// `moved` changes with every commit of this process ([`crate::Ledger::moved`]).
    pub fn start(
        store: &Store,
        moved: watch::Receiver<u64>,
        followers: Vec<Arc<dyn Follower>>,
        config: FollowConfig,
    ) -> Self {
        let (stop, holder) = (CancellationToken::new(), Uuid::new_v4());
        let (mut runners, mut beside) = (JoinSet::new(), JoinSet::new());
        let (wake, woken) = watch::channel(0);
        beside.spawn(wake::gather(store.clone(), moved, wake));
        let names = followers.iter().map(|follower| follower.name()).collect();
        for follower in followers {
            let (held, leases) = watch::channel(Vec::new());
            let (store, name) = (store.clone(), follower.name());
            let ttl = config.lease_ttl;
            beside.spawn(Holder { store: store.clone(), follower: name, id: holder, ttl, held }.hold());
            let runner = Runner {
                store,
                follower,
                holder,
                config,
                held: leases,
                wake: woken.clone(),
                sick: Sick::default(),
                lag: Lag::default(),
                turn: None,
                failing: false,
            };
            runners.spawn(runner.run(stop.clone()));
        }
        Self { store: store.clone(), names, holder, runners, beside, stop }
    }

    /// Under which it holds leases.
    pub fn holder(&self) -> Uuid {
        self.holder
    }

    /// Ends in order: the passes that have begun, then the leases are handed back, so that another
    /// process goes on at once. What takes longer than `patience` is cut off: its transaction is
    /// rolled back, its leases expire.
    pub async fn stop(mut self, patience: Duration) {
        self.stop.cancel();
        let ended = async {
            while self.runners.join_next().await.is_some() {}
            // No beat may take a lease again after it was handed back.
            self.beside.shutdown().await;
            hand_back(&self.store, &self.names, self.holder).await;
        };
        if time::timeout(patience, ended).await.is_err() {
            tracing::warn!("followers did not end in time; they were cut off");
        }
        self.runners.shutdown().await;
        self.beside.shutdown().await;
    }
}
