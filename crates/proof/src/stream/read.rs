//! The verifier's side.

use custody_domain::{EntryId, TenantId};
use uuid::Uuid;

use super::{
    FRAME_LENGTH_MAX, Frame, MAGIC, OPENING_LENGTH, Opening, StoredEntry, UnreadableEntry,
    bytes::Rest,
    columns,
    write::{END, ENTRY, NEWER, UNREADABLE},
};

/// Why bytes are no stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    #[error("the answer is no stream of entries of version 1")]
    NoStream,
    #[error("a frame of {0} bytes; at most {FRAME_LENGTH_MAX} are possible")]
    TooLong(usize),
    #[error("the stream has a frame that cannot be read")]
    Malformed,
}

/// The opening, and how many bytes it took; None where more bytes are needed.
pub fn read_opening(bytes: &[u8]) -> Result<Option<(Opening, usize)>, StreamError> {
    let known = bytes.len().min(MAGIC.len());
    if bytes.get(..known) != MAGIC.get(..known) {
        return Err(StreamError::NoStream);
    }
    let Some(opening) = bytes.get(MAGIC.len()..OPENING_LENGTH) else { return Ok(None) };
    let opening = opening_of(Rest(opening)).ok_or(StreamError::NoStream)?;
    Ok(Some((opening, OPENING_LENGTH)))
}

fn opening_of(mut rest: Rest<'_>) -> Option<Opening> {
    let tenant = TenantId(Uuid::from_bytes(rest.array()?));
    let (epoch, size) = (rest.u32()?, rest.u64()?);
    let last_id = Some(Uuid::from_bytes(rest.array()?)).filter(|id| !id.is_nil()).map(EntryId);
    Some(Opening { tenant, epoch, size, last_id, from: rest.u64()?, to: rest.u64()? })
}

/// The next frame, and how many bytes it took; None where more bytes are needed.
pub fn read_frame(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, StreamError> {
    let mut rest = Rest(bytes);
    let Some(length) = rest.u32() else { return Ok(None) };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > FRAME_LENGTH_MAX {
        return Err(StreamError::TooLong(length));
    }
    let Some(frame) = rest.take(length) else { return Ok(None) };
    let frame = frame_of(Rest(frame)).ok_or(StreamError::Malformed)?;
    Ok(Some((frame, 4 + length)))
}

fn frame_of(mut rest: Rest<'_>) -> Option<Frame<'_>> {
    let kind = rest.u8()?;
    let seq = rest.u64()?;
    if kind == END {
        return rest.0.is_empty().then_some(Frame::End { next: seq });
    }
    let id = EntryId(Uuid::from_bytes(rest.array()?));
    let leaf_hash = rest.array()?;
    match kind {
        ENTRY => {
            let columns = columns::read(&mut rest)?;
            Some(Frame::Entry(StoredEntry { seq, id, leaf_hash, columns, body: rest.0 }))
        }
        UNREADABLE | NEWER => {
            let detail = std::str::from_utf8(rest.0).ok()?;
            Some(Frame::Unreadable(UnreadableEntry { seq, id, leaf_hash, is_newer: kind == NEWER, detail }))
        }
        _ => None,
    }
}
