//! Watches rows that have a version (jobs, scans) for all streams of this process with one query a kind,
//! however many they are.

use std::{
    collections::HashMap,
    fmt::Debug,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use custody_domain::{ScanId, TenantId};
use custody_store::{
    Store, StoreError,
    jobs::{self, JobId},
    scans,
};
use tokio::{
    sync::{Notify, watch},
    time,
};

/// Looks so often at most, …
const PAUSE: Duration = Duration::from_millis(50);
/// … and, where no hint came, so seldom: one that was lost costs a second.
const POLL: Duration = Duration::from_secs(1);

/// Rows of one kind, each with a version that rises with whatever can be seen of it.
pub(crate) trait Versioned: Copy + Debug + Eq + Hash + Send + Sync + 'static {
    /// The versions of those that are there.
    fn versions(
        store: &Store,
        rows: &[Self],
    ) -> impl Future<Output = Result<Vec<(Self, u64)>, StoreError>> + Send;
}

impl Versioned for JobId {
    async fn versions(store: &Store, rows: &[Self]) -> Result<Vec<(Self, u64)>, StoreError> {
        jobs::versions(store, rows).await
    }
}

impl Versioned for (TenantId, ScanId) {
    async fn versions(store: &Store, rows: &[Self]) -> Result<Vec<(Self, u64)>, StoreError> {
        scans::versions(store, rows).await
    }
}

/// Which rows somebody watches, and at which version they are. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct VersionWatch<R: Versioned>(Arc<Shared<R>>);

#[derive(Debug)]
struct Shared<R> {
    store: Store,
    changed: watch::Receiver<u64>,
    /// A row was added, and is to be looked at before the next hint.
    added: Notify,
    watched: Mutex<Watched<R>>,
}

#[derive(Debug)]
struct Watched<R> {
    rows: HashMap<R, watch::Sender<Seen>>,
    /// Whether a task looks after them.
    looking: bool,
}

/// What was last seen of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Seen {
    #[default]
    NotYet,
    Version(u64),
    /// It is there no more.
    Gone,
}

/// A row that is watched until this is dropped.
#[derive(Debug)]
pub(crate) struct Watching<R: Versioned> {
    watch: VersionWatch<R>,
    row: R,
    seen: watch::Receiver<Seen>,
}

impl<R: Versioned> VersionWatch<R> {
    pub(crate) fn new(store: Store, changed: watch::Receiver<u64>) -> Self {
        let watched = Mutex::new(Watched { rows: HashMap::new(), looking: false });
        Self(Arc::new(Shared { store, changed, added: Notify::new(), watched }))
    }

    pub(crate) fn watch(&self, row: R) -> Watching<R> {
        let mut watched = self.lock();
        let seen = watched.rows.entry(row).or_default().subscribe();
        if !watched.looking {
            watched.looking = true;
            tokio::spawn(look(self.clone()));
        }
        drop(watched);
        self.0.added.notify_one();
        Watching { watch: self.clone(), row, seen }
    }

    fn lock(&self) -> MutexGuard<'_, Watched<R>> {
        // A panic elsewhere leaves the map whole: no step in between can panic.
        self.0.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None where nobody watches any more; then whoever comes next begins anew.
    fn rows(&self) -> Option<Vec<R>> {
        let mut watched = self.lock();
        watched.looking = !watched.rows.is_empty();
        watched.looking.then(|| watched.rows.keys().copied().collect())
    }

    fn tell(&self, asked: &[R], versions: &[(R, u64)]) {
        let versions: HashMap<_, _> = versions.iter().copied().collect();
        let watched = self.lock();
        for row in asked {
            let now = versions.get(row).map_or(Seen::Gone, |version| Seen::Version(*version));
            if let Some(seen) = watched.rows.get(row) {
                seen.send_if_modified(|seen| std::mem::replace(seen, now) != now);
            }
        }
    }
}

impl<R: Versioned> Watching<R> {
    /// Ends when the row is past this version, or gone.
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

impl<R: Versioned> Drop for Watching<R> {
    fn drop(&mut self) {
        let mut watched = self.watch.lock();
        // This one's receiver is still among them.
        if watched.rows.get(&self.row).is_some_and(|seen| seen.receiver_count() == 1) {
            watched.rows.remove(&self.row);
        }
    }
}

/// As long as anybody watches.
async fn look<R: Versioned>(watch: VersionWatch<R>) {
    let mut changed = watch.0.changed.clone();
    while let Some(rows) = watch.rows() {
        changed.mark_unchanged();
        match R::versions(&watch.0.store, &rows).await {
            Ok(versions) => watch.tell(&rows, &versions),
            Err(error) => tracing::debug!(%error, "what is watched could not be looked at"),
        }
        time::sleep(PAUSE).await;
        tokio::select! {
            () = time::sleep(POLL.saturating_sub(PAUSE)) => {}
            () = watch.0.added.notified() => {}
            Ok(()) = changed.changed() => {}
        }
    }
}
