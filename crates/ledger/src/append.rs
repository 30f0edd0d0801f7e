//! An append: one transaction that writes entries, event keys and the head, and nothing else.

use custody_auth::Scope;
use custody_domain::EntryId;
use custody_store::{WriterTx, entries, event_keys, heads};

use crate::{
    Appended, Draft, Ledger, LedgerError, Receipt,
    plan::{Answer, Place, Plan},
};

pub(crate) async fn append(
    ledger: &Ledger,
    scope: &Scope,
    drafts: Vec<Draft>,
) -> Result<Vec<Appended>, LedgerError> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = ledger.store.writer_tx().await?;
    let locked = heads::lock(&mut tx, scope.tenant()).await?;
    let keys: Vec<_> = drafts.iter().filter_map(|d| d.event).map(|event| event.key16).collect();
    // After the lock, so that what the appender before us committed is seen.
    let known = event_keys::find(&mut tx, locked.tenant, &keys).await?;
    let plan = Plan::new(&locked, &drafts, known)?;
    write(&mut tx, &locked, &plan).await?;
    tx.commit().await?;
    // From here on the entries are kept, whatever happens.
    if let Some(by) = plan.clock_behind {
        metrics::counter!("custody_ledger_clock_behind_total").increment(1);
        tracing::warn!(
            tenant.id = %locked.tenant,
            clock.behind_ms = by.num_milliseconds(),
            "the database's clock is behind the log; ids go on from the last one"
        );
    }
    receipts(ledger, scope, &plan.answers).await
}

async fn write(tx: &mut WriterTx, locked: &heads::LockedHead, plan: &Plan<'_>) -> Result<(), LedgerError> {
    let Some(last_id) = plan.last_id() else { return Ok(()) };
    for (day, rows) in plan.days() {
        entries::copy(tx, locked.tenant, day, &rows).await?;
    }
    event_keys::insert(tx, locked.tenant, &plan.event_keys).await?;
    Ok(heads::advance(tx, locked, plan.count(), last_id).await?)
}

/// The answers, with the leaf hashes of earlier entries: the writer cannot read them, the app role
/// of the same tenant can.
async fn receipts(ledger: &Ledger, scope: &Scope, answers: &[Answer]) -> Result<Vec<Appended>, LedgerError> {
    let earlier: Vec<EntryId> = answers
        .iter()
        .map(Answer::place)
        .filter(|place| place.leaf_hash.is_none())
        .map(|place| place.id)
        .collect();
    let mut leaves = std::collections::HashMap::new();
    if !earlier.is_empty() {
        let mut tx = ledger.store.tenant_tx(scope).await?;
        leaves.extend(entries::leaf_hashes_of(&mut tx, &earlier).await?);
        tx.commit().await?;
    }
    let receipt = |place: &Place| -> Result<Receipt, LedgerError> {
        let leaf_hash = place
            .leaf_hash
            .or_else(|| leaves.get(&place.id).copied())
            .ok_or(LedgerError::Missing { tenant: scope.tenant(), seq: place.seq })?;
        let received_at = place.id.received_at();
        Ok(Receipt { id: place.id, seq: place.seq, received_at, leaf_hash })
    };
    answers
        .iter()
        .map(|answer| {
            Ok(match answer {
                Answer::New(place) => Appended::Accepted(receipt(place)?),
                Answer::Duplicate(place) => Appended::Duplicate(receipt(place)?),
                Answer::Conflict(place) => Appended::Conflict(receipt(place)?),
            })
        })
        .collect()
}
