//! One answer as it is spooled: a tag, and what follows it.

use custody_domain::EntryId;
use custody_ledger::Receipt;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record<'s> {
    /// Tag 0 for a new entry, 1 for one that was there: id, seq, leaf hash. (`received_at` is the id's.)
    Receipt { new: bool, id: EntryId, seq: u64, leaf_hash: [u8; 32] },
    /// Tag 2: a length of four bytes and so much JSON.
    Json(&'s [u8]),
    /// Tag 3: the JSON of the record before.
    Same,
}

impl<'s> Record<'s> {
    pub(super) fn of(receipt: &Receipt, new: bool) -> Self {
        Self::Receipt { new, id: receipt.id, seq: receipt.seq, leaf_hash: receipt.leaf_hash }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Receipt { new, id, seq, leaf_hash } => {
                out.push(u8::from(!new));
                out.extend_from_slice(id.0.as_bytes());
                out.extend_from_slice(&seq.to_be_bytes());
                out.extend_from_slice(leaf_hash);
            }
            Self::Json(json) => {
                // Answers are a few hundred bytes; their number is bounded where they are made.
                let length = u32::try_from(json.len()).unwrap_or(u32::MAX);
                out.push(2);
                out.extend_from_slice(&length.to_be_bytes());
                out.extend_from_slice(json);
            }
            Self::Same => out.push(3),
        }
    }

    /// The record that `bytes` begin with, and what is behind it; none if it is not all there.
    pub(super) fn read(bytes: &'s [u8]) -> Option<(Self, &'s [u8])> {
        let (tag, rest) = bytes.split_first()?;
        match tag {
            0 | 1 => {
                let (id, rest) = rest.split_first_chunk::<16>()?;
                let (seq, rest) = rest.split_first_chunk::<8>()?;
                let (leaf_hash, rest) = rest.split_first_chunk::<32>()?;
                let (id, seq) = (EntryId(Uuid::from_bytes(*id)), u64::from_be_bytes(*seq));
                Some((Self::Receipt { new: *tag == 0, id, seq, leaf_hash: *leaf_hash }, rest))
            }
            2 => {
                let (length, rest) = rest.split_first_chunk::<4>()?;
                let (json, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
                Some((Self::Json(json), rest))
            }
            _ => Some((Self::Same, rest)),
        }
    }
}
