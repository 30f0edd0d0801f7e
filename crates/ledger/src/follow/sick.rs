//! The tenants whose logs cannot be followed at present, and when each is tried again: one sick log
//! holds up no other.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use custody_domain::TenantId;

#[derive(Debug, Default)]
pub(super) struct Sick(HashMap<TenantId, Try>);

#[derive(Clone, Copy, Debug)]
struct Try {
    again_at: Instant,
    pause: Duration,
}

impl Sick {
    pub(super) fn is_due(&self, tenant: TenantId, now: Instant) -> bool {
        self.0.get(&tenant).is_none_or(|next| next.again_at <= now)
    }

    /// Whether it was well before.
    pub(super) fn fail(&mut self, tenant: TenantId, now: Instant, (min, max): (Duration, Duration)) -> bool {
        let before = self.0.get(&tenant).map(|next| next.pause);
        let pause = before.map_or(min, |pause| (pause * 2).min(max));
        self.0.insert(tenant, Try { again_at: now + pause, pause });
        before.is_none()
    }

    /// Whether it was sick before.
    pub(super) fn recover(&mut self, tenant: TenantId) -> bool {
        self.0.remove(&tenant).is_some()
    }

    /// Forgets those who are another process's by now.
    pub(super) fn retain(&mut self, ours: impl Fn(TenantId) -> bool) {
        self.0.retain(|tenant, _| ours(*tenant));
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_failure_doubles_the_pause_up_to_its_end() {
        let (tenant, bounds) = (TenantId(Uuid::nil()), (Duration::from_secs(1), Duration::from_secs(3)));
        let (mut sick, mut now) = (Sick::default(), Instant::now());
        assert!(sick.is_due(tenant, now));
        for (pause, first) in [(1, true), (2, false), (3, false), (3, false)] {
            assert_eq!(sick.fail(tenant, now, bounds), first);
            let again_at = now + Duration::from_secs(pause);
            assert!(!sick.is_due(tenant, again_at.checked_sub(Duration::from_millis(1)).unwrap()));
            assert!(sick.is_due(tenant, again_at));
            now = again_at;
        }
        assert!(sick.recover(tenant) && !sick.recover(tenant));
        assert_eq!(sick.count(), 0);
    }
}
