//! The tree over a tenant's log (RFC 6962), its tiles and its signed checkpoints (docs/tree.md).
//!
//! The follower makes them, some hundred milliseconds after a commit; the rest reads them. No
//! proof is made by walking the log: tiles and the leaves after the last full one give every hash.

mod checkpoints;
mod error;
mod follower;
mod grow;
mod keys;
mod nodes;
mod proofs;
mod rotation;
mod tiles;

use custody_keys::Keys;
use custody_store::Store;
use tokio::sync::watch;

pub use checkpoints::KeptCheckpoint;
pub use error::TreeError;
pub use follower::TreeFollower;
pub use keys::LogKey;
pub use proofs::{ConsistencyProof, InclusionProof};
pub use rotation::{RotatedKey, rotate_log_key};

use keys::LogKeys;

/// What the ledger keeps at hand for its trees.
#[derive(Debug)]
pub(crate) struct Tree {
    keys: LogKeys,
    /// Counts the checkpoints that this process made: whoever waits for one is woken.
    made: watch::Sender<u64>,
}

impl Tree {
    pub(crate) fn new(store: Store, keys: Keys) -> Self {
        Self { keys: LogKeys::new(store, keys), made: watch::Sender::new(0) }
    }
}
