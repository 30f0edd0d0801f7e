//! What any worker does for all: lets jobs wait whose time has come, takes back those whose worker is
//! gone, says how much there is to do.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use custody_store::{
    StoreError,
    jobs::{self, Status, Stray},
};
use tokio::{
    sync::watch,
    time::{self, Instant},
};

use super::{
    Shared,
    attempt::{self, OUTCOMES},
};

/// Who hears no hint looks this often, …
const POLL: Duration = Duration::from_secs(5);
/// … and never more often than this, whatever it hears.
const PAUSE: Duration = Duration::from_millis(50);
const MEASURE: Duration = Duration::from_secs(15);

/// For ever.
pub(super) async fn tend(shared: Arc<Shared>, mut wait: watch::Receiver<u64>) {
    let (mut taken_back, mut looked_at_clock) = (Instant::now(), Instant::now());
    let mut measured = Instant::now() - MEASURE.min(Duration::from_secs(1));
    let mut kinds: BTreeSet<String> = shared.kinds.names().map(str::to_owned).collect();
    // As often as they say that they are there, jobs of gone workers are looked for.
    let pause = shared.config.lease_ttl / 3;
    let poll = POLL.min(pause);
    loop {
        wait.mark_unchanged();
        let mut next = poll;
        match jobs::promote(&shared.store).await {
            Ok((_, due)) => next = due.unwrap_or(poll).min(poll),
            Err(error) => tracing::debug!(%error, "jobs whose time has come wait longer"),
        }
        if taken_back.elapsed() >= pause && shared.may_miss_others() {
            taken_back = Instant::now();
            let by = Some(shared.row.id);
            let back = jobs::take_back(&shared.store, by, None, || shared.may_miss_others()).await;
            back.as_deref().into_iter().for_each(count);
            report(back, "jobs of gone workers were not taken back");
            let unknown = jobs::unknown_to_all(&shared.store, shared.config.unknown_patience).await;
            unknown.as_deref().into_iter().for_each(count);
            report(unknown, "jobs that nobody can read were not looked for");
        }
        if looked_at_clock.elapsed() >= shared.config.lease_ttl {
            looked_at_clock = Instant::now();
            let moved = jobs::put_off_in_the_future(&shared.store).await;
            if let Ok(jobs @ 1..) = moved {
                tracing::warn!(
                    jobs,
                    "the database's clock was set back; jobs that were put off are put off anew"
                );
            }
            report(moved, "jobs that were put off by another clock were not looked for");
        }
        if measured.elapsed() >= MEASURE {
            measured = Instant::now();
            measure(&shared, &mut kinds).await;
        }
        let until = Instant::now() + next.max(PAUSE);
        time::sleep(PAUSE).await;
        let _ = time::timeout_at(until, wait.changed()).await;
    }
}

/// Those that ended by this: no worker that ran them says so.
pub(super) fn count(strays: &[Stray]) {
    let [_, _, failed, cancelled, ..] = OUTCOMES;
    for Stray { kind, status } in strays {
        match status {
            Status::Failed => attempt::count(kind.clone(), failed),
            Status::Cancelled => attempt::count(kind.clone(), cancelled),
            _ => {}
        }
    }
}

fn report<T>(result: Result<T, StoreError>, what: &str) {
    match result {
        // Others say so loud enough, and the next look makes up for it.
        Err(error) if error.is_unavailable() => tracing::debug!(%error, "{what}"),
        Err(error) => tracing::error!(%error, "{what}"),
        Ok(_) => {}
    }
}

/// Of the kinds that this program knows, and of those that wait or did: nobody else may tell of them.
#[expect(clippy::cast_precision_loss, reason = "gauges")]
async fn measure(shared: &Shared, kinds: &mut BTreeSet<String>) {
    let depths = match jobs::depths(&shared.store).await {
        Ok(depths) => depths,
        Err(error) => return tracing::debug!(%error, "the depth of the queue is not known"),
    };
    kinds.extend(depths.iter().map(|depth| depth.kind.clone()));
    for kind in kinds.iter() {
        let depth = depths.iter().find(|depth| depth.kind == *kind);
        let gauge = |name, value: f64| metrics::gauge!(name, "kind" => kind.clone()).set(value);
        gauge("custody_jobs_waiting", depth.map_or(0.0, |depth| depth.waiting as f64));
        gauge("custody_jobs_delayed", depth.map_or(0.0, |depth| depth.delayed as f64));
        gauge("custody_jobs_running", depth.map_or(0.0, |depth| depth.running as f64));
        gauge("custody_jobs_oldest_waiting_seconds", depth.map_or(0.0, |depth| depth.oldest_seconds));
    }
}
