//! Rate limits of one node: per tenant, per credential, per address (GCRA, by `governor`).
//!
//! Bounded in memory: tenants and credentials are only counted once they were verified, and idle
//! ones are dropped; addresses, which anybody can make up, fall into a fixed number of slots by a
//! hash that outsiders cannot predict.

use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    net::IpAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use custody_domain::TenantId;
use governor::{
    RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};
use serde::{Deserialize, Serialize};

/// So many requests in so many seconds; as many at once, then evenly (the `q` and `w` of a
/// `RateLimit-Policy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    pub requests: NonZeroU32,
    pub window_secs: NonZeroU32,
}

impl Quota {
    #[expect(clippy::expect_used, reason = "called with constants that are not zero")]
    pub(crate) const fn of(requests: u32, window_secs: u32) -> Self {
        Self {
            requests: NonZeroU32::new(requests).expect("not zero"),
            window_secs: NonZeroU32::new(window_secs).expect("not zero"),
        }
    }

    fn governor(self) -> governor::Quota {
        // `with_period` refuses only zero, which a quota of these types can come to nowhere: more
        // than 10^9 requests a second are as good as one a nanosecond.
        let period = self.period().max(Duration::from_nanos(1));
        governor::Quota::with_period(period)
            .unwrap_or(governor::Quota::per_second(self.requests))
            .allow_burst(self.requests)
    }

    fn period(self) -> Duration {
        Duration::from_secs(self.window_secs.get().into()) / self.requests.get()
    }
}

/// `None` turns a limit off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsConfig {
    pub per_tenant: Option<Quota>,
    pub per_credential: Option<Quota>,
    pub per_address: Option<Quota>,
}

impl Default for LimitsConfig {
    /// Generous: they stop a runaway client, not a busy one.
    fn default() -> Self {
        Self {
            per_tenant: Some(Quota::of(60_000, 60)),
            per_credential: Some(Quota::of(30_000, 60)),
            per_address: Some(Quota::of(60_000, 60)),
        }
    }
}

/// Where one counter stands after a request, for the `RateLimit` headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// `tenant`, `credential` or `address`.
    pub policy: &'static str,
    pub quota: Quota,
    pub remaining: u32,
    /// Until the whole quota is there again.
    pub reset_secs: u64,
    /// Set where the request is refused: when one may be tried again.
    pub retry_after_secs: Option<u64>,
}

impl Standing {
    pub fn allowed(&self) -> bool {
        self.retry_after_secs.is_none()
    }

    /// The share of the quota that is left, in thousandths; refused is less than none.
    fn left(&self) -> i64 {
        match self.retry_after_secs {
            Some(_) => -1,
            None => i64::from(self.remaining) * 1000 / i64::from(self.quota.requests.get()),
        }
    }
}

/// The three counters.
pub struct RateLimits<C: Clock + Clone = DefaultClock> {
    tenants: Option<Counter<TenantId, C>>,
    credentials: Option<Counter<String, C>>,
    addresses: Option<Counter<u32, C>>,
    slots: Slots,
}

impl<C: Clock + Clone> std::fmt::Debug for RateLimits<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RateLimits")
    }
}

impl RateLimits {
    pub fn new(config: &LimitsConfig) -> Self {
        Self::with_clock(config, &DefaultClock::default())
    }
}

impl<C: Clock + Clone> RateLimits<C> {
    pub fn with_clock(config: &LimitsConfig, clock: &C) -> Self {
        Self {
            tenants: config.per_tenant.map(|q| Counter::new("tenant", q, clock)),
            credentials: config.per_credential.map(|q| Counter::new("credential", q, clock)),
            addresses: config.per_address.map(|q| Counter::new("address", q, clock)),
            slots: Slots::default(),
        }
    }

    /// Counts a request of an address, before anything is known of it.
    pub fn check_address(&self, address: IpAddr) -> Option<Standing> {
        let counter = self.addresses.as_ref()?;
        Some(counter.check(&self.slots.of_address(address)))
    }

    /// Counts a request of a verified credential, named by its principal, in its tenant. Answers
    /// the tighter of the two; none where both are off.
    pub fn check(&self, tenant: TenantId, principal: &str) -> Option<Standing> {
        let credential = self.credentials.as_ref().map(|counter| counter.check(&principal.to_owned()));
        // What a credential was refused does not use up the tenant's share.
        if credential.is_some_and(|standing| !standing.allowed()) {
            return credential;
        }
        let tenant = self.tenants.as_ref().map(|counter| counter.check(&tenant));
        credential.into_iter().chain(tenant).min_by_key(Standing::left)
    }
}

type Governor<K, C> = RateLimiter<K, DefaultKeyedStateStore<K>, C, StateInformationMiddleware>;

/// Idle keys are dropped after so many requests.
const SWEEP_EVERY: u32 = 65_536;

/// One quota, counted per key.
pub(crate) struct Counter<K: Hash + Eq + Clone, C: Clock + Clone> {
    policy: &'static str,
    quota: Quota,
    clock: C,
    governor: Governor<K, C>,
    until_sweep: AtomicU32,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Counter<K, C> {
    pub(crate) fn new(policy: &'static str, quota: Quota, clock: &C) -> Self {
        let store = DefaultKeyedStateStore::<K>::default();
        Self {
            policy,
            quota,
            clock: clock.clone(),
            governor: RateLimiter::new(quota.governor(), store, clock.clone()),
            until_sweep: AtomicU32::new(SWEEP_EVERY),
        }
    }

    pub(crate) fn check(&self, key: &K) -> Standing {
        if self.until_sweep.fetch_sub(1, Ordering::Relaxed) == 0 {
            self.governor.retain_recent();
            self.until_sweep.store(SWEEP_EVERY, Ordering::Relaxed);
        }
        let (remaining, wait) = match self.governor.check_key(key) {
            Ok(snapshot) => (snapshot.remaining_burst_capacity(), None),
            Err(until) => (0, Some(until.wait_time_from(self.clock.now()))),
        };
        let used = self.quota.requests.get().saturating_sub(remaining);
        Standing {
            policy: self.policy,
            quota: self.quota,
            remaining,
            reset_secs: whole_secs(self.quota.period() * used),
            retry_after_secs: wait.map(|wait| whole_secs(wait).max(1)),
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.governor.len()
    }
}

/// Rounded up: never earlier than it helps.
fn whole_secs(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// A fixed number of slots for keys that anybody can make up. Two may share one by chance; nobody
/// can aim, because the hash is keyed anew in every process.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    hash: RandomState,
}

impl Slots {
    const COUNT: u64 = 1 << 17;

    pub(crate) fn of(&self, key: impl Hash) -> u32 {
        u32::try_from(self.hash.hash_one(key) % Self::COUNT).unwrap_or(0)
    }

    /// IPv6 by its /64, which is what one subscriber gets.
    pub(crate) fn of_address(&self, address: IpAddr) -> u32 {
        match address.to_canonical() {
            IpAddr::V4(v4) => self.of(v4),
            IpAddr::V6(v6) => self.of(u128::from(v6) >> 64),
        }
    }
}

#[cfg(test)]
mod tests;
