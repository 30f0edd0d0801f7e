//! Rows as frames.

use std::collections::VecDeque;

use custody_proof::stream::{EntryFrame, UnreadableEntry, write_unreadable};
use custody_store::raw_rows::RawRow;

use crate::{
    LedgerError,
    codec::{self, CodecError},
};

/// Takes rows off the front until `out` holds `bytes` or more.
pub(super) fn piece(rows: &mut VecDeque<RawRow>, bytes: usize, out: &mut Vec<u8>) -> Result<(), LedgerError> {
    while out.len() < bytes {
        let Some(row) = rows.pop_front() else { break };
        frame(&row, out)?;
    }
    Ok(())
}

fn frame(row: &RawRow, out: &mut Vec<u8>) -> Result<(), LedgerError> {
    let entry = row.entry()?;
    let place = (entry.seq, entry.id, &entry.leaf_hash);
    let frame = EntryFrame::begin(place, &entry.columns, out);
    match codec::decompress(entry.body) {
        Ok(body) => {
            out.extend_from_slice(&body);
            frame.end(out);
        }
        Err(error) => {
            frame.abandon(out);
            let detail = error.to_string();
            let is_newer = matches!(error, CodecError::UnknownDictionary(_));
            let (seq, id, leaf_hash) = (entry.seq, entry.id, entry.leaf_hash);
            write_unreadable(&UnreadableEntry { seq, id, leaf_hash, is_newer, detail: &detail }, out);
        }
    }
    Ok(())
}
