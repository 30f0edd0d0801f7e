//! How often a sign-in may be tried: guessing must be slow, and locking somebody out must be hard.

use std::{net::IpAddr, num::NonZeroU32};

use governor::clock::{Clock, DefaultClock};
use serde::{Deserialize, Serialize};

use crate::limits::{Counter, Quota, Slots, Standing};

/// Attempts, good or bad. An account is held more tightly from one address than from all: a
/// stranger who keeps trying from elsewhere does not lock the person out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInLimitsConfig {
    pub per_account_and_address: Quota,
    pub per_account: Quota,
    pub per_address: Quota,
}

impl Default for SignInLimitsConfig {
    fn default() -> Self {
        Self {
            per_account_and_address: Quota::of(10, 600),
            per_account: Quota::of(100, 3600),
            per_address: Quota::of(300, 600),
        }
    }
}

/// Too many attempts; answer 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; try again in {retry_after_secs} s")]
pub struct TooMany {
    pub retry_after_secs: u64,
}

/// Counts attempts before the password is looked at. Bounded in memory like [`crate::limits`].
pub struct SignInLimits<C: Clock + Clone = DefaultClock> {
    pairs: Counter<u32, C>,
    accounts: Counter<u32, C>,
    addresses: Counter<u32, C>,
    slots: Slots,
}

impl<C: Clock + Clone> std::fmt::Debug for SignInLimits<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignInLimits")
    }
}

impl SignInLimits {
    pub fn new(config: &SignInLimitsConfig) -> Self {
        Self::with_clock(config, &DefaultClock::default())
    }

    /// Practically none: for tests and load that sign in without end.
    pub fn off() -> Self {
        let wide = Quota { requests: NonZeroU32::MAX, window_secs: NonZeroU32::MIN };
        Self::new(&SignInLimitsConfig { per_account_and_address: wide, per_account: wide, per_address: wide })
    }
}

impl<C: Clock + Clone> SignInLimits<C> {
    pub fn with_clock(config: &SignInLimitsConfig, clock: &C) -> Self {
        Self {
            pairs: Counter::new("account", config.per_account_and_address, clock),
            accounts: Counter::new("account", config.per_account, clock),
            addresses: Counter::new("address", config.per_address, clock),
            slots: Slots::default(),
        }
    }

    /// Counts one attempt. `account` is what was typed, known or not, in the form that it is
    /// looked up by; or another name of the secret that is tried (an invitation's hash).
    pub fn check(&self, account: &str, address: Option<IpAddr>) -> Result<(), TooMany> {
        let address = address.map(|address| self.slots.of_address(address));
        let mut standings = Vec::with_capacity(3);
        if let Some(address) = address {
            standings.push(self.addresses.check(&address));
        }
        standings.push(self.pairs.check(&self.slots.of((account, address))));
        // An attempt that is refused already must not use up the account for other addresses.
        if standings.iter().all(Standing::allowed) {
            standings.push(self.accounts.check(&self.slots.of(account)));
        }
        match standings.iter().filter_map(|s| s.retry_after_secs).max() {
            Some(retry_after_secs) => Err(TooMany { retry_after_secs }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn one_address_is_stopped_and_the_person_elsewhere_is_not() {
        let clock = FakeRelativeClock::default();
        let limits = SignInLimits::with_clock(&SignInLimitsConfig::default(), &clock);
        let attacker = Some("198.51.100.7".parse().unwrap());
        let home = Some("192.0.2.1".parse().unwrap());
        for _ in 0..10 {
            limits.check("ada@example.com", attacker).unwrap();
        }
        for _ in 0..500 {
            assert!(limits.check("ada@example.com", attacker).is_err());
        }
        limits.check("ada@example.com", home).unwrap();
        let refused = limits.check("ada@example.com", attacker).unwrap_err();
        clock.advance(Duration::from_secs(refused.retry_after_secs));
        limits.check("ada@example.com", attacker).unwrap();
    }

    #[test]
    fn guessing_from_everywhere_is_slow_too() {
        let clock = FakeRelativeClock::default();
        let limits = SignInLimits::with_clock(&SignInLimitsConfig::default(), &clock);
        let tried = (0..1000_u32)
            .filter(|n| {
                let address = Some(IpAddr::V4((0x0a00_0000 + n * 256).into()));
                limits.check("ada@example.com", address).is_ok()
            })
            .count();
        assert!((95..=100).contains(&tried), "{tried}");
    }
}
