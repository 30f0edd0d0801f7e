//! From a source event to an entry: split, mask, map, validate, and hand over to the ledger; what
//! cannot become an entry is quarantined and shown, never dropped.
//!
//! May know: the source formats, the tenant's mask policy, the ledger's `append`, the store's
//! quarantine and outbox, the keys port. Must not: speak HTTP or SQL, assign ids or positions, or
//! let a clear value that a mask rule names get as far as a log line, an error or the ledger.

#[cfg(test)]
mod dictionary;
pub mod format;
pub mod mask;
pub mod outbox;
mod policies;
mod prepare;
pub mod quarantine;
mod reason;
mod recorded_by;
pub mod sample;
pub mod split;
mod submit;

pub use custody_store::quarantine::{ItemError, Quota as QuarantineQuota};
pub use format::{Format, UnknownFormat};
pub use mask::MaskPolicy;
pub use reason::Reason;
pub use split::{Framing, RawItem, SplitError, SplitErrorKind, split};
pub use submit::{Ingest, IngestError, ItemResult, Quarantined};
