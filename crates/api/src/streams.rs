//! How many streams run at once: answers that go on for as long as somebody reads.

use std::sync::Arc;

use custody_domain::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    problem::Problem,
    shares::{Share, Shares},
};

/// Seconds after which a refused reader may try again.
const RETRY_AFTER: u32 = 1;
/// The same where one takes long.
const RETRY_AFTER_LONG: u32 = 10;

/// The streams of one kind that run.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    all: Arc<Semaphore>,
    of_tenant: Shares<TenantId>,
    /// What a refused one is told.
    full: &'static str,
    retry_after: u32,
    /// Whether one beyond the tenant's share is told that it asks too much (429), not that the server is
    /// full (503).
    counts: bool,
}

/// One that runs, until it is dropped.
#[derive(Debug)]
pub(crate) struct Stream {
    share: Share<TenantId>,
    _all: OwnedSemaphorePermit,
}

impl Streams {
    /// Of the log's entries. Each costs a core while its reader keeps up, and a few megabytes however
    /// slow it is.
    pub(crate) fn of_log() -> Self {
        Self::new(64, 16, "As many streams of the log run as may.")
    }

    /// Of a job's changes. Each costs a socket, and a query a change.
    pub(crate) fn of_jobs() -> Self {
        Self::new(1024, 64, "As many streams of jobs run as may.")
    }

    /// Of entries as they come. Each costs a socket, and what waits for it: a megabyte at most.
    pub(crate) fn of_entries() -> Self {
        Self::new(2048, 1024, "As many streams of entries run as may.")
    }

    /// Of files. Each costs a socket, a file or a connection to S3, and two pieces of it.
    pub(crate) fn of_files() -> Self {
        Self::new(256, 32, "As many files are downloaded as may at once.")
    }

    /// Of exports. Each takes all cores while its reader keeps up, and some twenty megabytes.
    pub(crate) fn of_exports() -> Self {
        let full = "As many exports run as may at once.";
        Self { retry_after: RETRY_AFTER_LONG, counts: true, ..Self::new(8, 2, full) }
    }

    fn new(all: usize, of_tenant: usize, full: &'static str) -> Self {
        let (all, of_tenant) = (Arc::new(Semaphore::new(all)), Shares::new(of_tenant));
        Self { all, of_tenant, full, retry_after: RETRY_AFTER, counts: false }
    }

    /// A place among them, or a refusal.
    pub(crate) fn begin(&self, tenant: TenantId) -> Result<Stream, Problem> {
        let full = || Problem::unavailable(self.full, self.retry_after);
        let all = self.all.clone().try_acquire_owned().map_err(|_| full())?;
        let share = self.of_tenant.of(tenant);
        let too_many = || Problem::too_many_requests(self.full, self.retry_after.into());
        let refused = |_| if self.counts { too_many() } else { full() };
        share.try_acquire().map_err(refused)?.forget();
        Ok(Stream { share, _all: all })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.share.add_permits(1);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_tenant_has_its_share_and_gives_it_back() {
        let streams = Streams::new(9, 3, "full");
        let (one, other) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let held: Vec<_> = (0..3).map(|_| streams.begin(one).unwrap()).collect();
        assert!(streams.begin(one).is_err());
        streams.begin(other).unwrap();
        drop(held);
        streams.begin(one).unwrap();
        assert_eq!(streams.all.available_permits(), 9);
    }
}
