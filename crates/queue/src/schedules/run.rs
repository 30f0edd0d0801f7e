//! The loop of each process that runs jobs.

use std::time::Duration;

use custody_store::{
    Store, StoreError,
    schedules::{self, Declared},
};
use tokio::{
    sync::watch,
    time::{self, Instant},
};

use super::{Times, fire_due};
use crate::Kinds;

/// Never sooner than this, whatever is heard.
const PAUSE: Duration = Duration::from_secs(1);
/// And never later: a clock that was set back is noticed by then, and a schedule of which nothing was
/// heard.
const REVIEW: Duration = Duration::from_secs(30);

/// Writes the program's own schedules, then fires what is due, for ever.
pub async fn run(store: Store, kinds: Kinds, declared: Vec<Declared>, mut changed: watch::Receiver<u64>) {
    let mut declared = Some(declared);
    let mut failing = false;
    loop {
        changed.mark_unchanged();
        let begun = Instant::now();
        let wait = match pass(&store, &kinds, &mut declared).await {
            Ok(wait) => {
                failing = false;
                wait
            }
            Err(error) => {
                if !failing {
                    tracing::warn!(%error, "schedules are not fired");
                }
                failing = true;
                PAUSE
            }
        };
        time::sleep_until(begun + PAUSE).await;
        let _ = time::timeout_at(begun + wait, changed.changed()).await;
    }
}

/// Answers when to look again.
async fn pass(
    store: &Store,
    kinds: &Kinds,
    declared: &mut Option<Vec<Declared>>,
) -> Result<Duration, StoreError> {
    if let Some(own) = declared {
        schedules::declare(store, own).await?;
        *declared = None;
    }
    let next = |timing: &schedules::Timing, now| Times::of(timing).and_then(|times| times.after(now));
    schedules::review(store, |timing, now| next(timing, now).map_err(|error| error.to_string())).await?;
    fire_due(store, kinds).await?;
    Ok(schedules::due_in(store).await?.unwrap_or(REVIEW).min(REVIEW))
}
