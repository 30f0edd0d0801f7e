//! Where the database is, and how much of it one process may hold.

use std::{fmt, time::Duration};

/// The database and the pools of one process.
///
/// A PostgreSQL connection costs the server a process and some megabytes, and more of them than
/// the server has cores make nothing faster; so pools are small and waiting is bounded. Count
/// `processes × (app + writer + system + reaper + 1) + 2` (one listens, two migrate) against
/// `max_connections`, whose default is 100; or put a pooler in transaction mode in front and set
/// `statement_cache_capacity = 0`.
#[derive(Clone)]
#[non_exhaustive]
pub struct DatabaseConfig {
    /// The owner's URL (`postgres://user:password@host/database`). The owner makes the other roles,
    /// so it needs CREATEROLE; it needs neither SUPERUSER nor BYPASSRLS.
    pub url: String,
    /// Reads of tenants' rows and changes of their settings: one connection a request in flight
    /// that reads.
    pub app_connections: u32,
    /// Appends: one a committer (two, if not set), and one beside each that is on its way back.
    pub writer_connections: u32,
    /// What needs all tenants: checking credentials (cached), followers, housekeeping.
    pub system_connections: u32,
    /// Redaction, retention, erasure: rare, and never in a hurry.
    pub reaper_connections: u32,
    /// How long a request waits for a connection before it is answered 503.
    pub acquire_timeout: Duration,
    /// The longest that one statement may take before the server cancels it.
    pub statement_timeout: Duration,
    /// Prepared statements kept on a connection; 0 behind a pooler in transaction mode.
    pub statement_cache_capacity: usize,
    /// Days of partitions made ahead of today.
    pub partitions_ahead_days: u16,
}

impl DatabaseConfig {
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            app_connections: 10,
            writer_connections: 4,
            system_connections: 6,
            reaper_connections: 1,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            statement_cache_capacity: 100,
            partitions_ahead_days: 7,
        }
    }
}

impl fmt::Debug for DatabaseConfig {
    /// Without the URL: it holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseConfig")
            .field("app_connections", &self.app_connections)
            .field("writer_connections", &self.writer_connections)
            .field("system_connections", &self.system_connections)
            .field("reaper_connections", &self.reaper_connections)
            .finish_non_exhaustive()
    }
}
