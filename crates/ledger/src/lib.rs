//! The tenant's log: appends with receipts, bodies, leaves and proofs.
//!
//! What it is for: an entry that was acknowledged has its place for ever, and what stands there can
//! be proven. May know: the store, the keys port, what an entry's commitment is. Must not: know
//! where an entry came from, look into its contents beyond that, or derive anything from the log
//! inside an append's transaction.

mod append;
pub mod batches;
pub mod codec;
pub mod commit;
pub mod draft;
pub mod entry;
pub mod entry_stream;
pub mod errors;
mod event_keys;
pub mod follow;
pub mod ledger;
pub mod onward;
mod plan;
pub mod producers;
pub mod projected;
pub mod receipt;
pub mod recent;
pub mod tree;
pub mod written;

pub use batches::{EntryBatch, EntryBatches};
pub use commit::CommitConfig;
pub use custody_store::{
    entries::{Order, Range},
    heads::Head,
};
pub use draft::{Draft, EventKey, EventKind, UnfitContent};
pub use entry::StoredEntry;
pub use entry_stream::EntryStream;
pub use errors::LedgerError;
pub use event_keys::EventKeys;
pub use ledger::Ledger;
pub use onward::{Start, Unopened};
pub use projected::{Projected, Projection};
pub use receipt::{Appended, Receipt};
pub use recent::{Recent, RecentLeaf};
pub use tree::{ConsistencyProof, InclusionProof, TreeError, TreeFollower};
pub use written::Written;
