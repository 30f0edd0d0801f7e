//! How many scans a tenant has at once: one that asks for much must not keep the others waiting.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use custody_domain::TenantId;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::LinearLimits;
use crate::SearchError;

/// The tenants that have a scan at the moment, and no others.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<TenantId, Weak<Queue>>>);

/// The scans of one tenant. Who has a turn or waits for one has a place.
#[derive(Debug)]
struct Queue {
    scans: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// Given back when it is dropped, also where the request is given up.
#[derive(Debug)]
pub(crate) struct Turn {
    _place: OwnedSemaphorePermit,
    _scan: OwnedSemaphorePermit,
    _queue: Arc<Queue>,
}

impl Turns {
    /// Waits behind those of the same tenant that came before.
    pub(crate) async fn take(&self, tenant: TenantId, limits: &LinearLimits) -> Result<Turn, SearchError> {
        let busy = || SearchError::Busy { wait: limits.wait_max };
        let queue = self.queue(tenant, limits);
        let place = Arc::clone(&queue.places).try_acquire_owned().map_err(|_| busy())?;
        let turn = timeout(limits.wait_max, Arc::clone(&queue.scans).acquire_owned()).await;
        let scan = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        Ok(Turn { _place: place, _scan: scan, _queue: queue })
    }

    fn queue(&self, tenant: TenantId, limits: &LinearLimits) -> Arc<Queue> {
        let mut tenants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = tenants.get(&tenant).and_then(Weak::upgrade) {
            return queue;
        }
        // As many stay as have a scan now: what ended is not kept for longer than until the next.
        tenants.retain(|_, queue| queue.strong_count() > 0);
        let queue = Arc::new(Queue {
            scans: Arc::new(Semaphore::new(limits.tenant_scans_max)),
            places: Arc::new(Semaphore::new(limits.tenant_scans_max + limits.tenant_waiting_max)),
        });
        tenants.insert(tenant, Arc::downgrade(&queue));
        queue
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn it_keeps_no_more_tenants_than_have_a_scan() {
        let (turns, limits) = (Turns::default(), LinearLimits::default());
        let kept = turns.take(TenantId(Uuid::from_u128(0)), &limits).await.unwrap();
        for n in 1..1_000 {
            turns.take(TenantId(Uuid::from_u128(n)), &limits).await.unwrap();
        }
        assert!(turns.0.lock().unwrap().len() <= 2);
        drop(kept);
    }
}
