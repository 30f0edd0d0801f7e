//! An append: through the queue, and back with receipts.

use std::{collections::HashMap, time::Duration};

use custody_auth::Scope;
use custody_domain::EntryId;
use custody_store::{StoreError, entries};
use tokio::time::Instant;

use crate::{
    Appended, Draft, Ledger, LedgerError, Receipt,
    plan::{Answer, NewLeaf, Place},
};

pub(crate) async fn append(
    ledger: &Ledger,
    scope: &Scope,
    drafts: Vec<Draft>,
    patience: Option<Duration>,
) -> Result<Vec<Appended>, LedgerError> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let deadline = patience.and_then(|patience| Instant::now().checked_add(patience));
    let answers = ledger.commits.submit(scope.tenant(), drafts, deadline).await?;
    receipts(ledger, scope, &answers).await
}

/// The answers, with the places of earlier entries: the writer cannot read them, the app role of the
/// same tenant can.
async fn receipts(ledger: &Ledger, scope: &Scope, answers: &[Answer]) -> Result<Vec<Appended>, LedgerError> {
    let earlier: Vec<EntryId> = answers.iter().filter_map(earlier).collect();
    let mut places = HashMap::new();
    if !earlier.is_empty() {
        // The new ones beside them are written by now: who hears an error must not hear "nothing".
        let found = read_places(ledger, scope, &earlier).await;
        places.extend(found.map_err(|error| match error {
            StoreError::Unavailable(_) => LedgerError::Unknown(Box::new(error)),
            other => other.into(),
        })?);
    }
    let find = |place: &Place| match place {
        Place::Here(leaf) => Ok(receipt(*leaf)),
        Place::Earlier(id) => places
            .get(id)
            .map(|(seq, leaf_hash)| receipt(NewLeaf { id: *id, seq: *seq, leaf_hash: *leaf_hash }))
            .ok_or(LedgerError::Gone { tenant: scope.tenant(), id: *id }),
    };
    answers
        .iter()
        .map(|answer| {
            Ok(match answer {
                Answer::New(leaf) => Appended::Accepted(receipt(*leaf)),
                Answer::Duplicate(place) => Appended::Duplicate(find(place)?),
                Answer::Conflict(place) => Appended::Conflict(find(place)?),
            })
        })
        .collect()
}

async fn read_places(
    ledger: &Ledger,
    scope: &Scope,
    ids: &[EntryId],
) -> Result<Vec<(EntryId, (u64, [u8; 32]))>, StoreError> {
    let mut tx = ledger.store.tenant_tx(scope).await?;
    let places = entries::places(&mut tx, ids).await?;
    tx.commit().await?;
    Ok(places)
}

fn earlier(answer: &Answer) -> Option<EntryId> {
    match answer {
        Answer::Duplicate(Place::Earlier(id)) | Answer::Conflict(Place::Earlier(id)) => Some(*id),
        _ => None,
    }
}

fn receipt(leaf: NewLeaf) -> Receipt {
    let NewLeaf { id, seq, leaf_hash } = leaf;
    Receipt { id, seq, received_at: id.received_at(), leaf_hash }
}
