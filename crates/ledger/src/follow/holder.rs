//! Holds the leases of one follower: renews them, takes what is free, tells the runner what it has.

use std::time::Duration;

use custody_store::{Store, leases};
use tokio::{sync::watch, time};
use uuid::Uuid;

use super::Lease;

pub(super) struct Holder {
    pub(super) store: Store,
    pub(super) follower: &'static str,
    /// Of the process.
    pub(super) id: Uuid,
    pub(super) ttl: Duration,
    pub(super) held: watch::Sender<Vec<Lease>>,
}

/// Gives back what a process holds that follows no more, by these followers' names. What cannot be
/// given back is logged, and expires.
pub async fn hand_back(store: &Store, followers: &[&'static str], holder: Uuid) {
    for follower in followers {
        if let Err(error) = leases::leave(store, follower, holder).await {
            tracing::warn!(follower, %error, "leases were not handed back; they expire");
        }
    }
}

impl Holder {
    /// For ever. While the database is away nothing changes hands: what was held is held on, and the
    /// fence says whether that is still so.
    pub(super) async fn hold(self) {
        let mut failing = false;
        loop {
            match leases::beat(&self.store, self.follower, self.id, self.ttl).await {
                Ok(leases) => {
                    self.tell(leases);
                    failing = false;
                }
                Err(error) => {
                    if !failing {
                        tracing::warn!(follower = self.follower, %error, "leases could not be renewed");
                    }
                    failing = true;
                }
            }
            time::sleep(self.ttl / 3).await;
        }
    }

    fn tell(&self, leases: Vec<Lease>) {
        #[expect(clippy::cast_precision_loss, reason = "at most 16")]
        metrics::gauge!("custody_follower_leases_held", "follower" => self.follower).set(leases.len() as f64);
        self.held.send_if_modified(|held| {
            let changed = *held != leases;
            if changed {
                tracing::info!(follower = self.follower, lease.count = leases.len(), "leases held");
                *held = leases;
            }
            changed
        });
    }
}
