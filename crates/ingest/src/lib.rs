//! From a source event to an entry: split, mask, map, validate, and hand over to the ledger; what
//! cannot become an entry is quarantined and shown, never dropped.
//!
//! May know: the source formats, the tenant's mask policy, the ledger's `append`, the store's
//! quarantine and outbox, the keys port. Must not: speak HTTP or SQL, assign ids or positions, or
//! let a clear value that a mask rule names get as far as a log line, an error or the ledger.

#[cfg(test)]
mod dictionary;
mod dry_run;
pub mod format;
pub mod mask;
pub mod outbox;
mod policies;
mod prepare;
pub mod quarantine;
pub mod reads;
mod reason;
mod recorded_by;
mod refusal;
mod result;
pub mod sample;
mod sent;
pub mod split;
mod stages;
mod submit;

pub use custody_store::quarantine::{ItemError, Quota as QuarantineQuota};
pub use dry_run::dry_run;
pub use format::{Format, UnknownFormat};
pub use mask::MaskPolicy;
pub use reads::Reads;
pub use reason::Reason;
pub use result::{ItemResult, Quarantined};
pub use sent::{Sent, Unnamed};
pub use split::{Framing, RawItem, SplitError, SplitErrorKind, Splitter, split};
pub use stages::Stages;
pub use submit::{Ingest, IngestError, Prepared};
