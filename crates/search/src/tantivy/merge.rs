//! Makes one part of several.

use std::sync::Arc;

use tantivy::{directory::RamDirectory, indexer::merge_filtered_segments};

use super::{
    PartError,
    file::{self, Meta},
    part::Part,
    schema,
    slot::Slot,
    view::slice_of,
};

/// So many parts of about one size become one.
const FANOUT: usize = 8;

/// The file of the part that holds what these hold, which follow each other.
pub(super) fn merge(parts: &[Arc<Part>]) -> Result<Vec<u8>, PartError> {
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Err(PartError::Empty) };
    let segments: Vec<_> = parts.iter().map(|part| part.stored.clone()).collect();
    let everything = parts.iter().map(|_| None).collect();
    let directory = RamDirectory::create();
    let index = merge_filtered_segments(&segments, schema::settings(), everything, directory.clone())?;
    let meta = Meta {
        epoch: last.meta.epoch,
        first_seq: first.meta.first_seq,
        count: parts.iter().map(|part| part.count()).sum(),
        last_leaf: last.meta.last_leaf.clone(),
    };
    file::write(&index, &directory, &meta)
}

/// Which of these slots, of all of an index, are to become one; none where all are well. `next` is
/// the entry that comes next.
pub(super) fn due(slots: &[Arc<Slot>], next: u64) -> Option<&[Arc<Slot>]> {
    let durable = slots.iter().take_while(|slot| slot.is_durable()).count();
    let slots = slots.get(..durable)?;
    let slices = slots.chunk_by(|one, other| slice_of(one) == slice_of(other));
    let full = |slice: &&[Arc<Slot>]| {
        slice.first().zip(slice.last()).is_some_and(|(first, last)| {
            slice.len() > 1 && (slice_of(first) + 1) * super::view::SLICE <= next.min(last.name.seqs.end)
        })
    };
    slices.clone().find(full).or_else(|| {
        slices
            .flat_map(|slice| slice.chunk_by(|one, other| level(one) == level(other)))
            .find(|run| run.len() >= FANOUT)
    })
}

/// How often parts were made one for this one to be.
fn level(slot: &Slot) -> u32 {
    slot.count().ilog(FANOUT as u64)
}
