//! What one request may cost, and one tenant.

use std::time::Duration;

/// Bounds of one request, and of a tenant's requests together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearLimits {
    /// Entries looked at, …
    pub scan_max: u64,
    /// … the bytes of their contents, …
    pub scan_bytes_max: usize,
    /// … and the time it takes: a query of many clauses over large entries is slow.
    pub scan_time_max: Duration,
    /// Entries read at first; a page of that many or fewer is one read.
    pub first_chunk: u32,
    /// Entries read from the log at once, …
    pub chunk_max: u32,
    /// … and the bytes of content that they may be expected to have.
    pub chunk_bytes_max: usize,
    /// Bytes of content on a page, after which it ends even if it is not full.
    pub page_bytes_max: usize,
    /// Scans of one tenant at once; others' scans are not kept waiting by more of them, …
    pub tenant_scans_max: usize,
    /// … requests of that tenant that wait for their turn, …
    pub tenant_waiting_max: usize,
    /// … and how long they do.
    pub wait_max: Duration,
}

impl Default for LinearLimits {
    fn default() -> Self {
        Self {
            scan_max: 20_000,
            scan_bytes_max: 256 << 20,
            scan_time_max: Duration::from_secs(5),
            first_chunk: 64,
            chunk_max: 1_024,
            chunk_bytes_max: 8 << 20,
            page_bytes_max: 16 << 20,
            tenant_scans_max: 4,
            tenant_waiting_max: 64,
            wait_max: Duration::from_secs(5),
        }
    }
}
