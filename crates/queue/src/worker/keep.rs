//! Says that the worker is there, and hears which of its jobs are not its own any more.

use std::{collections::HashSet, sync::Arc};

use custody_store::jobs::{self, Time};
use tokio::{
    sync::watch,
    time::{self, Instant},
};

use super::Shared;
use crate::signal::Why;

/// Less is the noise of two clocks.
const JUMP_MIN: std::time::Duration = std::time::Duration::from_secs(5);

/// For ever. While the database is away jobs run on: the fence says what counts.
pub(super) async fn keep(shared: Arc<Shared>, mut cancelled: watch::Receiver<u64>) {
    let mut keeper = Keeper { strange: HashSet::new(), last: None, shared };
    let mut failing = false;
    loop {
        let begun = Instant::now();
        match keeper.once().await {
            Ok(()) => failing = false,
            Err(error) => {
                keeper.shared.is_steady(false);
                if !failing {
                    tracing::warn!(%error, "the worker could not say that it is there");
                }
                failing = true;
            }
        }
        let pause = keeper.shared.config.lease_ttl / 3;
        tokio::select! {
            () = time::sleep_until(begun + pause) => {}
            Ok(()) = cancelled.changed() => {}
        }
    }
}

struct Keeper {
    shared: Arc<Shared>,
    /// Of this worker in the database and not in hand, when it last looked.
    strange: HashSet<(jobs::JobId, i64)>,
    /// The database's time, and when that was.
    last: Option<(Time, Instant)>,
}

impl Keeper {
    async fn once(&mut self) -> Result<(), custody_store::StoreError> {
        let shared = self.shared.clone();
        let begun = Instant::now();
        let in_hand = shared.hands.before(begun);
        if self.was_away() {
            // Before it is alive again in the database: from then on it might miss the others.
            shared.is_steady(false);
        }
        let (held, now) = jobs::beat(&shared.store, &shared.row, shared.config.lease_ttl).await?;
        self.shared.is_steady(!self.was_away() && !self.has_leapt(now, begun));
        self.last = Some((now, begun));
        let kept: HashSet<_> = held.iter().map(|held| (held.job, held.token)).collect();
        for (job, token) in in_hand.iter().filter(|job| !kept.contains(job)) {
            shared.hands.tell(*job, *token, Why::Lost);
        }
        for held in held.iter().filter(|held| held.cancel_requested) {
            shared.hands.tell(held.job, held.token, Why::Cancelled);
        }
        // One that was handed out at this moment is in hand the next time.
        let strange: HashSet<_> =
            kept.into_iter().filter(|(job, token)| !shared.hands.has(*job, *token)).collect();
        let stray: Vec<_> = strange.intersection(&self.strange).copied().collect();
        if !stray.is_empty() {
            tracing::warn!(jobs = stray.len(), "jobs were handed out and not received; they wait again");
            jobs::hand_back(&shared.store, shared.row.id, &stray, true).await?;
        }
        self.strange = strange;
        let receipts = shared.hands.receipts();
        if !receipts.is_empty() {
            shared.dispatch.keep(receipts).await;
        }
        Ok(())
    }

    /// For so long that others may seem to be gone.
    fn was_away(&self) -> bool {
        self.last.is_some_and(|(_, then)| then.elapsed() > self.shared.config.lease_ttl * 2 / 3)
    }

    /// Either way.
    fn has_leapt(&self, now: Time, at: Instant) -> bool {
        self.last.is_some_and(|(before, then)| {
            let passed = chrono::TimeDelta::from_std(at.duration_since(then)).unwrap_or_default();
            (now - before - passed).abs().to_std().is_ok_and(|leap| leap > JUMP_MIN)
        })
    }
}
