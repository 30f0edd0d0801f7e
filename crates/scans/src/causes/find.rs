//! The causes of a finding, page by page.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use custody_auth::Scope;
use custody_domain::{
    FindingId,
    query::{Clause, Comparison, Instant, Query, TimeField},
};
use custody_ledger::LedgerError;
use custody_search::{PageRequest, Search, SearchError, Sort, Stopped};
use custody_store::{
    Store, StoreError,
    findings::{self, Failing, Finding},
};
use serde::{Deserialize, Serialize};

use super::{Called, Cause, left_out, points::rank};

/// Entries that are ranked against each other; those received before them are on pages of their own.
const RANKED_MAX: usize = 1_000;

/// Pages of the log that are asked for one answer, where they come with fewer entries than there is room for.
const PAGES_MAX: usize = 8;

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct CausesAsked {
    /// Causes of a page.
    pub limit: usize,
    /// Of the page before.
    pub cursor: Option<String>,
    /// Also what changed nothing.
    pub reads: bool,
}

#[derive(Clone, Debug)]
pub struct Causes {
    pub finding: Finding,
    /// None where it does not fail, and so has no causes.
    pub failing: Option<Failing>,
    /// The likeliest first.
    pub items: Vec<Cause>,
    pub next_cursor: Option<String>,
    /// As much of the log was looked at as one request may, before the page was full.
    pub stopped: Option<Stopped>,
    /// What was asked of the log.
    pub asked: Query,
}

#[derive(Debug, thiserror::Error)]
pub enum CausesError {
    #[error("is no cursor of these causes; take `next_cursor` as it was answered")]
    Cursor,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Where a page begins. It opens no door that the scope does not: the log's own cursor is sealed.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    /// What was received later, in microseconds, is on none of the pages.
    at: i64,
    /// In the log, of the entries that are ranked against each other.
    from: Option<String>,
    /// Of those, how many stood on pages before.
    skip: usize,
}

/// A page of the entries that the scope may read and that touched what the finding is of before it began to
/// fail.
///
/// Whom a row grant gives a part of the entries is shown a finding only beside one of them that touched what
/// it is of: else it is not found.
pub async fn causes(
    store: &Store,
    search: &dyn Search,
    scope: &Scope,
    id: FindingId,
    asked: CausesAsked,
    now: DateTime<Utc>,
) -> Result<Causes, CausesError> {
    let place = match &asked.cursor {
        Some(cursor) => Place::read(cursor).ok_or(CausesError::Cursor)?,
        None => Place { at: now.timestamp_micros(), from: None, skip: 0 },
    };
    let mut tx = store.tenant_tx(scope).await?;
    let finding = findings::get(&mut tx, id).await?;
    let failing = findings::failing(&mut tx, &finding).await?;
    tx.commit().await?;
    let resource = &finding.resource;
    let called = Called::of(&resource.uid, &resource.name, &finding.account, &finding.region);
    let mut found = Found::new(called, place.skip + asked.limit);
    let until = failing.map_or(finding.last_seen_at, |failing| failing.since);
    let query = found.query(until, asked.reads);
    if let Some(failing) = &failing {
        found.look(search, scope, &query, &place, &finding.check_id, failing).await?;
    }
    let items = found.best.split_off(place.skip.min(found.best.len()));
    if items.is_empty() && scope.grant().is_some() {
        return Err(StoreError::NotFound.into());
    }
    let next = if found.touching > found.wanted {
        Some(Place { skip: found.wanted, ..place })
    } else {
        found.next.map(|next| Place { at: place.at, from: Some(next), skip: 0 })
    };
    let stopped = found.stopped.filter(|_| items.len() < asked.limit);
    let next_cursor = next.map(|place| place.write());
    Ok(Causes { finding, failing, items, next_cursor, stopped, asked: query })
}

struct Found {
    called: Called,
    /// So many are kept, …
    wanted: usize,
    best: Vec<Cause>,
    /// … of so many.
    touching: usize,
    next: Option<String>,
    stopped: Option<Stopped>,
}

impl Found {
    fn new(called: Called, wanted: usize) -> Self {
        Self { called, wanted, best: Vec::new(), touching: 0, next: None, stopped: None }
    }

    fn query(&self, until: DateTime<Utc>, reads: bool) -> Query {
        let changes = if reads { Query::All } else { Query::negated(left_out().clone()) };
        Query::and([self.called.query(), time(TimeField::Time, until.into()), changes])
    }

    async fn look(
        &mut self,
        search: &dyn Search,
        scope: &Scope,
        query: &Query,
        place: &Place,
        check: &str,
        failing: &Failing,
    ) -> Result<(), CausesError> {
        let at = DateTime::from_timestamp_micros(place.at).ok_or(CausesError::Cursor)?;
        // What comes in meanwhile must not move what stands on later pages.
        let query = Query::and([query.clone(), time(TimeField::ReceivedAt, at.into())]);
        self.next.clone_from(&place.from);
        for _ in 0..PAGES_MAX {
            let limit = u32::try_from(RANKED_MAX - self.touching).unwrap_or(1);
            let request = PageRequest {
                query: query.clone(),
                // Every executor has it. How they are ranked needs no order.
                sort: Sort::ReceivedDescending,
                limit,
                cursor: self.next.take(),
                total: false,
            };
            let page = search.page(scope, request).await?;
            for entry in page.items {
                let view = entry.view()?;
                let Some(touch) = self.called.touched_by(&view) else { continue };
                let (points, reasons) = rank(&view, touch, check, failing);
                let at = view.time();
                self.best.push(Cause { entry, score: points, reasons, at });
                self.touching += 1;
            }
            self.best.sort_by_key(|cause| std::cmp::Reverse((cause.score, cause.at, cause.entry.id)));
            self.best.truncate(self.wanted);
            (self.next, self.stopped) = (page.next_cursor, page.stopped);
            if self.next.is_none() || self.touching >= RANKED_MAX {
                break;
            }
        }
        Ok(())
    }
}

fn time(field: TimeField, instant: Instant) -> Query {
    Clause::Time { field, comparison: Comparison::AtMost, instant }.into()
}

impl Place {
    fn read(cursor: &str) -> Option<Self> {
        let place: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        (place.skip <= RANKED_MAX).then_some(place)
    }

    fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }
}
