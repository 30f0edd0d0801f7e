//! What a sender is told of each item.

use std::borrow::Cow;

use custody_domain::QuarantineId;
use custody_ledger::Receipt;
use custody_store::quarantine::ItemError;

use crate::Reason;

/// What became of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemResult {
    /// A new entry, durable.
    Accepted(Receipt),
    /// The event was in the log already, with the same content; the first receipt.
    Duplicate(Receipt),
    /// It cannot become an entry and was kept.
    Quarantined(Quarantined),
    /// Neither: nothing of it was kept; send it again later.
    Retry { detail: Cow<'static, str> },
}

/// An item that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    pub id: QuarantineId,
    pub reason: Reason,
    /// Where in the item, and what is wrong there; repeats no value.
    pub errors: Vec<ItemError>,
}

/// Into the metrics.
pub(crate) fn count(results: &[ItemResult]) {
    let mut counts = [("accepted", 0_u64), ("duplicate", 0), ("quarantined", 0), ("retry", 0)];
    for result in results {
        let at = match result {
            ItemResult::Accepted(_) => 0,
            ItemResult::Duplicate(_) => 1,
            ItemResult::Quarantined(_) => 2,
            ItemResult::Retry { .. } => 3,
        };
        counts[at].1 += 1;
    }
    for (name, count) in counts {
        if count > 0 {
            metrics::counter!("custody_ingest_items_total", "result" => name).increment(count);
        }
    }
}
