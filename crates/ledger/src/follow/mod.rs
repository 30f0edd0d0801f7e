//! Followers: what is derived from the log, one cursor a follower and tenant.
//!
//! A follower of this kind runs once in the whole installation: the tenants fall into groups, and a
//! process follows those groups whose lease it holds. What it writes, it writes under a [`Fence`], so
//! that one that was taken for dead and comes back writes nothing.

mod all;
mod config;
mod errors;
mod holder;
mod lag;
mod runner;
mod sick;
mod singletons;
mod standing;
mod wake;

pub use all::{NAMES, all};
pub use config::FollowConfig;
pub use custody_store::{
    FencedTx,
    followers::{Behind, Position, advance},
    leases::{Fence, Lease},
};
pub use errors::FollowError;
pub use holder::hand_back;
pub use singletons::Singletons;
pub use standing::Standing;
pub use wake::announce;

/// Something derived from every tenant's log, in the log's order.
///
/// It is called with the logs that have gone on, again and again, by one process at a time for each
/// tenant, and never twice at once in one process. It reads the entries `from..head` of each as it
/// likes, and writes what it makes of them in one or more transactions of [`Fence::begin`], in each of
/// which it also moves itself on with [`custody_store::followers::advance`]: what is derived and how
/// far it goes become durable together, so that a crash anywhere repeats nothing and leaves nothing
/// out. It may stop before the head, and should after about a second's work: it is called again at
/// once.
///
/// A log whose epoch has risen begins at 0 again (`from` is 0): what was made of the earlier epoch is
/// to be replaced.
#[async_trait::async_trait]
pub trait Follower: Send + Sync + 'static {
    /// Its name for ever: leases and positions are kept under it, and metrics and people read it.
    fn name(&self) -> &'static str;

    /// Follows these logs, at most [`TENANTS_MAX`] of them. After an error of one tenant
    /// ([`FollowError::Tenant`]) it is called with the others, and with that one again later.
    async fn follow(&self, fence: &Fence, behind: &[Behind]) -> Result<(), FollowError>;
}

/// Tenants that one call of a follower is given at most.
pub const TENANTS_MAX: u16 = 2048;
