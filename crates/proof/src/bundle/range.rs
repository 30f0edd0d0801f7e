//! Whether a range is what its header claims, entry by entry: complete between its times, and a part
//! of the tree that the checkpoint signs.

use custody_domain::{Body, EntryId, Hash, TenantId, body::BodyError, leaf::leaf_hash, time::rfc3339_millis};

use super::{Header, Neighbour, signed};
use crate::{
    Checkpoint, CompactRange, Origin, VerifierKey,
    checkpoint::CheckpointError,
    compact::RangeError,
    note::NoteError,
    verify::{Order, OrderFault},
};

/// Why a range is not proven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    #[error("the checkpoint {0}")]
    Checkpoint(CheckpointError),
    #[error("the key {name:?} {source}")]
    Key { name: String, source: NoteError },
    #[error("the checkpoint is of the log {0}, and not of this tenant's")]
    OtherLog(String),
    #[error(
        "no key that is trusted has signed the checkpoint; if the log's key was rotated, get the new one by \
         another way than this bundle (docs/tree.md)"
    )]
    NotTrusted,
    /// The caller's slip: it says nothing about the bundle.
    #[error("the key {key} is not of the log {log}")]
    ForeignKey { key: String, log: Origin },
    #[error("it claims the entries {first} to {end} of a tree of {size}")]
    NoRange { first: u64, end: u64, size: u64 },
    #[error("the hashes beside the range are not as many as the tree has there: {0}")]
    Beside(RangeError),
    #[error("{0}, so that something may be missing there")]
    Bound(&'static str),
    #[error("entry {seq} ({id}) {fault}")]
    Order { seq: u64, id: EntryId, fault: OrderFault },
    #[error("entry {seq} ({id}) was received at {at}, outside of the range")]
    Time { seq: u64, id: EntryId, at: String },
    #[error("entry {seq} ({id}) has a body that is none: {source}")]
    Body { seq: u64, id: EntryId, source: BodyError },
    #[error("it ends before entry {0}, which it claims to hold")]
    Short(u64),
    #[error("it has {found} entries, and says that it has {said}")]
    Count { said: u64, found: u64 },
    #[error(
        "its entries do not lead to the signed root: an entry, its place, or a hash beside them was changed \
         (signed {}, found {})", hex::encode(.signed), hex::encode(.found)
    )]
    Root { signed: Hash, found: Hash },
}

/// A check on its way.
#[derive(Debug)]
pub(super) struct RangeCheck {
    tenant: TenantId,
    from_millis: i64,
    to_millis: i64,
    end: u64,
    after: Option<Neighbour>,
    order: Order,
    tree: CompactRange,
    right: CompactRange,
    pub(super) checkpoint: Checkpoint,
    pub(super) is_pinned: bool,
}

impl RangeCheck {
    /// With the keys of somebody who trusts them, or, if there are none, those of the bundle.
    pub(super) fn begin(header: &Header, trusted: &[VerifierKey]) -> Result<Self, Fault> {
        let checkpoint = signed::checkpoint(header.tenant, &header.checkpoint, &header.keys, trusted)?;
        bounds(header, checkpoint.size)?;
        let before = u64::from(header.before.is_some());
        let after = u64::from(header.after.is_some());
        let mut tree =
            CompactRange::from_hashes(0, header.first - before, &header.left).map_err(Fault::Beside)?;
        let right = CompactRange::from_hashes(header.end + after, checkpoint.size, &header.right)
            .map_err(Fault::Beside)?;
        if let Some(neighbour) = header.before {
            tree.append(neighbour.leaf_hash(header.tenant)).map_err(Fault::Beside)?;
        }
        Ok(Self {
            tenant: header.tenant,
            from_millis: header.from.map_or(i64::MIN, |at| at.timestamp_millis()),
            to_millis: header.to.map_or(i64::MAX, |at| at.timestamp_millis()),
            end: header.end,
            after: header.after,
            order: Order::from(header.first, header.before.map(|n| n.id)),
            tree,
            right,
            checkpoint,
            is_pinned: !trusted.is_empty(),
        })
    }

    pub(super) fn entry(&mut self, seq: u64, id: EntryId, body: &Body) -> Result<(), Fault> {
        if seq >= self.end {
            return Err(Fault::NoRange { first: seq, end: self.end, size: self.checkpoint.size });
        }
        self.order.step(seq, id).map_err(|fault| Fault::Order { seq, id, fault })?;
        let at = id.received_at();
        if !(self.from_millis..self.to_millis).contains(&at.timestamp_millis()) {
            return Err(Fault::Time { seq, id, at: rfc3339_millis(at) });
        }
        let content_hash = body.content_hash().map_err(|source| Fault::Body { seq, id, source })?;
        self.tree.append(leaf_hash(self.tenant, id, &content_hash)).map_err(Fault::Beside)
    }

    /// The next entry that is wanted; None where all are there.
    pub(super) fn wanted(&self) -> Option<u64> {
        (self.order.next < self.end).then_some(self.order.next)
    }

    /// After the last entry.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        if let Some(seq) = self.wanted() {
            return Err(Fault::Short(seq));
        }
        if let Some(neighbour) = self.after {
            let (seq, id) = (self.end, neighbour.id);
            self.order.step(seq, id).map_err(|fault| Fault::Order { seq, id, fault })?;
            self.tree.append(neighbour.leaf_hash(self.tenant)).map_err(Fault::Beside)?;
        }
        self.tree.merge(&self.right).map_err(Fault::Beside)?;
        let found = self.tree.root().ok_or(Fault::Beside(RangeError::NoRange))?;
        let signed = self.checkpoint.root;
        if found == signed { Ok(()) } else { Err(Fault::Root { signed, found }) }
    }
}

/// The range is one of the tree, and at either end stands the neighbour that proves it, or the log's
/// own end.
fn bounds(header: &Header, size: u64) -> Result<(), Fault> {
    let (first, end) = (header.first, header.end);
    if first > end || end > size {
        return Err(Fault::NoRange { first, end, size });
    }
    match (&header.before, header.from) {
        (None, _) if first > 0 => return Err(Fault::Bound("the entry before the first is not in it")),
        (Some(_), None) => return Err(Fault::Bound("it begins after the log's first entry and at no time")),
        (Some(_), _) if first == 0 => return Err(Fault::Bound("it has an entry before the log's first")),
        (Some(n), Some(from)) if n.id.received_at() >= from => {
            return Err(Fault::Bound("the entry before the first is in the range"));
        }
        _ => {}
    }
    match (&header.after, header.to) {
        (None, _) if end < size => Err(Fault::Bound("the entry after the last is not in it")),
        (Some(_), None) => Err(Fault::Bound("it ends before the checkpoint's last entry and at no time")),
        (Some(_), _) if end == size => Err(Fault::Bound("it has an entry after the tree's last")),
        (Some(n), Some(to)) if n.id.received_at() < to => {
            Err(Fault::Bound("the entry after the last is in the range"))
        }
        _ => Ok(()),
    }
}
