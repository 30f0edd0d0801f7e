//! How far a follower is behind, in all the logs that this process follows.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use custody_domain::TenantId;
use custody_store::followers::Page;

/// Since when each log has not been followed to where it ended then.
#[derive(Debug, Default)]
pub(super) struct Lag(HashMap<TenantId, Waiting>);

#[derive(Clone, Copy, Debug)]
struct Waiting {
    since: Instant,
    head: u64,
}

impl Lag {
    /// Called at the beginning of each pass with what is behind.
    pub(super) fn see(&mut self, follower: &'static str, page: &Page, now: Instant) {
        for log in &page.logs {
            let waiting = self.0.entry(log.tenant).or_insert(Waiting { since: now, head: log.head });
            if log.from >= waiting.head {
                *waiting = Waiting { since: now, head: log.head };
            }
        }
        if page.is_all() {
            let behind: HashSet<_> = page.logs.iter().map(|log| log.tenant).collect();
            self.0.retain(|tenant, _| behind.contains(tenant));
        }
        let oldest = self.0.values().map(|waiting| waiting.since).min();
        let seconds = oldest.map_or(0.0, |since| now.duration_since(since).as_secs_f64());
        metrics::gauge!("custody_follower_lag_seconds", "follower" => follower).set(seconds);
        for (gauge, entries) in [
            ("custody_follower_lag_entries", page.entries),
            ("custody_follower_lag_entries_max", page.entries_max),
        ] {
            #[expect(clippy::cast_precision_loss, reason = "a gauge")]
            metrics::gauge!(gauge, "follower" => follower).set(entries as f64);
        }
    }
}
