//! A committer: takes batch after batch until nothing waits.

use std::sync::Arc;

use super::{
    Commits,
    queue::{Batch, Taken},
};

/// At work, and counted in the queue as long as it is there.
pub(super) struct Committer {
    commits: Arc<Commits>,
    at_work: bool,
}

impl Committer {
    /// None where those at work will do all that waits.
    pub(super) fn begin(commits: &Arc<Commits>) -> Option<Self> {
        let worth_it = commits.queue().call_committer();
        worth_it.then(|| Self { commits: Arc::clone(commits), at_work: true })
    }

    pub(super) async fn run(mut self) {
        while let Some(batch) = self.next() {
            self.commits.room.notify_waiters();
            // What is left may be worth a second one.
            self.commits.call_committers();
            let Batch { requests, taken } = batch;
            let held = Held { commits: &self.commits, taken };
            self.commits.settle(requests).await;
            drop(held);
        }
    }

    /// None ends it, under the same lock: what is queued later calls another.
    fn next(&mut self) -> Option<Batch> {
        let batch = self.commits.queue().take_or_end();
        self.at_work = batch.is_some();
        batch
    }
}

impl Drop for Committer {
    /// Where it panicked, or its runtime ended. It calls no other: the next appender does.
    fn drop(&mut self) {
        if self.at_work {
            self.commits.queue().committer_ended();
        }
    }
}

/// The tenants of a batch, which no other committer takes meanwhile.
struct Held<'c> {
    commits: &'c Commits,
    taken: Taken,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.commits.queue().put_back(&self.taken);
    }
}
