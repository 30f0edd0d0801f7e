//! Which entry it is, where entries agree with themselves and not with what was signed. The server's
//! full tiles were made when the entries came: where a row's leaf hash is another today, that row was
//! changed.

use custody_domain::EntryId;
use custody_proof::{
    Tile,
    stream::{Frame, read_frame},
    tile::WIDTH,
};

use super::{
    finding::{Finding, Findings},
    fold::Mismatch,
    stretch,
};
use crate::{ClientError, log::Log};

/// The entries of a mismatch whose leaf hashes are not the ones in the tiles.
pub(super) async fn changed(log: &Log, mismatch: &Mismatch, size: u64) -> Result<Findings, ClientError> {
    let mut findings = Findings::default();
    let mut first = mismatch.good - mismatch.good % WIDTH;
    while first < mismatch.bad {
        // A tile that is not full is made of the rows as they are, and shows nothing.
        let end = first + WIDTH;
        if end > size {
            break;
        }
        let tile = log.tile(Tile::full(0, first / WIDTH)).await?;
        let (tile, _) = tile.as_chunks::<32>();
        for (seq, id, leaf) in leaves(log, first, end.min(mismatch.bad)).await? {
            let made = usize::try_from(seq - first).ok().and_then(|at| tile.get(at));
            if let Some(made) = made.filter(|made| **made != leaf) {
                let detail = format!(
                    "was changed together with its leaf hash: the tree was made of {}, the row now says {}",
                    hex::encode(made),
                    hex::encode(leaf)
                );
                findings.add(Finding::of_entry(seq, Some(id), &detail));
            }
        }
        first = end;
    }
    Ok(findings)
}

async fn leaves(log: &Log, from: u64, to: u64) -> Result<Vec<(u64, EntryId, [u8; 32])>, ClientError> {
    let (mut reader, _) = stretch::open(log, from, to).await?;
    let mut leaves = Vec::new();
    let mut rest = Vec::new();
    while let Some(bytes) = reader.more(rest).await? {
        let mut at = 0;
        while let Some((frame, length)) =
            read_frame(bytes.get(at..).unwrap_or_default()).map_err(|error| reader.unreadable(error))?
        {
            at += length;
            match frame {
                Frame::Entry(entry) => leaves.push((entry.seq, entry.id, entry.leaf_hash)),
                Frame::Unreadable(entry) => leaves.push((entry.seq, entry.id, entry.leaf_hash)),
                Frame::End { .. } => return Ok(leaves),
            }
        }
        rest = bytes.get(at..).unwrap_or_default().to_vec();
    }
    Err(reader.cut_off())
}
