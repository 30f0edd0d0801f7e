//! Bundles of a query's entries: whether each is in the tree, and how they are written.
//!
//! The tree is put together from left to right, out of the entries' own leaves and of hashes that stand for
//! all leaves between them. So one root proves all entries, in any number, and of each its place.

use custody_domain::{Body, EntryId, Hash, TenantId, leaf::leaf_hash};
use sha2::{Digest as _, Sha256};

use super::{QueryHeader, query_lines, range::Fault, signed, write::footer};
use crate::{
    Checkpoint, CompactRange, VerifierKey,
    compact::RangeError,
    verify::{Order, OrderFault},
};

/// A check on its way.
#[derive(Debug)]
pub(super) struct QueryCheck {
    tenant: TenantId,
    order: Order,
    tree: CompactRange,
    pub(super) entries: u64,
    pub(super) checkpoint: Checkpoint,
    pub(super) is_pinned: bool,
}

impl QueryCheck {
    pub(super) fn begin(header: &QueryHeader, trusted: &[VerifierKey]) -> Result<Self, Fault> {
        let checkpoint = signed::checkpoint(header.tenant, &header.checkpoint, &header.keys, trusted)?;
        Ok(Self {
            tenant: header.tenant,
            order: Order::from(0, None),
            tree: CompactRange::default(),
            entries: 0,
            checkpoint,
            is_pinned: !trusted.is_empty(),
        })
    }

    pub(super) fn entry(&mut self, seq: u64, id: EntryId, body: &Body, skip: &[Hash]) -> Result<(), Fault> {
        let fault = |fault: OrderFault| Fault::Order { seq, id, fault };
        if seq < self.order.next {
            return Err(fault(OrderFault::Again(self.order.next - 1)));
        }
        if seq >= self.checkpoint.size {
            return Err(Fault::NoRange { first: seq, end: seq, size: self.checkpoint.size });
        }
        self.skip(seq, skip)?;
        self.order.next = seq;
        self.order.step(seq, id).map_err(fault)?;
        let content_hash = body.content_hash().map_err(|source| Fault::Body { seq, id, source })?;
        self.entries += 1;
        self.tree.append(leaf_hash(self.tenant, id, &content_hash)).map_err(Fault::Beside)
    }

    /// After the last entry.
    pub(super) fn end(&mut self, entries: u64, rest: &[Hash]) -> Result<(), Fault> {
        if entries != self.entries {
            return Err(Fault::Count { said: entries, found: self.entries });
        }
        self.skip(self.checkpoint.size, rest)?;
        let found = self.tree.root().ok_or(Fault::Beside(RangeError::NoRange))?;
        let signed = self.checkpoint.root;
        if found == signed { Ok(()) } else { Err(Fault::Root { signed, found }) }
    }

    /// The leaves up to `seq` are not shown.
    fn skip(&mut self, seq: u64, hashes: &[Hash]) -> Result<(), Fault> {
        let skipped = CompactRange::from_hashes(self.tree.end(), seq, hashes).map_err(Fault::Beside)?;
        self.tree.merge(&skipped).map_err(Fault::Beside)
    }
}

/// Writes one, piece by piece, and nothing that a verifier would refuse.
#[derive(Debug)]
pub struct QueryBundle {
    check: QueryCheck,
    hash: Sha256,
}

impl QueryBundle {
    /// Appends the header.
    pub fn begin(header: &QueryHeader, out: &mut Vec<u8>) -> Result<Self, Fault> {
        let mut bundle = Self { check: QueryCheck::begin(header, &[])?, hash: Sha256::new() };
        bundle.line(out, |out| {
            out.extend_from_slice(&header.to_line());
            out.push(b'\n');
        });
        Ok(bundle)
    }

    /// The `seq` from which on leaves are wanted that come before the next entry.
    pub fn next(&self) -> u64 {
        self.check.order.next
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.check.checkpoint.size
    }

    /// Appends an entry. `skip` is the compact range of the leaves from [`QueryBundle::next`] to it.
    pub fn entry(
        &mut self,
        (seq, id): (u64, EntryId),
        body: &Body,
        skip: &[Hash],
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        self.check.entry(seq, id, body, skip)?;
        self.line(out, |out| query_lines::write_entry(seq, id, body, skip, out));
        Ok(())
    }

    /// Appends the end. `rest` is the compact range of the leaves after the last entry.
    pub fn end(mut self, rest: &[Hash], out: &mut Vec<u8>) -> Result<(), Fault> {
        let entries = self.check.entries;
        self.check.end(entries, rest)?;
        self.line(out, |out| query_lines::write_rest(entries, rest, out));
        out.extend_from_slice(&footer(self.hash));
        Ok(())
    }

    fn line(&mut self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let begun = out.len();
        write(out);
        self.hash.update(out.get(begun..).unwrap_or_default());
    }
}
