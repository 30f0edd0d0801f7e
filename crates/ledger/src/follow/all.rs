//! All followers of which an installation runs one each.

use std::sync::Arc;

use super::Follower;
use crate::{Ledger, producers::Producers, tree::TreeFollower};

/// Their names, in the order in which people are shown them.
pub const NAMES: [&str; 2] = ["tree", Producers::NAME];

/// New ones, for one process to start.
pub fn all(ledger: &Ledger) -> Vec<Arc<dyn Follower>> {
    vec![Arc::new(TreeFollower::new(ledger.clone())), Arc::new(Producers::new(ledger.store.clone()))]
}
