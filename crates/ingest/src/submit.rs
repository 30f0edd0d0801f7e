//! Items into the log: the order of the work, and what the sender is told of each.

use std::{borrow::Cow, sync::Arc};

use chrono::Utc;
use custody_auth::Scope;
use custody_domain::{QuarantineId, commitment::Salt};
use custody_keys::Keys;
use custody_ledger::{Appended, Draft, Ledger, LedgerError, Receipt};
use custody_store::{
    Store,
    quarantine::{ItemError, Quota},
};

use crate::{
    Reason,
    format::{Format, SourceFormat},
    policies::Policies,
    prepare::{self, Rejected, Setting},
    quarantine::{Outcome, Quarantine},
    recorded_by::RecordedBy,
    split::RawItem,
};

/// Why nothing of a request was taken: the ledger's reasons, and the store's in their clothes.
pub type IngestError = LedgerError;

/// After so many items the other tasks of this thread get their turn.
const TURN_ITEMS: usize = 32;

/// The way into the log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ingest {
    pub(crate) ledger: Ledger,
    policies: Policies,
    quarantine: Arc<Quarantine>,
}

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

/// One item on its way.
type Step = Result<(Draft, SourceFormat), Rejected>;

impl Ingest {
    pub fn new(store: Store, ledger: Ledger, keys: Keys, quota: Quota) -> Self {
        let quarantine = Quarantine { store: store.clone(), ledger: ledger.clone(), keys, quota };
        Self { ledger, policies: Policies::new(store), quarantine: Arc::new(quarantine) }
    }

    /// Takes items in and answers for each, in their order. An error means that nothing was kept of
    /// any. The entries are written first, in one transaction, the quarantine after them: an item
    /// that cannot be kept there now is a `Retry` and takes no receipt from its neighbours.
    pub async fn submit(
        &self,
        scope: &Scope,
        format: Format,
        items: Vec<RawItem>,
    ) -> Result<Vec<ItemResult>, IngestError> {
        let masker = self.policies.masker(scope).await?;
        let recorded_by = RecordedBy::of(scope);
        let setting = Setting {
            tenant: scope.tenant(),
            masker: &masker,
            recorded_by: &recorded_by,
            received_at: Utc::now(),
        };
        let mut steps = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            if at % TURN_ITEMS == TURN_ITEMS - 1 {
                tokio::task::yield_now().await;
            }
            steps.push(self.step(scope, format, item, &setting).await?);
        }
        self.finish(scope, &items, steps).await
    }

    /// Makes a mask policy that was just set act on this server at once; elsewhere within 5 s.
    pub async fn mask_policy_changed(&self, scope: &Scope) {
        self.policies.forget(scope.tenant()).await;
    }

    /// The fingerprint is taken of the masked event: the clear one exists only until then.
    async fn step(
        &self,
        scope: &Scope,
        format: Format,
        item: &RawItem,
        setting: &Setting<'_>,
    ) -> Result<Step, IngestError> {
        let event = prepare::read(&item.bytes, format, setting.masker);
        let event = match event.and_then(|event| event.mask(setting.masker)) {
            Ok(event) => event,
            Err(rejected) => return Ok(Err(rejected)),
        };
        let source_format = event.format;
        let key = match &event.id {
            Some(id) => {
                Some(self.ledger.event_key(scope, (source_format.as_str(), id), &event.canonical()).await?)
            }
            None => None,
        };
        let content = match event.into_content(setting) {
            Ok(content) => content,
            Err(rejected) => return Ok(Err(rejected)),
        };
        Ok(match Draft::new(&content, new_salt(), key) {
            Ok(draft) => Ok((draft, source_format)),
            Err(why) => Err(Rejected::unfit(&why, source_format)),
        })
    }

    async fn finish(
        &self,
        scope: &Scope,
        items: &[RawItem],
        steps: Vec<Step>,
    ) -> Result<Vec<ItemResult>, IngestError> {
        let mut results: Vec<Option<ItemResult>> = vec![None; items.len()];
        let mut drafts = Vec::new();
        let mut drafted = Vec::new();
        let mut rejected = Vec::new();
        for (at, step) in steps.into_iter().enumerate() {
            match step {
                Ok((draft, format)) => {
                    drafts.push(draft);
                    drafted.push((at, format));
                }
                Err(why) => rejected.push((at, why)),
            }
        }
        if !drafts.is_empty() {
            let appended = self.ledger.append(scope, drafts).await?;
            for ((at, format), appended) in drafted.into_iter().zip(appended) {
                match appended {
                    Appended::Accepted(receipt) => results[at] = Some(ItemResult::Accepted(receipt)),
                    Appended::Duplicate(receipt) => results[at] = Some(ItemResult::Duplicate(receipt)),
                    Appended::Conflict(_) => rejected.push((at, Rejected::conflict(format))),
                }
            }
        }
        self.quarantine(scope, items, rejected, &mut results).await;
        let results: Vec<_> = results.into_iter().map(|result| result.unwrap_or(UNANSWERED)).collect();
        count(&results);
        Ok(results)
    }

    async fn quarantine(
        &self,
        scope: &Scope,
        items: &[RawItem],
        rejected: Vec<(usize, Rejected)>,
        results: &mut [Option<ItemResult>],
    ) {
        let to_keep: Vec<_> = rejected.iter().map(|(at, why)| (&items[*at], why)).collect();
        let outcomes = self.quarantine.keep(scope, &to_keep).await;
        for ((at, why), outcome) in rejected.into_iter().zip(outcomes) {
            let Rejected { reason, errors, .. } = why;
            results[at] = Some(match outcome {
                Outcome::Kept(id) => ItemResult::Quarantined(Quarantined { id, reason, errors }),
                Outcome::Full => ItemResult::Retry { detail: full(reason, &errors).into() },
                Outcome::Failed => ItemResult::Retry {
                    detail: "it cannot become an entry, and the quarantine could not be written".into(),
                },
            });
        }
    }

    /// Keeps something of our own that cannot become an entry.
    pub(crate) async fn quarantine_own(&self, scope: &Scope, bytes: Vec<u8>, why: &Rejected) -> bool {
        let item = RawItem::whole(bytes);
        matches!(self.quarantine.keep(scope, &[(&item, why)]).await.as_slice(), [Outcome::Kept(_)])
    }
}

/// Every item has its result by then; should one not, the sender is not left without an answer.
const UNANSWERED: ItemResult = ItemResult::Retry { detail: Cow::Borrowed("it was not reached") };

/// Says what to mend, because nothing was kept to look at.
fn full(reason: Reason, errors: &[ItemError]) -> String {
    let first = errors.first().map(|e| format!(": {} {}", e.pointer, e.detail)).unwrap_or_default();
    format!("the quarantine is full, and this cannot become an entry ({reason}{first})")
}

pub(crate) fn new_salt() -> Salt {
    Salt(rand::random())
}

fn count(results: &[ItemResult]) {
    let mut counts = [0_u64; 4];
    for result in results {
        let at = match result {
            ItemResult::Accepted(_) => 0,
            ItemResult::Duplicate(_) => 1,
            ItemResult::Quarantined(_) => 2,
            ItemResult::Retry { .. } => 3,
        };
        counts[at] += 1;
    }
    for (name, count) in ["accepted", "duplicate", "quarantined", "retry"].into_iter().zip(counts) {
        metrics::counter!("custody_ingest_items_total", "result" => name).increment(count);
    }
}
