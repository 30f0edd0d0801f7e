//! Where the entries of an export come from: the log itself, read from its beginning to where it ended
//! when the export began. An index may be another source: it names what can match, and reads less.

use async_trait::async_trait;
use custody_auth::Scope;
use custody_domain::{EntryId, query::Instant};
use custody_ledger::{EntryBatch, EntryBatches, Head, Ledger, Range, StoredEntry};
use custody_search::Asked;
use uuid::Uuid;

use crate::ExportError;

/// Entries that may match, in the log's order.
#[async_trait]
pub trait Source: Send + Sync + std::fmt::Debug {
    /// The log as it is now: an export covers it, and nothing that comes after.
    async fn head(&self, scope: &Scope) -> Result<Head, ExportError>;

    /// Batches of entries with ids above `after`, up to `head`: all that match, and maybe others.
    /// Whoever reads them asks [`Asked::matches`] of each.
    async fn open(
        &self,
        scope: &Scope,
        asked: &Asked,
        head: Head,
        after: Option<EntryId>,
    ) -> Result<Box<dyn Batches>, ExportError>;
}

/// The batches of one export. Dropping them ends the reading.
#[async_trait]
pub trait Batches: Send + std::fmt::Debug {
    async fn next(&mut self) -> Option<Result<Box<dyn Batch>, ExportError>>;
}

/// Some entries, of a bounded size. To visit them is work for a thread that may block.
pub trait Batch: Send + std::fmt::Debug {
    /// The `seq` up to which the log was read by then.
    fn next_seq(&self) -> u64;

    fn visit(
        self: Box<Self>,
        visit: &mut dyn FnMut(StoredEntry) -> Result<(), ExportError>,
    ) -> Result<(), ExportError>;
}

/// Reads every entry of the log that was received when the query says.
#[derive(Clone, Debug)]
pub struct LogSource(pub Ledger);

#[async_trait]
impl Source for LogSource {
    async fn head(&self, scope: &Scope) -> Result<Head, ExportError> {
        Ok(self.0.head(scope).await?)
    }

    async fn open(
        &self,
        scope: &Scope,
        asked: &Asked,
        head: Head,
        after: Option<EntryId>,
    ) -> Result<Box<dyn Batches>, ExportError> {
        let batches = range(asked, head, after).map(|range| self.0.batches(scope, range));
        Ok(Box::new(OfLog(batches)))
    }
}

/// None of a range that holds nothing.
#[derive(Debug)]
struct OfLog(Option<EntryBatches>);

#[async_trait]
impl Batches for OfLog {
    async fn next(&mut self) -> Option<Result<Box<dyn Batch>, ExportError>> {
        let batch = self.0.as_mut()?.next().await?;
        Some(batch.map(|batch| Box::new(batch) as _).map_err(ExportError::from))
    }
}

impl Batch for EntryBatch {
    fn next_seq(&self) -> u64 {
        Self::next_seq(self)
    }

    fn visit(
        self: Box<Self>,
        visit: &mut dyn FnMut(StoredEntry) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        self.into_entries().try_for_each(|entry| visit(entry?))
    }
}

/// The ids that can match; None where there can be none.
fn range(asked: &Asked, head: Head, after: Option<EntryId>) -> Option<Range> {
    let end = shifted(head.last_id?, 1);
    let received = asked.whole().received_range();
    let bound = |at: Instant| EntryId::lower_bound(at.to_datetime());
    let range = Range {
        after: after.max(received.from.map(|from| shifted(bound(from), -1))),
        before: Some(received.before.map_or(end, |before| bound(before).min(end))),
    };
    (range.after < range.before).then_some(range)
}

/// The number next to an id. It need not be an id itself: it is a bound.
fn shifted(id: EntryId, by: i8) -> EntryId {
    EntryId(Uuid::from_u128(id.0.as_u128().saturating_add_signed(by.into())))
}
