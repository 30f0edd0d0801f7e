//! What became of each item, kept until the body was read to its end: in memory at first, then in a
//! file without a name, which is gone with the request whatever happens.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use custody_ingest::ItemResult;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use super::{answer, record::Record};

/// Held in memory, give or take a chunk's; about 18,000 receipts.
const MEMORY_BYTES_MAX: usize = 1 << 20;

/// One request may fill one part in so many of what all may.
const SHARE: usize = 2;

/// Where spools that do not fit memory go, and how much of it there is.
#[derive(Clone, Debug)]
pub(crate) struct Spools {
    folder: Arc<PathBuf>,
    /// One permit a block of [`MEMORY_BYTES_MAX`].
    blocks: Arc<Semaphore>,
    share: usize,
}

impl Spools {
    pub(crate) fn new(folder: PathBuf, bytes_max: u64) -> Self {
        let blocks = usize::try_from(bytes_max).unwrap_or(usize::MAX) / MEMORY_BYTES_MAX;
        let blocks = blocks.min(Semaphore::MAX_PERMITS);
        Self { folder: Arc::new(folder), blocks: Arc::new(Semaphore::new(blocks)), share: blocks / SHARE }
    }
}

/// The answers to one request.
#[derive(Debug)]
pub(super) struct Spool {
    pub(super) counts: Counts,
    /// What came after that which is in the file.
    memory: Vec<u8>,
    file: Option<Arc<File>>,
    file_bytes: u64,
    spools: Spools,
    /// Given back when the answer was sent.
    blocks: Vec<OwnedSemaphorePermit>,
    /// Items in a row that are in the log neither now nor before.
    fruitless: u64,
    last_retry: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) accepted: u64,
    pub(super) duplicate: u64,
    pub(super) quarantined: u64,
    pub(super) retry: u64,
}

/// There is no room for more. What was pushed is kept.
#[derive(Debug)]
pub(super) struct Full;

impl Spool {
    pub(super) fn new(spools: Spools) -> Self {
        Self {
            counts: Counts::default(),
            memory: Vec::new(),
            file: None,
            file_bytes: 0,
            spools,
            blocks: Vec::new(),
            fruitless: 0,
            last_retry: None,
        }
    }

    pub(super) fn push(&mut self, result: &ItemResult) {
        let counts = &mut self.counts;
        let (count, retry) = match result {
            ItemResult::Accepted(_) => (&mut counts.accepted, None),
            ItemResult::Duplicate(_) => (&mut counts.duplicate, None),
            ItemResult::Quarantined(_) => (&mut counts.quarantined, None),
            ItemResult::Retry { detail } => (&mut counts.retry, Some(detail.as_ref())),
        };
        *count += 1;
        let is_entry = matches!(result, ItemResult::Accepted(_) | ItemResult::Duplicate(_));
        self.fruitless = if is_entry { 0 } else { self.fruitless + 1 };
        if retry.is_some() && retry == self.last_retry.as_deref() {
            Record::Same.write(&mut self.memory);
            return;
        }
        self.last_retry = retry.map(ToOwned::to_owned);
        match result {
            ItemResult::Accepted(receipt) => Record::of(receipt, true).write(&mut self.memory),
            ItemResult::Duplicate(receipt) => Record::of(receipt, false).write(&mut self.memory),
            other => Record::Json(&answer::json(other)).write(&mut self.memory),
        }
    }

    pub(super) fn fruitless(&self) -> u64 {
        self.fruitless
    }

    /// Moves what is too much for memory into the file.
    pub(super) async fn settle(&mut self) -> Result<(), Full> {
        if self.memory.len() < MEMORY_BYTES_MAX {
            return Ok(());
        }
        self.take_blocks(self.memory.len().div_ceil(MEMORY_BYTES_MAX))?;
        let block = Bytes::from(std::mem::take(&mut self.memory));
        let written = spawn_blocking({
            let (file, folder) = (self.file.clone(), Arc::clone(&self.spools.folder));
            let (block, offset) = (block.clone(), self.file_bytes);
            move || write(file, &folder, &block, offset)
        });
        let error = match written.await {
            Ok(Ok(file)) => {
                self.file = Some(file);
                self.file_bytes += block.len() as u64;
                return Ok(());
            }
            Ok(Err(error)) => error,
            Err(error) => error.into(),
        };
        let folder = self.spools.folder.display();
        tracing::warn!(%error, %folder, "the answers to a bulk request cannot be written to disk");
        self.memory = block.into();
        Err(Full)
    }

    fn take_blocks(&mut self, wanted: usize) -> Result<(), Full> {
        let held: usize = self.blocks.iter().map(OwnedSemaphorePermit::num_permits).sum();
        if held + wanted > self.spools.share {
            return Err(Full);
        }
        let permits = u32::try_from(wanted).map_err(|_| Full)?;
        let taken = Arc::clone(&self.spools.blocks).try_acquire_many_owned(permits);
        self.blocks.push(taken.map_err(|_| Full)?);
        Ok(())
    }

    /// From its beginning.
    pub(super) fn into_reader(self) -> SpoolReader {
        SpoolReader {
            file: self.file,
            file_bytes: self.file_bytes,
            at: 0,
            memory: Some(self.memory.into()),
            _blocks: self.blocks,
        }
    }
}

fn write(file: Option<Arc<File>>, folder: &Path, block: &[u8], offset: u64) -> io::Result<Arc<File>> {
    let file = file.map_or_else(|| tempfile::tempfile_in(folder).map(Arc::new), Ok)?;
    file.write_all_at(block, offset)?;
    Ok(file)
}

/// What was spooled, in order.
#[derive(Debug)]
pub(super) struct SpoolReader {
    file: Option<Arc<File>>,
    file_bytes: u64,
    at: u64,
    memory: Option<Bytes>,
    _blocks: Vec<OwnedSemaphorePermit>,
}

/// Read from the file at once.
const READ_BYTES: usize = 256 << 10;

impl SpoolReader {
    /// All of it, where it is no more than so much and in memory.
    pub(super) fn take_small(&mut self, bytes_max: usize) -> Option<Bytes> {
        let small =
            self.file.is_none() && self.memory.as_ref().is_some_and(|memory| memory.len() <= bytes_max);
        if small { self.memory.take() } else { None }
    }

    /// The next piece, cut anywhere; none at the end.
    pub(super) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let left = usize::try_from(self.file_bytes - self.at).unwrap_or(usize::MAX).min(READ_BYTES);
        let Some(file) = self.file.clone().filter(|_| left > 0) else {
            return Ok(self.memory.take().filter(|memory| !memory.is_empty()));
        };
        let at = self.at;
        let read = spawn_blocking(move || {
            let mut piece = vec![0; left];
            file.read_exact_at(&mut piece, at).map(|()| piece)
        });
        self.at += left as u64;
        Ok(Some(read.await??.into()))
    }
}

#[cfg(test)]
mod tests;
