//! How many streams of entries run at once. Each costs a core while its reader keeps up, and a few
//! megabytes however slow it is.

use std::sync::Arc;

use custody_domain::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    problem::Problem,
    shares::{Share, Shares},
};

/// Of all tenants.
const STREAMS_MAX: usize = 64;
/// Of one tenant.
const STREAMS_OF_TENANT_MAX: usize = 16;
/// Seconds after which a refused reader may try again.
const RETRY_AFTER: u32 = 1;

/// The streams that run.
#[derive(Clone, Debug)]
pub(crate) struct LogStreams {
    all: Arc<Semaphore>,
    of_tenant: Shares<TenantId>,
}

/// One that runs, until it is dropped.
#[derive(Debug)]
pub(crate) struct LogStream {
    share: Share<TenantId>,
    _all: OwnedSemaphorePermit,
}

impl LogStreams {
    pub(crate) fn new() -> Self {
        Self { all: Arc::new(Semaphore::new(STREAMS_MAX)), of_tenant: Shares::new(STREAMS_OF_TENANT_MAX) }
    }

    /// A place among them, or 503.
    pub(crate) fn begin(&self, tenant: TenantId) -> Result<LogStream, Problem> {
        let full = |_| Problem::unavailable("As many streams of the log run as may.", RETRY_AFTER);
        let all = self.all.clone().try_acquire_owned().map_err(full)?;
        let share = self.of_tenant.of(tenant);
        share.try_acquire().map_err(full)?.forget();
        Ok(LogStream { share, _all: all })
    }
}

impl Drop for LogStream {
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
        let streams = LogStreams::new();
        let (one, other) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let held: Vec<_> = (0..STREAMS_OF_TENANT_MAX).map(|_| streams.begin(one).unwrap()).collect();
        assert!(streams.begin(one).is_err());
        streams.begin(other).unwrap();
        drop(held);
        streams.begin(one).unwrap();
        assert_eq!(streams.all.available_permits(), STREAMS_MAX);
    }
}
