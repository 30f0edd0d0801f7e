//! The log as a stream of bytes: what `GET /api/v1/log/entries` answers, so that a verifier can
//! recompute everything without rendering or parsing an entry more often than once. Shape:
//! docs/verify.md, "The stream".
//!
//! A stream is an opening and frames, the last of which is [`Frame::End`]; one that stops before it
//! was cut off.

mod bytes;
mod columns;
mod read;
mod write;

use custody_domain::{EntryId, Hash, StoredColumns, TenantId};

pub use columns::ColumnName;
pub(crate) use columns::texts;
pub use read::{StreamError, read_frame, read_opening};
pub use write::{EntryFrame, write_end, write_opening, write_unreadable};

/// The `Content-Type`.
pub const MEDIA_TYPE: &str = "application/vnd.custody.entries";
/// The first bytes of a stream.
pub const MAGIC: &[u8; 8] = b"CUSTODY\x01";
/// Bytes of the opening: magic, tenant, epoch, size, last id, from, to.
pub const OPENING_LENGTH: usize = 8 + 16 + 4 + 8 + 16 + 8 + 8;
/// No frame is longer: a body has at most 64 MiB, and columns are parts of it.
pub const FRAME_LENGTH_MAX: usize = 80 << 20;

/// Where the log ended when the stream began, and what of it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    pub tenant: TenantId,
    pub epoch: u32,
    /// Entries in the log.
    pub size: u64,
    pub last_id: Option<EntryId>,
    /// The first entry that was asked for.
    pub from: u64,
    /// … and the first that was not.
    pub to: u64,
}

/// One part of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'b> {
    Entry(StoredEntry<'b>),
    /// A row from which no body can be read; it was changed, or a later version wrote it.
    Unreadable(UnreadableEntry<'b>),
    /// Nothing follows. `next` is the first entry that is not in the stream: where it was asked to
    /// end, or where the log ends, or where the server's bound on one stream was reached.
    End {
        next: u64,
    },
}

/// A row as it lies in the database, its body decompressed. Nothing of it is believed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredEntry<'b> {
    pub seq: u64,
    pub id: EntryId,
    pub leaf_hash: Hash,
    pub columns: StoredColumns<'b>,
    /// docs/proofs.md, section 5.
    pub body: &'b [u8],
}

/// What can still be said of a row whose body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreadableEntry<'b> {
    pub seq: u64,
    pub id: EntryId,
    pub leaf_hash: Hash,
    /// A later version of the program may be able to read it.
    pub is_newer: bool,
    /// Why, for a person.
    pub detail: &'b str,
}

#[cfg(test)]
mod tests;
