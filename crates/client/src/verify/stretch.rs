//! One stretch of the log: read, and each entry checked by itself and after the one before it.

use custody_domain::{EntryId, Hash, TenantId};
use custody_proof::{
    stream::{Frame, Opening, StoredEntry, StreamError, UnreadableEntry, read_frame},
    verify::{EntryCheck, Order, OrderFault},
};

use super::finding::{Finding, Findings};
use crate::{
    ClientError,
    log::{EntryReader, Log, patiently},
};

/// What a stretch of the log holds.
#[derive(Debug)]
pub(super) struct Stretch {
    pub(super) from: u64,
    pub(super) to: u64,
    /// Of every entry, in its order, as the rows say them: that they are right is what the findings
    /// are about. None where entries are missing or out of order: then they make no tree.
    pub(super) leaves: Option<Vec<Hash>>,
    pub(super) first_id: Option<EntryId>,
    pub(super) last_id: Option<EntryId>,
    pub(super) findings: Findings,
    /// Entries that only a later version of this program can read.
    pub(super) newer: u64,
}

/// Reads and checks `from..to`. A stream that breaks off is begun anew.
pub(super) async fn check(
    log: &Log,
    tenant: TenantId,
    (from, to): (u64, u64),
) -> Result<Stretch, ClientError> {
    patiently(async || {
        let mut walk = Walk::new(tenant, from, to);
        loop {
            let begun = walk.order.next;
            let (mut reader, _) = open(log, begun, to).await?;
            walk = through(walk, &mut reader).await?;
            // Less than was asked for: the server's bound on one stream, or there is no more.
            if walk.order.next >= to || walk.order.next == begun {
                return Ok(walk.into_stretch(from));
            }
        }
    })
    .await
}

/// A stream, and where the log ended when it began.
pub(super) async fn open(log: &Log, from: u64, to: u64) -> Result<(EntryReader, Opening), ClientError> {
    let mut reader = log.entries(from, to).await?;
    let opening = reader.opening().await?;
    Ok((reader, opening))
}

/// Takes in one stream to its end.
async fn through(mut walk: Walk, reader: &mut EntryReader) -> Result<Walk, ClientError> {
    walk.is_at_end = false;
    let mut rest = Vec::new();
    while !walk.is_at_end {
        let Some(bytes) = reader.more(rest).await? else { return Err(reader.cut_off()) };
        // Hashing for milliseconds: not on the thread that reads.
        let walked = tokio::task::spawn_blocking(move || walk.take(bytes)).await;
        (walk, rest) =
            walked.map_err(|error| reader.unreadable(error))?.map_err(|error| reader.unreadable(error))?;
    }
    Ok(walk)
}

#[derive(Debug)]
struct Walk {
    tenant: TenantId,
    to: u64,
    order: Order,
    check: EntryCheck,
    leaves: Vec<Hash>,
    is_tree: bool,
    first_id: Option<EntryId>,
    findings: Findings,
    newer: u64,
    is_at_end: bool,
}

impl Walk {
    fn new(tenant: TenantId, from: u64, to: u64) -> Self {
        Self {
            tenant,
            to,
            order: Order::from(from, None),
            check: EntryCheck::default(),
            leaves: Vec::with_capacity(usize::try_from(to - from).unwrap_or(0)),
            is_tree: true,
            first_id: None,
            findings: Findings::default(),
            newer: 0,
            is_at_end: false,
        }
    }

    /// Takes in the whole frames of some bytes, and gives back what follows the last one.
    fn take(mut self, mut bytes: Vec<u8>) -> Result<(Self, Vec<u8>), StreamError> {
        let mut at = 0;
        while let Some((frame, length)) = read_frame(bytes.get(at..).unwrap_or_default())? {
            at += length;
            match frame {
                Frame::Entry(entry) => self.entry(&entry),
                Frame::Unreadable(entry) => self.unreadable(&entry),
                Frame::End { .. } => {
                    self.is_at_end = true;
                    break;
                }
            }
        }
        bytes.drain(..at);
        Ok((self, bytes))
    }

    fn entry(&mut self, entry: &StoredEntry<'_>) {
        let faults = self.check.faults(self.tenant, entry);
        for fault in faults {
            self.findings.add(Finding::of_entry(entry.seq, Some(entry.id), &fault));
        }
        self.place(entry.seq, entry.id, entry.leaf_hash);
    }

    /// The row is there, and so is its leaf: only what was in it is lost.
    fn unreadable(&mut self, entry: &UnreadableEntry<'_>) {
        if entry.is_newer {
            self.newer += 1;
        } else {
            let detail = format!("has a body that cannot be read: {}", entry.detail);
            self.findings.add(Finding::of_entry(entry.seq, Some(entry.id), &detail));
        }
        self.place(entry.seq, entry.id, entry.leaf_hash);
    }

    fn place(&mut self, seq: u64, id: EntryId, leaf: Hash) {
        self.first_id = self.first_id.or(Some(id));
        match self.order.step(seq, id) {
            Ok(()) => self.leaves.push(leaf),
            Err(fault) => self.out_of_order(seq, id, fault),
        }
    }

    fn out_of_order(&mut self, seq: u64, id: EntryId, fault: OrderFault) {
        let finding = match fault {
            OrderFault::Missing { first, .. } => {
                Finding::of_entry(first, None, &format!("{fault}: before entry {seq} ({id})"))
            }
            OrderFault::Again(_) | OrderFault::IdNotAbove(_) => Finding::of_entry(seq, Some(id), &fault),
        };
        self.findings.add(finding);
        self.is_tree = false;
    }

    fn into_stretch(mut self, from: u64) -> Stretch {
        let (next, to) = (self.order.next, self.to);
        if next < to {
            let fault = OrderFault::Missing { first: next, last: to - 1 };
            self.findings.add(Finding::of_entry(next, None, &fault));
            self.is_tree = false;
        }
        Stretch {
            from,
            to,
            leaves: self.is_tree.then_some(self.leaves),
            first_id: self.first_id,
            last_id: self.order.last_id,
            findings: self.findings,
            newer: self.newer,
        }
    }
}
