//! How often followers look, and how long a lease lasts.

use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowConfig {
    /// A process that is not heard of for so long has lost its leases. Renewed every third of it, by
    /// the database's clock. Shorter: a dead process's tenants are followed sooner; longer: a slow
    /// database makes no process look dead. At most a minute.
    pub lease_ttl: Duration,
    /// Whoever was not woken looks this often.
    pub poll: Duration,
    /// From one pass to the next, so that under load a pass follows many entries at once.
    pub pass: Duration,
    /// A tenant that cannot be followed is tried again after so long, then after twice that, …
    pub sick_min: Duration,
    /// … and never less often.
    pub sick_max: Duration,
}

impl Default for FollowConfig {
    fn default() -> Self {
        Self {
            lease_ttl: Duration::from_secs(6),
            poll: Duration::from_secs(1),
            pass: Duration::from_millis(200),
            sick_min: Duration::from_secs(1),
            sick_max: Duration::from_mins(5),
        }
    }
}
