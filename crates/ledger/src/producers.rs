//! The follower that watches producers' own numbers, and the watermark that is signed from what it
//! knows. docs/completeness.md says what the numbers mean.

mod tally;
mod watermark;

use std::time::{Duration, Instant};

use async_trait::async_trait;
use custody_store::{
    Store,
    followers::{self, Position},
    producers::{self, Stretch},
};

use self::tally::Tally;
use crate::follow::{Behind, Fence, FollowError, Follower};

/// Entries that are looked at in one transaction.
const ENTRIES_MAX: u64 = 50_000;
/// After so long a call ends, so that its lease is not held up; it is called again at once.
const CALL: Duration = Duration::from_secs(1);

/// Keeps, for every producer, which numbers have not come.
#[derive(Clone, Debug)]
pub struct Producers {
    store: Store,
}

/// A stretch of a log, and where the follower is behind it.
#[derive(Clone, Copy, Debug)]
struct Step {
    stretch: Stretch,
    entries: u64,
    to: Position,
}

impl Producers {
    pub const NAME: &'static str = "producers";

    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// As much of the log as goes into one transaction.
    async fn step(&self, log: &Behind) -> Result<Step, FollowError> {
        let mut to = log.whole();
        if log.count() > ENTRIES_MAX {
            let mut tx = self.store.system_tx().await?;
            let id = producers::nth_after(&mut tx, log.tenant, log.after, ENTRIES_MAX).await?;
            tx.commit().await?;
            to.position = log.from + ENTRIES_MAX;
            to.last_id = id.ok_or_else(|| missing(log, log.count()))?;
        }
        let stretch = Stretch { tenant: log.tenant, after: log.after, to: to.last_id };
        Ok(Step { stretch, entries: to.position - log.from, to })
    }

    async fn pass(&self, fence: &Fence, steps: &[(&Behind, Step)]) -> Result<(), FollowError> {
        let stretches: Vec<_> = steps.iter().map(|(_, step)| step.stretch).collect();
        let mut tx = self.store.system_tx().await?;
        let numbered = producers::numbered(&mut tx, &stretches).await?;
        tx.commit().await?;
        for (at, (log, step)) in steps.iter().enumerate() {
            let found: u64 = numbered.iter().filter(|n| n.stretch == at).map(|n| n.entries).sum();
            if found != step.entries {
                return Err(missing(log, found));
            }
        }
        let mut tx = fence.begin().await?;
        let positions: Vec<_> = steps.iter().map(|(_, step)| step.to).collect();
        let mut tally = Tally::new(&positions);
        tally.load(&mut tx, &numbered).await?;
        tally.count(&numbered);
        tally.save(&mut tx).await?;
        followers::advance(&mut tx, &positions).await?;
        Ok(tx.commit().await?)
    }
}

#[async_trait]
impl Follower for Producers {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    async fn follow(&self, fence: &Fence, behind: &[Behind]) -> Result<(), FollowError> {
        let begun = Instant::now();
        let (mut steps, mut entries) = (Vec::new(), 0);
        for (at, log) in behind.iter().enumerate() {
            let step = self.step(log).await?;
            entries += step.entries;
            steps.push((log, step));
            if entries >= ENTRIES_MAX || at + 1 == behind.len() {
                self.pass(fence, &steps).await?;
                (steps, entries) = (Vec::new(), 0);
                if begun.elapsed() > CALL {
                    break;
                }
            }
        }
        Ok(())
    }
}

fn missing(log: &Behind, found: u64) -> FollowError {
    let reason = format!("entries are missing after entry {}", log.from);
    FollowError::of_tenant(log.tenant, reason, format!("{found} of {} entries were found", log.count()))
}
