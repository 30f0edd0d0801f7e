//! How much may wait, and how much goes into one transaction.

/// The bounds of the queue and of a batch. Items are entries; bytes are what they weigh in memory,
/// bodies compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitConfig {
    /// Transactions at once. More of them wait for each other's tenants and for the same disk.
    pub committers: usize,
    /// Of which one tenant may hold half.
    pub queue_items_max: usize,
    /// Of which one tenant may hold half.
    pub queue_bytes_max: usize,
    /// A request that is larger is a batch of its own.
    pub batch_items_max: usize,
    /// A request that is larger is a batch of its own.
    pub batch_bytes_max: usize,
}

impl Default for CommitConfig {
    /// Two transactions of at most 4,096 entries or 4 MiB; at most 65,536 entries or 64 MiB wait.
    fn default() -> Self {
        Self {
            committers: 2,
            queue_items_max: 65_536,
            queue_bytes_max: 64 << 20,
            batch_items_max: 4_096,
            batch_bytes_max: 4 << 20,
        }
    }
}
