//! Replaying: a kept item goes the way into the log once more, as it is or mended.
//!
//! The item is taken out in a transaction that commits only once the entry is durable. Killed between
//! the two, the item is still there, and the next replay finds the entry: by the item's own id, which
//! the ledger keeps with the entry, whatever event id the one replay had and the other has.

use custody_auth::Scope;
use custody_domain::QuarantineId;
use custody_keys::Zeroizing;
use custody_ledger::{Appended, Draft, EventKey, LedgerError, Receipt};
use custody_store::{
    fault,
    quarantine::{self as table, Item, ItemError},
};

use super::Quarantine;
use crate::{Format, Ingest, IngestError, RawItem, Reason, prepare::Rejected, sent::Sent};

/// Another text for an item, by somebody who mended it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Correction<'b> {
    /// The whole event; none: as it was sent.
    pub body: Option<&'b [u8]>,
    /// None: the format that the item was sent in.
    pub format: Option<Format>,
}

/// Stands where an event's source format does in its key. No format has this name, so that no id
/// that a client sends is ever taken for a quarantined item's.
const OF_QUARANTINED: &str = "custody.quarantine";

/// What became of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// It is an entry, and no longer in the quarantine.
    Accepted(Receipt),
    /// The same event was in the log already, or what an earlier replay of the item made of it; it is
    /// no longer in the quarantine.
    Known(Receipt),
    /// It still cannot become an entry, and stays where it is.
    Rejected { reason: Reason, errors: Vec<ItemError> },
    /// There is no such item.
    Gone,
}

/// An item, and as much of it as was kept.
pub(super) struct Kept {
    pub(super) item: Item,
    pub(super) sent: Zeroizing<Vec<u8>>,
}

impl Ingest {
    /// Replays an item of the scope's tenant. Who replays is who recorded the entry; the trail says
    /// who sent it. An error means that the item is where it was, except where the connection was lost
    /// while committing: then replaying again tells.
    pub async fn replay(
        &self,
        scope: &Scope,
        id: QuarantineId,
        correction: Correction<'_>,
    ) -> Result<Replay, IngestError> {
        let result = self.replay_item(scope, id, correction).await;
        let word = match &result {
            Ok(Replay::Accepted(_)) => "accepted",
            Ok(Replay::Known(_)) => "duplicate",
            Ok(Replay::Rejected { .. }) => "rejected",
            Ok(Replay::Gone) => "gone",
            Err(_) => "failed",
        };
        metrics::counter!("custody_quarantine_replays_total", "result" => word).increment(1);
        result
    }

    async fn replay_item(
        &self,
        scope: &Scope,
        id: QuarantineId,
        correction: Correction<'_>,
    ) -> Result<Replay, IngestError> {
        let Some(Kept { item, sent }) = self.quarantine.find(scope, id).await? else {
            return Ok(Replay::Gone);
        };
        let body = match correction.body {
            Some(body) => body,
            None => match item.sent_bytes {
                None => &sent,
                Some(length) => return Ok(only_the_beginning(length)),
            },
        };
        let format = correction.format.or_else(|| item.source_format.parse().ok()).unwrap_or_default();
        let item_again = RawItem::whole(body.to_vec());
        match self.prepare(scope, &Sent::from(format), vec![item_again]).await?.only() {
            Some(Ok(ready)) => self.quarantine.exchange(scope, &item, ready, correction.body.is_some()).await,
            Some(Err(why)) => Ok(why.into()),
            None => Ok(Replay::Gone),
        }
    }
}

/// What was too long to be held cannot be sent again from here.
fn only_the_beginning(length: u64) -> Replay {
    let detail = format!("only the beginning of its {length} bytes was kept: send the whole event");
    Replay::Rejected { reason: Reason::Size, errors: vec![ItemError { pointer: String::new(), detail }] }
}

impl Quarantine {
    pub(super) async fn find(&self, scope: &Scope, id: QuarantineId) -> Result<Option<Kept>, LedgerError> {
        let mut tx = self.store.tenant_tx(scope).await?;
        let item = table::get(&mut tx, id).await?;
        let sealed = table::sealed(&mut tx, id).await?;
        tx.commit().await?;
        // Between the two statements somebody may have taken it.
        let (Some(item), Some(sealed)) = (item, sealed) else { return Ok(None) };
        Ok(Some(Kept { item, sent: self.keys.open(&super::purpose(scope), &sealed).await? }))
    }

    /// The item out, the entry in.
    async fn exchange(
        &self,
        scope: &Scope,
        item: &Item,
        (draft, conflict): (Draft, Rejected),
        corrected: bool,
    ) -> Result<Replay, LedgerError> {
        // Each holds a connection while the ledger may need another.
        let Ok(_turn) = self.replays.acquire().await else { return Ok(Replay::Gone) };
        let mut tx = self.store.tenant_tx(scope).await?;
        if table::take(&mut tx, item.id).await?.is_none() {
            tx.rollback().await?;
            return Ok(Replay::Gone);
        }
        let appended = match self.append(scope, item.id, draft).await {
            Ok(appended) => appended,
            Err(why) => {
                tx.rollback().await?;
                return Err(match why {
                    // The item is still here, and becomes one entry however often it is replayed.
                    LedgerError::Unknown(error) => LedgerError::Unavailable(error),
                    why => why,
                });
            }
        };
        let (receipt, known) = match appended {
            Some(Appended::Accepted(receipt)) => (receipt, false),
            Some(Appended::Duplicate(receipt)) => (receipt, true),
            Some(Appended::Conflict(_)) | None => {
                tx.rollback().await?;
                return Ok(conflict.into());
            }
        };
        let entry = table::Replayed { id: receipt.id, seq: receipt.seq, known, corrected };
        table::replayed(&mut tx, scope, item, entry, chrono::Utc::now()).await?;
        table::refund(&mut tx, 1, item.size_bytes).await?;
        tx.commit().await?;
        Ok(if known { Replay::Known(receipt) } else { Replay::Accepted(receipt) })
    }

    /// Durable, once for the item.
    async fn append(
        &self,
        scope: &Scope,
        id: QuarantineId,
        draft: Draft,
    ) -> Result<Option<Appended>, LedgerError> {
        let draft = draft.with_origin(self.origin(scope, id).await?);
        let appended = self.ledger.append(scope, vec![draft]).await?.pop();
        fault::point("replay.appended").await?;
        Ok(appended)
    }

    async fn origin(&self, scope: &Scope, id: QuarantineId) -> Result<EventKey, LedgerError> {
        let id = id.to_string();
        Ok(self.ledger.event_keys(scope).await?.of_event((OF_QUARANTINED, &id), id.as_bytes()))
    }
}

impl From<Rejected> for Replay {
    fn from(why: Rejected) -> Self {
        Self::Rejected { reason: why.reason, errors: why.errors }
    }
}
