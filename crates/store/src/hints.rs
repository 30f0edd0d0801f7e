//! Words that follow a commit: within the process at once, by [`crate::announcements`] to the others.
//! Whoever misses one looks by itself before long.

use std::sync::Arc;

use tokio::sync::watch;

/// What a transaction changed that somebody waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one of each channel")]
pub(crate) struct Hint {
    pub(crate) jobs_wait: bool,
    pub(crate) jobs_changed: bool,
    pub(crate) jobs_cancelled: bool,
    pub(crate) schedules_changed: bool,
}

/// Channels whose number rises with each hint. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hints(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    jobs_wait: watch::Sender<u64>,
    jobs_changed: watch::Sender<u64>,
    jobs_cancelled: watch::Sender<u64>,
    schedules_changed: watch::Sender<u64>,
}

impl Default for Hints {
    fn default() -> Self {
        let new = || watch::Sender::new(0);
        Self(Arc::new(Inner {
            jobs_wait: new(),
            jobs_changed: new(),
            jobs_cancelled: new(),
            schedules_changed: new(),
        }))
    }
}

impl Hints {
    pub(crate) fn tell(&self, hint: Hint) {
        if hint.jobs_wait {
            self.0.jobs_wait.send_modify(|n| *n += 1);
        }
        if hint.jobs_cancelled {
            self.0.jobs_cancelled.send_modify(|n| *n += 1);
        }
        if hint.schedules_changed {
            self.0.schedules_changed.send_modify(|n| *n += 1);
        }
        if hint.jobs_changed {
            self.0.jobs_changed.send_modify(|n| *n += 1);
        }
    }

    /// Rises when this process committed that a running job is to be cancelled.
    pub fn jobs_cancelled(&self) -> watch::Receiver<u64> {
        self.0.jobs_cancelled.subscribe()
    }

    /// Rises when this process committed a schedule that may be due sooner.
    pub fn schedules_changed(&self) -> watch::Receiver<u64> {
        self.0.schedules_changed.subscribe()
    }

    /// Rises when this process committed a job that may be run.
    pub fn jobs_wait(&self) -> watch::Receiver<u64> {
        self.0.jobs_wait.subscribe()
    }

    /// Rises when this process committed a change of what a client sees of a job.
    pub fn jobs_changed(&self) -> watch::Receiver<u64> {
        self.0.jobs_changed.subscribe()
    }
}
