//! Watches jobs for all streams of this process with one query, however many they are.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use custody_store::{
    Store,
    jobs::{self, JobId},
};
use tokio::{
    sync::{Notify, watch},
    time,
};

/// Looks so often at most, …
const PAUSE: Duration = Duration::from_millis(50);
/// … and, where no hint came, so seldom: one that was lost costs a second.
const POLL: Duration = Duration::from_secs(1);

/// Which jobs somebody watches, and at which version they are. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct JobWatch(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Store,
    changed: watch::Receiver<u64>,
    /// A job was added, and is to be looked at before the next hint.
    added: Notify,
    watched: Mutex<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    jobs: HashMap<JobId, watch::Sender<Seen>>,
    /// Whether a task looks after them.
    looking: bool,
}

/// What was last seen of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Seen {
    #[default]
    NotYet,
    Version(u64),
    /// It ended so long ago that it was swept out.
    Gone,
}

/// A job that is watched until this is dropped.
#[derive(Debug)]
pub(crate) struct Watching {
    watch: JobWatch,
    job: JobId,
    seen: watch::Receiver<Seen>,
}

impl JobWatch {
    pub(crate) fn new(store: Store, changed: watch::Receiver<u64>) -> Self {
        Self(Arc::new(Shared { store, changed, added: Notify::new(), watched: Mutex::default() }))
    }

    pub(crate) fn watch(&self, job: JobId) -> Watching {
        let mut watched = self.lock();
        let seen = watched.jobs.entry(job).or_default().subscribe();
        if !watched.looking {
            watched.looking = true;
            tokio::spawn(look(self.clone()));
        }
        drop(watched);
        self.0.added.notify_one();
        Watching { watch: self.clone(), job, seen }
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        // A panic elsewhere leaves the map whole: no step in between can panic.
        self.0.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None where nobody watches any more; then whoever comes next begins anew.
    fn jobs(&self) -> Option<Vec<JobId>> {
        let mut watched = self.lock();
        watched.looking = !watched.jobs.is_empty();
        watched.looking.then(|| watched.jobs.keys().copied().collect())
    }

    fn tell(&self, asked: &[JobId], versions: &[(JobId, u64)]) {
        let versions: HashMap<_, _> = versions.iter().copied().collect();
        let watched = self.lock();
        for job in asked {
            let now = versions.get(job).map_or(Seen::Gone, |version| Seen::Version(*version));
            if let Some(seen) = watched.jobs.get(job) {
                seen.send_if_modified(|seen| std::mem::replace(seen, now) != now);
            }
        }
    }
}

impl Watching {
    /// Ends when the job is past this version, or gone.
    pub(crate) async fn past(&mut self, version: u64) -> Seen {
        let past = |seen: &Seen| match seen {
            Seen::NotYet => false,
            Seen::Version(now) => *now > version,
            Seen::Gone => true,
        };
        // The sender lives as long as this does.
        self.seen.wait_for(past).await.map_or(Seen::Gone, |seen| *seen)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut watched = self.watch.lock();
        // This one's receiver is still among them.
        if watched.jobs.get(&self.job).is_some_and(|seen| seen.receiver_count() == 1) {
            watched.jobs.remove(&self.job);
        }
    }
}

/// As long as anybody watches.
async fn look(watch: JobWatch) {
    let mut changed = watch.0.changed.clone();
    while let Some(jobs) = watch.jobs() {
        changed.mark_unchanged();
        match jobs::versions(&watch.0.store, &jobs).await {
            Ok(versions) => watch.tell(&jobs, &versions),
            Err(error) => tracing::debug!(%error, "watched jobs could not be looked at"),
        }
        time::sleep(PAUSE).await;
        tokio::select! {
            () = time::sleep(POLL.saturating_sub(PAUSE)) => {}
            () = watch.0.added.notified() => {}
            Ok(()) = changed.changed() => {}
        }
    }
}
