//! One transaction: many tenants' requests, written together.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use custody_domain::TenantId;
use custody_store::{
    StoreError, WriterTx,
    commit::{self, CommitError, Few},
    entries::{self, NewEntry},
    event_keys::{self, EventKeyRow, EventKind},
    fault,
    heads::{self, Advance, LockedHead},
};

use super::{Commits, queue::Request};
use crate::{
    Draft, LedgerError,
    plan::{Answer, Known, Plan},
};

/// So many entries at most go with the commit: then the round trips of a COPY cost more than it saves.
const FEW_ENTRIES: usize = 48;
/// Of their bodies.
const FEW_BYTES: usize = 64 * 1024;

/// What became of each request of a batch that was written, in their order.
pub(super) type Answers = Vec<Result<Vec<Answer>, LedgerError>>;

/// Why a batch was not written, or may not have been.
#[derive(Debug)]
pub(super) enum Failure {
    /// It did not get as far as a transaction.
    NotBegun(StoreError),
    /// It was rolled back.
    RolledBack(StoreError),
    /// All of it is there, or nothing.
    Unknown(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::RolledBack(error)
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::RolledBack(error) => Self::RolledBack(error),
            CommitError::Unknown(error) => Self::Unknown(error),
        }
    }
}

/// One tenant's requests, which stand side by side.
type OfTenant<'r> = (TenantId, &'r [Request]);

impl Commits {
    /// Writes the requests in one transaction. The requests of a tenant stand side by side.
    pub(super) async fn write(&self, requests: &[Request]) -> Result<Answers, Failure> {
        fault::point("commit.taken").await?;
        let mut tenants: Vec<OfTenant<'_>> = requests
            .chunk_by(|a, b| a.tenant == b.tenant)
            .filter_map(|run| Some((run.first()?.tenant, run)))
            .collect();
        tenants.sort_unstable_by_key(|(tenant, _)| *tenant);
        let order: Vec<_> = tenants.iter().map(|(tenant, _)| *tenant).collect();
        let (mut tx, heads) = heads::lock(&self.store, &order).await.map_err(|error| {
            if error.is_away() { Failure::NotBegun(error) } else { Failure::RolledBack(error) }
        })?;
        let known = known(&mut tx, &tenants, &heads).await?;
        let plans = plan(&tenants, &heads, known);
        let advances: Vec<Advance> = plans.iter().filter_map(|plan| plan.as_ref().ok()?.advance()).collect();
        let rows = Rows::of(&plans);
        let few = rows.few();
        if few.is_none() {
            rows.copy(&mut tx).await?;
        }
        fault::point("commit.copied").await?;
        commit::commit(tx, few, &advances).await?;
        // From here on the entries are kept, whatever happens.
        self.tell(&plans);
        fault::point("commit.committed").await.map_err(Failure::Unknown)?;
        Ok(answers(requests, &tenants, plans))
    }

    /// Tells followers, and whoever watches the clocks.
    fn tell(&self, plans: &[Result<Plan<'_>, LedgerError>]) {
        let mut count = 0;
        for plan in plans.iter().flatten() {
            count += plan.count();
            let (first_seq, leaves) = plan.leaves();
            self.written.add(plan.tenant(), leaves.len() as u64);
            self.recent.push(plan.tenant(), first_seq, leaves);
            if let Some(by) = plan.clock_behind {
                metrics::counter!("custody_ledger_clock_behind_total").increment(1);
                tracing::warn!(
                    tenant.id = %plan.tenant(),
                    clock.behind_ms = by.num_milliseconds(),
                    "the database's clock is behind the log; ids go on from the last one"
                );
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a histogram")]
        metrics::histogram!("custody_ledger_batch_entries").record(count as f64);
        if count > 0 {
            self.moved.send_modify(|moved| *moved += 1);
        }
    }
}

/// Those of the drafts' events that are in the log already. Nothing is asked where none has a key.
async fn known(
    tx: &mut WriterTx,
    tenants: &[OfTenant<'_>],
    heads: &[LockedHead],
) -> Result<BTreeMap<TenantId, Known>, StoreError> {
    let mut known: BTreeMap<TenantId, Known> = BTreeMap::new();
    let Some(now) = heads.first().map(|head| head.now) else { return Ok(known) };
    for kind in [EventKind::Event, EventKind::Request] {
        let mut keys = Vec::new();
        for (tenant, requests) in tenants {
            let of_drafts = requests.iter().flat_map(|request| &request.drafts).flat_map(Draft::keys);
            keys.extend(of_drafts.filter(|key| key.kind == kind).map(|key| (*tenant, key.key16)));
        }
        for row in event_keys::find(tx, kind, &keys, now).await? {
            known.entry(row.tenant).or_default().insert((kind, row.key16), row);
        }
    }
    Ok(known)
}

/// A plan a tenant, in their order; one tenant's trouble is its own.
fn plan<'r>(
    tenants: &[OfTenant<'r>],
    heads: &[LockedHead],
    mut known: BTreeMap<TenantId, Known>,
) -> Vec<Result<Plan<'r>, LedgerError>> {
    let mut heads = heads.iter().peekable();
    let mut plans = Vec::with_capacity(tenants.len());
    for (tenant, requests) in tenants {
        // Both are in the tenants' order.
        let plan = match heads.next_if(|head| head.tenant == *tenant) {
            Some(head) => {
                let drafts = requests.iter().flat_map(|request| &request.drafts);
                let known = known.remove(tenant).unwrap_or_default();
                Plan::new(*head, drafts, known).map_err(LedgerError::from)
            }
            None => Err(LedgerError::NotFound),
        };
        plans.push(plan);
    }
    plans
}

/// What a batch writes.
struct Rows<'p> {
    days: Vec<(NaiveDate, Vec<NewEntry<'p>>)>,
    keys: [(EventKind, Vec<EventKeyRow>); 2],
}

impl<'p> Rows<'p> {
    fn of(plans: &'p [Result<Plan<'_>, LedgerError>]) -> Self {
        let mut days: BTreeMap<NaiveDate, Vec<NewEntry<'_>>> = BTreeMap::new();
        let mut keys = [(EventKind::Event, Vec::new()), (EventKind::Request, Vec::new())];
        for plan in plans.iter().flatten() {
            for first_pass in [true, false] {
                for (at, (day, row)) in plan.rows().enumerate() {
                    if is_of_first_pass(at) == first_pass {
                        days.entry(day).or_default().push(row);
                    }
                }
            }
            for (kind, rows) in &mut keys {
                rows.extend(plan.event_keys.iter().filter(|(of, _)| of == kind).map(|(_, row)| *row));
            }
        }
        Self { days: days.into_iter().collect(), keys }
    }

    /// Those that go with the commit, where all do.
    fn few(&self) -> Option<Few<'_>> {
        let [(day, entries)] = self.days.as_slice() else { return None };
        let bytes: usize = entries.iter().map(|entry| entry.body.len()).sum();
        let is_few = entries.len() <= FEW_ENTRIES && bytes <= FEW_BYTES;
        is_few.then_some(Few { day: *day, entries, keys: &self.keys })
    }

    async fn copy(&self, tx: &mut WriterTx) -> Result<(), StoreError> {
        for (day, entries) in &self.days {
            entries::copy(tx, *day, entries).await?;
        }
        for (kind, rows) in &self.keys {
            event_keys::insert(tx, *kind, rows).await?;
        }
        Ok(())
    }
}

/// Rows of a tenant are written in two passes, so that the index's pages are filled. PostgreSQL splits
/// a full page of `(tenant_id, id)` in the middle, and what only rises never comes back to the left
/// half: half of the index would be empty. The first pass makes the pages, the second fills them, to
/// nine tenths.
fn is_of_first_pass(at: usize) -> bool {
    matches!(at % 16, 0 | 2 | 4 | 6 | 8 | 9 | 11 | 13 | 15)
}

/// Each request's share of its tenant's plan, in the requests' order.
fn answers(
    requests: &[Request],
    tenants: &[OfTenant<'_>],
    plans: Vec<Result<Plan<'_>, LedgerError>>,
) -> Answers {
    let mut of_tenant: BTreeMap<TenantId, _> = BTreeMap::new();
    for ((tenant, _), plan) in tenants.iter().zip(plans) {
        of_tenant.insert(*tenant, plan.map(|plan| plan.answers.into_iter()));
    }
    requests
        .iter()
        .map(|request| match of_tenant.get_mut(&request.tenant) {
            Some(Ok(answers)) => Ok(answers.by_ref().take(request.drafts.len()).collect()),
            Some(Err(LedgerError::ClockAhead { tenant, head, clock })) => {
                Err(LedgerError::ClockAhead { tenant: *tenant, head: *head, clock: *clock })
            }
            _ => Err(LedgerError::NotFound),
        })
        .collect()
}
