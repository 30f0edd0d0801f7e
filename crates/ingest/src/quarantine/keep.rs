//! Keeping: what cannot become an entry into the quarantine, in a number of round trips that does not
//! grow with the items.

use std::collections::HashMap;

use custody_auth::Scope;
use custody_domain::{QuarantineId, json};
use custody_ledger::LedgerError;
use custody_store::quarantine::{self as table, Holding, Kept, NewItem, Seen};

use super::{Quarantine, purpose};
use crate::{prepare::Rejected, recorded_by::RecordedBy, split::RawItem, submit::TURN_ITEMS};

/// Items written by one transaction, the tenant's usage being locked meanwhile: those of a chunk of a
/// bulk request, should all of them be broken.
const BATCH_ITEMS_MAX: usize = 1_000;
/// Of them, but for a single one that is longer.
const BATCH_BYTES_MAX: usize = 4 << 20;

/// Up to here items are sealed whether they are new or not: to ask first would cost more.
const FEW_ITEMS: usize = 16;
/// Of them.
const FEW_BYTES: usize = 64 << 10;

/// What became of an item that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Kept(QuarantineId),
    /// The quota is used up.
    Full,
    /// It could not be written now.
    Failed,
}

/// An item that was to be kept, and why.
type Broken<'i> = (&'i RawItem, &'i Rejected);

type Fingerprint = [u8; 16];

/// What is to be done with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Answer(Outcome),
    /// To be written as the so many-th of those that are new; the same bytes may stand twice.
    Write(usize),
}

/// What is to be done with those of a batch.
struct Plan {
    /// For each, in order.
    steps: Vec<Step>,
    /// Which are to be written, and how often each came.
    new: Vec<(usize, u64)>,
    /// What is here already.
    again: Seen,
}

impl Quarantine {
    /// Keeps items, in order. Never fails as a whole: what was accepted beside them has its receipts
    /// already, and those must reach the sender.
    pub(crate) async fn keep(&self, scope: &Scope, items: &[Broken<'_>]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(items.len());
        let mut rest = items;
        while !rest.is_empty() {
            let (batch, more) = rest.split_at(batch_length(rest));
            rest = more;
            match self.keep_batch(scope, batch).await {
                Ok(kept) => {
                    for ((_, rejected), outcome) in batch.iter().zip(&kept) {
                        if matches!(outcome, Outcome::Kept(_)) {
                            metrics::counter!("custody_quarantine_items_total", "reason" => rejected.reason.as_str())
                                .increment(1);
                        }
                    }
                    outcomes.extend(kept);
                }
                Err(error) => {
                    tracing::warn!(tenant.id = %scope.tenant(), item.count = batch.len(), %error, "items could not be quarantined");
                    outcomes.extend(batch.iter().map(|_| Outcome::Failed));
                }
            }
        }
        outcomes
    }

    async fn keep_batch(&self, scope: &Scope, batch: &[Broken<'_>]) -> Result<Vec<Outcome>, LedgerError> {
        let event_keys = self.ledger.event_keys(scope).await?;
        let mut fingerprints = Vec::with_capacity(batch.len());
        for (at, (item, _)) in batch.iter().enumerate() {
            give_turn(at).await;
            fingerprints.push(event_keys.of_quarantined(&item.identity()));
        }
        let holding = if is_few(batch) { None } else { Some(self.holding(scope, &fingerprints).await?) };
        let Plan { steps, new, again } = self.plan(batch, &fingerprints, holding);
        let kept = self.write(scope, batch, &fingerprints, &new, again).await?;
        Ok(steps
            .into_iter()
            .map(|step| match step {
                Step::Answer(outcome) => outcome,
                Step::Write(at) => kept.get(at).copied().unwrap_or(Outcome::Failed),
            })
            .collect())
    }

    /// What is there now. Others may write before we do, so it is looked at once more then; but most of
    /// what is here already or has no room is found without being sealed, and holds nobody up.
    async fn holding(&self, scope: &Scope, fingerprints: &[Fingerprint]) -> Result<Holding, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let holding = table::holding(&mut tx, fingerprints).await?;
        tx.commit().await?;
        Ok(holding)
    }

    /// What to do with each item, as far as is known what is there.
    fn plan(&self, batch: &[Broken<'_>], fingerprints: &[Fingerprint], mut holding: Option<Holding>) -> Plan {
        let mut new: Vec<(usize, u64)> = Vec::new();
        let mut again = Seen::new();
        let mut places: HashMap<Fingerprint, usize> = HashMap::new();
        let steps = batch.iter().zip(fingerprints).enumerate().map(|(at, ((item, _), fp16))| {
            if let Some(id) = holding.as_ref().and_then(|holding| holding.known.get(fp16)) {
                *again.entry(*fp16).or_default() += 1;
                return Step::Answer(Outcome::Kept(*id));
            }
            if let Some(place) = places.get(fp16) {
                new[*place].1 += 1;
                return Step::Write(*place);
            }
            if holding.as_mut().is_some_and(|holding| !holding.charge(size_bytes(item), self.quota)) {
                return Step::Answer(Outcome::Full);
            }
            places.insert(*fp16, new.len());
            new.push((at, 1));
            Step::Write(new.len() - 1)
        });
        Plan { steps: steps.collect(), new, again }
    }

    /// Writes those of the batch that are named, and counts those that came again.
    async fn write(
        &self,
        scope: &Scope,
        batch: &[Broken<'_>],
        fingerprints: &[Fingerprint],
        new: &[(usize, u64)],
        again: Seen,
    ) -> Result<Vec<Outcome>, LedgerError> {
        if new.is_empty() && again.is_empty() {
            return Ok(Vec::new());
        }
        let purpose = purpose(scope);
        let mut sealed = Vec::with_capacity(new.len());
        for (turn, (at, _)) in new.iter().enumerate() {
            give_turn(turn).await;
            sealed.push(self.keys.seal(&purpose, &batch[*at].0.bytes).await?);
        }
        let recorded_by = json::to_serde(&RecordedBy::of(scope).to_value());
        let rows: Vec<_> = new
            .iter()
            .zip(&sealed)
            .map(|((at, times), sealed)| {
                let (item, rejected) = batch[*at];
                NewItem {
                    fp16: fingerprints[*at],
                    reason: rejected.reason.as_str(),
                    errors: &rejected.errors,
                    source_format: rejected.source_format,
                    recorded_by: &recorded_by,
                    size_bytes: size_bytes(item),
                    sent_bytes: item.cut.map(|cut| cut.length),
                    sealed,
                    times: *times,
                }
            })
            .collect();
        let mut tx = self.store.tenant_tx(scope).await?;
        let kept = table::keep(&mut tx, &rows, again, self.quota).await?;
        tx.commit().await?;
        Ok(kept.into_iter().map(Outcome::from).collect())
    }
}

impl From<Kept> for Outcome {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::New(id) | Kept::Known(id) => Self::Kept(id),
            Kept::Full => Self::Full,
        }
    }
}

/// How many of the items go together: one at least.
fn batch_length(items: &[Broken<'_>]) -> usize {
    let mut bytes = 0;
    let fits = |(item, _): &&Broken<'_>| {
        bytes += item.bytes.len();
        bytes <= BATCH_BYTES_MAX
    };
    items.iter().take(BATCH_ITEMS_MAX).take_while(fits).count().max(1)
}

fn is_few(batch: &[Broken<'_>]) -> bool {
    batch.len() <= FEW_ITEMS && batch.iter().map(|(item, _)| item.bytes.len()).sum::<usize>() <= FEW_BYTES
}

fn size_bytes(item: &RawItem) -> u64 {
    u64::try_from(item.bytes.len()).unwrap_or(u64::MAX)
}

/// Hashing and sealing cost processor time alone: now and then the other tasks of this thread go on.
async fn give_turn(at: usize) {
    if at % TURN_ITEMS == TURN_ITEMS - 1 {
        tokio::task::yield_now().await;
    }
}
