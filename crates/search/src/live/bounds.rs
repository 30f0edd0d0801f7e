//! What readers may cost.

use std::time::Duration;

/// Bounds of one reader, and of all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveConfig {
    /// Entries that wait for one reader, …
    pub queue_entries_max: usize,
    /// … and their bytes as JSON; one entry may wait whatever its size. What comes beyond is dropped
    /// until half of it was taken.
    pub queue_bytes_max: usize,
    /// Entries that a reader is handed at once, …
    pub batch_entries_max: usize,
    /// … and their bytes; at least one entry.
    pub batch_bytes_max: usize,
    /// Entries of a page.
    pub page_rows_max: u32,
    /// A reader that is so near to the feed takes its seat in it.
    pub near: u64,
    /// Pages of the past that are read at once, …
    pub pages_max: usize,
    /// … and those of one tenant.
    pub tenant_pages_max: usize,
    /// Where logs end is looked at so often at most, …
    pub pause: Duration,
    /// … and, where no hint came, so seldom.
    pub poll: Duration,
}

impl Default for LiveConfig {
    fn default() -> Self {
        Self {
            queue_entries_max: 1_024,
            queue_bytes_max: 1 << 20,
            batch_entries_max: 256,
            batch_bytes_max: 64 << 10,
            page_rows_max: 512,
            near: 512,
            pages_max: 4,
            tenant_pages_max: 2,
            pause: Duration::from_millis(10),
            poll: Duration::from_secs(1),
        }
    }
}
