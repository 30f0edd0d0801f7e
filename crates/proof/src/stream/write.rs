//! The server's side.

use custody_domain::{EntryId, Hash, StoredColumns};
use uuid::Uuid;

use super::{MAGIC, Opening, UnreadableEntry, columns};

pub(super) const END: u8 = 0x00;
pub(super) const ENTRY: u8 = 0x01;
pub(super) const UNREADABLE: u8 = 0x02;
pub(super) const NEWER: u8 = 0x03;

pub fn write_opening(opening: &Opening, out: &mut Vec<u8>) {
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(opening.tenant.0.as_bytes());
    out.extend_from_slice(&opening.epoch.to_be_bytes());
    out.extend_from_slice(&opening.size.to_be_bytes());
    out.extend_from_slice(opening.last_id.map_or(Uuid::nil(), Uuid::from).as_bytes());
    out.extend_from_slice(&opening.from.to_be_bytes());
    out.extend_from_slice(&opening.to.to_be_bytes());
}

/// An entry's frame, begun: the body is what is appended before [`EntryFrame::end`], so that it can
/// be decompressed in its place.
#[derive(Debug)]
#[must_use = "a frame that is not ended has no length"]
pub struct EntryFrame {
    start: usize,
}

impl EntryFrame {
    pub fn begin(
        (seq, id, leaf_hash): (u64, EntryId, &Hash),
        columns: &StoredColumns<'_>,
        out: &mut Vec<u8>,
    ) -> Self {
        let start = begin(ENTRY, (seq, id, leaf_hash), out);
        columns::write(columns, out);
        Self { start }
    }

    pub fn end(self, out: &mut [u8]) {
        end(self.start, out);
    }

    /// Takes back what was written of it.
    pub fn abandon(self, out: &mut Vec<u8>) {
        out.truncate(self.start);
    }
}

pub fn write_unreadable(entry: &UnreadableEntry<'_>, out: &mut Vec<u8>) {
    let kind = if entry.is_newer { NEWER } else { UNREADABLE };
    let start = begin(kind, (entry.seq, entry.id, &entry.leaf_hash), out);
    out.extend_from_slice(entry.detail.as_bytes());
    end(start, out);
}

pub fn write_end(next: u64, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0, 0, 0, 0, END]);
    out.extend_from_slice(&next.to_be_bytes());
    end(start, out);
}

fn begin(kind: u8, (seq, id, leaf_hash): (u64, EntryId, &Hash), out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0, 0, 0, 0, kind]);
    out.extend_from_slice(&seq.to_be_bytes());
    out.extend_from_slice(id.0.as_bytes());
    out.extend_from_slice(leaf_hash);
    start
}

/// Puts the length before what was written since.
fn end(start: usize, out: &mut [u8]) {
    let length = out.len().saturating_sub(start + 4);
    if let Some(place) = out.get_mut(start..start + 4) {
        // Bodies are bounded to 64 MiB where they are made and where they are decompressed.
        place.copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    }
}
