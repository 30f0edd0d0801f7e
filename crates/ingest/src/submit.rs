//! Items into the log: the order of the work, and what the sender is told of each.

use std::{borrow::Cow, sync::Arc, time::Duration};

use chrono::Utc;
use custody_auth::Scope;
use custody_domain::commitment::Salt;
use custody_keys::Keys;
use custody_ledger::{Appended, Draft, EventKey, EventKeys, Ledger, LedgerError};
use custody_store::{
    Store,
    quarantine::{ItemError, Quota},
};

use crate::{
    Reason,
    format::SourceFormat,
    policies::Policies,
    prepare::{self, MaskedEvent, Rejected, Setting},
    quarantine::{Outcome, Quarantine},
    recorded_by::RecordedBy,
    refusal::KnownBy,
    result::{ItemResult, Quarantined, count},
    sent::{Sent, Unnamed},
    split::RawItem,
};

/// Why nothing of a request was taken: the ledger's reasons, and the store's in their clothes.
pub type IngestError = LedgerError;

/// After so many items the other tasks of this thread get their turn.
pub(crate) const TURN_ITEMS: usize = 32;

/// The way into the log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ingest {
    pub(crate) ledger: Ledger,
    pub(crate) policies: Policies,
    pub(crate) quarantine: Arc<Quarantine>,
}

/// Items that were read, masked and committed to: what is left is to write them.
#[derive(Debug)]
pub struct Prepared {
    count: usize,
    drafts: Vec<Draft>,
    /// One a draft.
    drafted: Vec<Drafted>,
    rejected: Vec<(usize, RawItem, Rejected)>,
}

/// Which item a draft is of.
#[derive(Debug)]
struct Drafted {
    at: usize,
    format: SourceFormat,
    /// Kept where another event may stand in its place, and it go to the quarantine.
    known_by: Option<(KnownBy, RawItem)>,
}

/// One item's draft, and what to say where another event stands in its place; or why it cannot become
/// an entry.
type Only = Result<(Draft, Rejected), Rejected>;

impl Prepared {
    /// How many items it holds.
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What became of one item; nothing where it was none.
    pub(crate) fn only(mut self) -> Option<Only> {
        if let Some((_, _, why)) = self.rejected.pop() {
            return Some(Err(why));
        }
        let Drafted { format, .. } = self.drafted.pop()?;
        Some(Ok((self.drafts.pop()?, Rejected::conflict(format))))
    }
}

impl Ingest {
    pub fn new(store: Store, ledger: Ledger, keys: Keys, quota: Quota) -> Self {
        let quarantine = Quarantine::new(store.clone(), ledger.clone(), keys, quota);
        Self { ledger, policies: Policies::new(store), quarantine: Arc::new(quarantine) }
    }

    /// Takes items in and answers for each, in their order. An error means that nothing was kept of
    /// any.
    pub async fn submit(
        &self,
        scope: &Scope,
        sent: impl Into<Sent<'_>>,
        items: Vec<RawItem>,
    ) -> Result<Vec<ItemResult>, IngestError> {
        let prepared = self.prepare(scope, &sent.into(), items).await?;
        self.commit(scope, prepared, None).await
    }

    /// The same for one.
    pub async fn submit_one(
        &self,
        scope: &Scope,
        sent: impl Into<Sent<'_>>,
        item: RawItem,
    ) -> Result<ItemResult, IngestError> {
        let mut results = self.submit(scope, sent, vec![item]).await?;
        Ok(results.pop().unwrap_or(UNANSWERED))
    }

    /// Everything that comes before the ledger. Costs processor time alone, but for a tenant's first
    /// items; others get their turns.
    pub async fn prepare(
        &self,
        scope: &Scope,
        sent: &Sent<'_>,
        items: Vec<RawItem>,
    ) -> Result<Prepared, IngestError> {
        let masker = self.policies.masker(scope).await?;
        let recorded_by = RecordedBy::of(scope);
        let setting = Setting {
            tenant: scope.tenant(),
            masker: &masker,
            recorded_by: &recorded_by,
            received_at: Utc::now(),
        };
        let count = items.len();
        let (drafts, drafted) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut prepared = Prepared { count, drafts, drafted, rejected: Vec::new() };
        let mut keying = Keying { ledger: &self.ledger, scope, keys: None, canonical: Vec::new() };
        for (at, item) in items.into_iter().enumerate() {
            if at % TURN_ITEMS == TURN_ITEMS - 1 {
                tokio::task::yield_now().await;
            }
            match step(&mut keying, sent, at, &item, &setting).await? {
                Ok((draft, format, known_by)) => {
                    let known_by = known_by.map(|known_by| (known_by, item));
                    prepared.drafts.push(draft);
                    prepared.drafted.push(Drafted { at, format, known_by });
                }
                Err(why) => prepared.rejected.push((at, item, why)),
            }
        }
        Ok(prepared)
    }

    /// Writes what was prepared and answers for each item, in their order. An error means that
    /// nothing was kept of any, except where a commit's outcome is unknown
    /// ([`LedgerError::Unknown`]). The entries are written first, in one transaction, the
    /// quarantine after them: an item that cannot be kept there now is a `Retry` and takes no receipt
    /// from its neighbours.
    ///
    /// Where the ledger has no room it is asked again for as long as `patience`; without, it is
    /// [`LedgerError::Full`] at once.
    pub async fn commit(
        &self,
        scope: &Scope,
        prepared: Prepared,
        patience: Option<Duration>,
    ) -> Result<Vec<ItemResult>, IngestError> {
        let Prepared { count: items, drafts, drafted, mut rejected } = prepared;
        let mut results: Vec<Option<ItemResult>> = vec![None; items];
        if !drafts.is_empty() {
            let appended = match patience {
                None => self.ledger.append(scope, drafts).await?,
                Some(patience) => self.ledger.append_waiting(scope, drafts, patience).await?,
            };
            for (Drafted { at, format, known_by }, appended) in drafted.into_iter().zip(appended) {
                match (appended, known_by) {
                    (Appended::Accepted(receipt), _) => results[at] = Some(ItemResult::Accepted(receipt)),
                    (Appended::Duplicate(receipt), _) => results[at] = Some(ItemResult::Duplicate(receipt)),
                    (Appended::Conflict(_), Some((known_by, item))) => {
                        rejected.push((at, item, Rejected::repeated(known_by, format)));
                    }
                    // What is known by nothing meets nothing.
                    (Appended::Conflict(_), None) => {}
                }
            }
        }
        if !rejected.is_empty() {
            self.quarantine(scope, rejected, &mut results).await;
        }
        let results: Vec<_> = results.into_iter().map(|result| result.unwrap_or(UNANSWERED)).collect();
        count(&results);
        Ok(results)
    }

    /// Makes a mask policy that was just set act on this server at once; elsewhere within 5 s.
    pub async fn mask_policy_changed(&self, scope: &Scope) {
        self.policies.forget(scope.tenant()).await;
    }

    async fn quarantine(
        &self,
        scope: &Scope,
        rejected: Vec<(usize, RawItem, Rejected)>,
        results: &mut [Option<ItemResult>],
    ) {
        let to_keep: Vec<_> = rejected.iter().map(|(_, item, why)| (item, why)).collect();
        let outcomes = self.quarantine.keep(scope, &to_keep).await;
        for ((at, _, why), outcome) in rejected.into_iter().zip(outcomes) {
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

/// The fingerprint is taken of the masked event: the clear one exists only until then.
async fn step(
    keying: &mut Keying<'_>,
    sent: &Sent<'_>,
    at: usize,
    item: &RawItem,
    setting: &Setting<'_>,
) -> Result<Result<(Draft, SourceFormat, Option<KnownBy>), Rejected>, IngestError> {
    if let Some(why) = Rejected::unread(item, sent.format) {
        return Ok(Err(why));
    }
    let event = prepare::read(&item.bytes, sent.format, setting.masker);
    let event = match event.and_then(|event| event.mask(setting.masker)) {
        Ok(event) => event,
        Err(rejected) => return Ok(Err(rejected)),
    };
    let source_format = event.format;
    let (known_by, key) = keying.key_of(sent.unnamed, at, &event).await?.unzip();
    let content = match event.into_content(setting) {
        Ok(content) => content,
        Err(rejected) => return Ok(Err(rejected)),
    };
    Ok(match Draft::new(&content, new_salt(), key) {
        Ok(draft) => Ok((draft, source_format, known_by)),
        Err(why) => Err(Rejected::unfit(&why, source_format)),
    })
}

/// Makes the events' keys of one request.
struct Keying<'r> {
    ledger: &'r Ledger,
    scope: &'r Scope,
    /// From the first item that is known again by anything: most are not, and need no key of the
    /// tenant's.
    keys: Option<EventKeys>,
    /// Working space.
    canonical: Vec<u8>,
}

impl Keying<'_> {
    /// By what the item at place `at` is known again, if by anything.
    async fn key_of(
        &mut self,
        unnamed: Unnamed<'_>,
        at: usize,
        event: &MaskedEvent<'_>,
    ) -> Result<Option<(KnownBy, EventKey)>, IngestError> {
        if event.id.is_none() && unnamed == Unnamed::Nothing {
            return Ok(None);
        }
        let keys = match &self.keys {
            Some(keys) => keys,
            None => self.keys.insert(self.ledger.event_keys(self.scope).await?),
        };
        event.write_canonical(&mut self.canonical);
        let canonical = &self.canonical;
        Ok(match (&event.id, unnamed) {
            (Some(id), _) => Some((KnownBy::EventId, keys.of_event((event.format.as_str(), id), canonical))),
            (None, Unnamed::Nothing) => None,
            (None, Unnamed::Request { key, first }) => {
                Some((KnownBy::RequestKey, keys.of_request_item(key, first + at as u64, canonical)))
            }
        })
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
