//! The tenant's log: appends with receipts, bodies, leaves and proofs.
//!
//! What it is for: an entry that was acknowledged has its place for ever, and what stands there can
//! be proven. May know: the store, the keys port, what an entry's commitment is. Must not: know
//! where an entry came from, look into its contents beyond that, or derive anything from the log
//! inside an append's transaction.

mod append;
pub mod codec;
pub mod draft;
pub mod entry;
pub mod errors;
mod fingerprint;
pub mod ledger;
mod plan;
pub mod proofs;
pub mod receipt;

pub use custody_store::{
    entries::{Order, Range},
    heads::Head,
};
pub use draft::{Draft, EventKey, UnfitContent};
pub use entry::StoredEntry;
pub use errors::LedgerError;
pub use ledger::Ledger;
pub use proofs::{ConsistencyProof, InclusionProof};
pub use receipt::{Appended, Receipt};
