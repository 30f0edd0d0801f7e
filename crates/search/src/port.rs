//! The port: what every executor answers.

use async_trait::async_trait;
use custody_auth::Scope;
use custody_domain::query::Query;
use custody_ledger::StoredEntry;

use crate::{SearchError, Sort, Stats, StatsRequest};

/// The most entries on one page.
pub const LIMIT_MAX: u32 = 1_000;

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct PageRequest {
    pub query: Query,
    pub sort: Sort,
    /// Entries, from 1 to [`LIMIT_MAX`].
    pub limit: u32,
    /// Of the page before, as it was given.
    pub cursor: Option<String>,
    /// Whether to count all that match.
    pub total: bool,
}

/// Entries in the order that was asked for.
#[derive(Clone, Debug)]
pub struct Page {
    pub items: Vec<StoredEntry>,
    /// Where to go on; none when there is nothing more. There may be one beside no items at all.
    pub next_cursor: Option<String>,
    /// Where to go back to what stands before the first item, in the same order; none where there is
    /// nothing known to be. Before the newest there may be what came since.
    pub previous_cursor: Option<String>,
    /// The answer covers this many entries of the log: its size when the read began. None where the
    /// scope may not read all of them; how many others' there are is not its to know.
    pub index_watermark: Option<u64>,
    /// Why the page is shorter than it could be.
    pub stopped: Option<Stopped>,
    /// Of all pages, where it was asked for and may be told.
    pub total: Option<Total>,
}

/// How many entries match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    Exactly(u64),
    /// Counting all would have been more work than a request may be.
    AtLeast(u64),
}

/// A page that ended before it was full and before the log ended. Its cursor goes on from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    pub reason: StopReason,
    /// Entries read for this page. None where the scope may not read all of them.
    pub scanned: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// As many entries were looked at as one request may.
    WorkLimit,
    /// The entries found are as large as one page may be.
    PageBytes,
}

impl StopReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WorkLimit => "work_limit",
            Self::PageBytes => "page_bytes",
        }
    }
}

/// An executor of queries. It restricts each query by the scope it is asked with, so that no
/// caller can forget to.
///
/// Every executor evaluates the scope's grant on an entry before anything of the asker's query, as
/// [`crate::Asked`] does, and where it does not hold nothing else: otherwise the time of an answer
/// tells what stands in entries that are not in it. An executor over an index puts the grant where
/// the index applies it first, not beside the asker's clauses. Nor does a restricted scope get a
/// number that entries beyond its grant go into. The conformance suite holds executors to it.
#[async_trait]
pub trait Search: Send + Sync + std::fmt::Debug {
    async fn page(&self, scope: &Scope, request: PageRequest) -> Result<Page, SearchError>;

    /// Counts of all entries that match: exact, or an error.
    async fn stats(&self, scope: &Scope, request: StatsRequest) -> Result<Stats, SearchError>;
}
