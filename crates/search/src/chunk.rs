//! How many entries are read at once: twice as many as the last time, as far as entries of the size seen
//! so far fit into the memory that they may take.

use custody_ledger::StoredEntry;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk {
    next: u32,
    most: u32,
    bytes_max: usize,
    read: usize,
    bytes: usize,
}

impl Chunk {
    /// Of `first` entries, later of `most` at the most, and of about so many bytes of content.
    pub(crate) fn new(first: u32, most: u32, bytes_max: usize) -> Self {
        Self { next: first.max(1), most: most.max(1), bytes_max, read: 0, bytes: 0 }
    }

    pub(crate) fn size(&self) -> u32 {
        self.next
    }

    /// Bytes of content that were read.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes note of what was read.
    pub(crate) fn took<'e>(&mut self, entries: impl IntoIterator<Item = &'e StoredEntry>) {
        for entry in entries {
            self.read += 1;
            self.bytes += entry.body.content_bytes().len();
        }
        let average = (self.bytes / self.read.max(1)).max(1);
        self.next = u32::try_from(self.bytes_max / average)
            .unwrap_or(u32::MAX)
            .min(self.next.saturating_mul(2))
            .clamp(1, self.most);
    }
}
