//! The memory of all bodies together: counted as they come and as they are expanded, so that a
//! client holds only what it has sent, and in shares, so that one tenant leaves room for the others.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::extract::Request;
use custody_domain::TenantId;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use crate::{
    middleware::ClientAddress,
    problem::Problem,
    shares::{Share, Shares},
};

/// What a body's memory is counted in.
const RESERVED_UNIT: usize = 1024;

/// A body of less need not reserve: the number of requests bounds these.
const UNRESERVED_MAX: usize = 64 << 10;

/// One part in so many is what a tenant may hold. Half is enough for its largest bodies several at
/// a time, and leaves as much for everybody else.
const SHARE: usize = 2;

/// How long a body waits, all in all, for others to be done with.
const RESERVATION_WAIT: Duration = Duration::from_secs(5);

/// Who holds a body: the tenant of the request's credential (left in its extensions by
/// [`crate::Permit`]), or, where none is asked for, the client's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Holder {
    Tenant(TenantId),
    Address(Option<IpAddr>),
}

/// One permit for each [`RESERVED_UNIT`] bytes of bodies held.
#[derive(Clone, Debug)]
pub(crate) struct BodyMemory {
    all: Arc<Semaphore>,
    shares: Shares<Holder>,
    share: usize,
}

/// What one body holds of it, until it is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    all: Arc<Semaphore>,
    share: Share<Holder>,
    /// More than its share nobody can have: a limit of bodies above it could never be met.
    units_max: usize,
    units: usize,
    patience: Duration,
}

impl BodyMemory {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let all = bytes_max / RESERVED_UNIT;
        let share = all / SHARE;
        Self { all: Arc::new(Semaphore::new(all)), shares: Shares::new(share), share }
    }

    /// Holds nothing yet.
    pub(crate) fn reservation(&self, request: &Request) -> Reservation {
        let address = || request.extensions().get::<ClientAddress>().and_then(|client| client.counted());
        let tenant = request.extensions().get::<TenantId>();
        let holder = tenant.map_or_else(|| Holder::Address(address()), |tenant| Holder::Tenant(*tenant));
        Reservation {
            all: Arc::clone(&self.all),
            share: self.shares.of(holder),
            units_max: self.share,
            units: 0,
            patience: RESERVATION_WAIT,
        }
    }
}

impl Reservation {
    /// Holds at least `bytes` from now on. Waits for others; 503 when that takes too long. Answers
    /// how long it waited, which is not the client's doing.
    pub(crate) async fn grow(&mut self, bytes: usize) -> Result<Duration, Problem> {
        let more = self.counted(bytes).saturating_sub(self.units);
        if more == 0 {
            return Ok(Duration::ZERO);
        }
        let units = u32::try_from(more).unwrap_or(u32::MAX);
        let begun = Instant::now();
        let acquired = timeout(self.patience, async {
            let own = self.share.acquire_many(units).await?;
            let all = self.all.acquire_many(units).await?;
            Ok::<_, tokio::sync::AcquireError>((own, all))
        });
        let Ok(Ok((own, all))) = acquired.await else {
            return Err(Problem::unavailable("Other large bodies are being read; try again.", 2));
        };
        own.forget();
        all.forget();
        let waited = begun.elapsed();
        self.patience = self.patience.saturating_sub(waited);
        self.units += more;
        Ok(waited)
    }

    /// Gives back what is held above `bytes`.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let less = self.units.saturating_sub(self.counted(bytes));
        self.share.add_permits(less);
        self.all.add_permits(less);
        self.units -= less;
    }

    fn counted(&self, bytes: usize) -> usize {
        if bytes <= UNRESERVED_MAX { 0 } else { bytes.div_ceil(RESERVED_UNIT).min(self.units_max) }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use axum::body::Body;
    use uuid::Uuid;

    use super::*;

    fn of_tenant(n: u128) -> Request {
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(TenantId(Uuid::from_u128(n)));
        request
    }

    /// Time is tokio's own here and runs ahead when all wait.
    #[tokio::test(start_paused = true)]
    async fn a_tenant_may_hold_half_whatever_its_addresses() {
        let memory = BodyMemory::new(1 << 20);
        let mut first = memory.reservation(&of_tenant(1));
        first.grow(512 << 10).await.unwrap();
        assert!(memory.reservation(&of_tenant(1)).grow(100_000).await.is_err());
        memory.reservation(&of_tenant(2)).grow(512 << 10).await.unwrap();
        first.shrink(100_000);
        memory.reservation(&of_tenant(1)).grow(100_000).await.unwrap();
        drop(first);
        assert_eq!(memory.all.available_permits(), 1024);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_larger_than_a_share_is_not_refused_for_ever() {
        let memory = BodyMemory::new(1 << 20);
        memory.reservation(&of_tenant(1)).grow(10 << 20).await.unwrap();
    }

    /// A body that takes many steps waits no longer than one that takes one.
    #[tokio::test(start_paused = true)]
    async fn the_waits_of_one_body_add_up() {
        let memory = BodyMemory::new(1 << 20);
        let (mut first, mut second) = (memory.reservation(&of_tenant(1)), memory.reservation(&of_tenant(1)));
        first.grow(512 << 10).await.unwrap();
        let begun = Instant::now();
        let release = async {
            // The clock is paused: this takes no time.
            tokio::time::sleep(Duration::from_secs(3)).await;
            first.shrink(412 << 10);
        };
        let (waited, ()) = tokio::join!(second.grow(100 << 10), release);
        assert_eq!(waited.unwrap().as_secs(), 3);
        assert!(second.grow(200 << 10).await.is_err());
        assert_eq!(begun.elapsed().as_secs(), 5);
    }
}
