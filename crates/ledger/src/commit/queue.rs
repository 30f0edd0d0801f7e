//! What waits to be committed: a line for each tenant, and an order of the lines. Pure, but for the
//! senders of answers that the requests hold.

use std::collections::{HashMap, HashSet, VecDeque};

use custody_domain::TenantId;
use tokio::sync::oneshot;

use super::CommitConfig;
use crate::{Draft, LedgerError, plan::Answer};

/// So much that waits is worth a committer beside the one at work. Less is better off in the next
/// batch: a transaction costs what 50 entries do.
const WORTH_ANOTHER_ITEMS: usize = 256;

/// What one appender gave: written whole, or not at all.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) tenant: TenantId,
    pub(super) drafts: Vec<Draft>,
    weight: Weight,
    pub(super) answer: oneshot::Sender<Result<Vec<Answer>, LedgerError>>,
}

impl Request {
    pub(super) fn new(
        tenant: TenantId,
        drafts: Vec<Draft>,
        answer: oneshot::Sender<Result<Vec<Answer>, LedgerError>>,
    ) -> Self {
        let bytes = drafts.iter().map(Draft::weight_bytes).sum();
        Self { tenant, weight: Weight { items: drafts.len(), bytes }, drafts, answer }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Weight {
    items: usize,
    bytes: usize,
}

impl Weight {
    fn add(&mut self, other: Self) {
        self.items += other.items;
        self.bytes += other.bytes;
    }

    fn take(&mut self, other: Self) {
        self.items = self.items.saturating_sub(other.items);
        self.bytes = self.bytes.saturating_sub(other.bytes);
    }

    /// Whether `other` fits beside what is there. Beside nothing everything does, or it never would.
    fn has_room(self, other: Self, items_max: usize, bytes_max: usize) -> bool {
        self.items == 0 || (self.items + other.items <= items_max && self.bytes + other.bytes <= bytes_max)
    }
}

/// What goes into one transaction: of each tenant the requests side by side, in their order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) requests: Vec<Request>,
    pub(super) taken: Taken,
}

/// The tenants that a committer has, to be given back.
#[derive(Debug, Default)]
pub(super) struct Taken {
    tenants: Vec<TenantId>,
    /// One that goes alone.
    apart: bool,
}

#[derive(Debug)]
pub(super) struct Queue {
    config: CommitConfig,
    lines: HashMap<TenantId, Line>,
    /// Tenants that wait and are with no committer, each once.
    ready: VecDeque<TenantId>,
    /// Those of them whose last batch failed: they go alone, so that nobody waits for them.
    ready_apart: VecDeque<TenantId>,
    apart: HashSet<TenantId>,
    waiting: Weight,
    /// Of the lines that are ready.
    ready_items: usize,
    committers: usize,
    committers_apart: usize,
    /// Batches taken, so that with one committer those apart have a turn too.
    turn: u64,
}

#[derive(Debug, Default)]
struct Line {
    requests: VecDeque<Request>,
    waiting: Weight,
    with_committer: bool,
}

impl Queue {
    pub(super) fn new(config: CommitConfig) -> Self {
        Self {
            config,
            lines: HashMap::new(),
            ready: VecDeque::new(),
            ready_apart: VecDeque::new(),
            apart: HashSet::new(),
            waiting: Weight::default(),
            ready_items: 0,
            committers: 0,
            committers_apart: 0,
            turn: 0,
        }
    }

    /// Gives the request back where there is no room for it.
    pub(super) fn push(&mut self, request: Request) -> Result<(), Request> {
        let CommitConfig { queue_items_max, queue_bytes_max, .. } = self.config;
        let (weight, tenant) = (request.weight, request.tenant);
        let of_tenant = self.lines.get(&tenant).map(|line| line.waiting).unwrap_or_default();
        if !self.waiting.has_room(weight, queue_items_max, queue_bytes_max)
            || !of_tenant.has_room(weight, queue_items_max / 2, queue_bytes_max / 2)
        {
            return Err(request);
        }
        self.waiting.add(weight);
        let line = self.lines.entry(tenant).or_default();
        let is_new = line.requests.is_empty() && !line.with_committer;
        line.waiting.add(weight);
        line.requests.push_back(request);
        if !line.with_committer {
            self.ready_items += weight.items;
        }
        if is_new {
            self.make_ready(tenant);
        }
        self.show();
        Ok(())
    }

    /// Whether another committer is worth starting; it is counted then.
    pub(super) fn call_committer(&mut self) -> bool {
        let (ready, apart) = (!self.ready.is_empty(), !self.ready_apart.is_empty());
        let worth_it = match self.committers {
            0 => ready || apart,
            n if n >= self.config.committers.max(1) => false,
            n => {
                let much = ready && self.ready_items >= WORTH_ANOTHER_ITEMS;
                // Those apart and the others do not wait for each other.
                let none_for_apart = apart && self.committers_apart == 0;
                let none_for_others = ready && n == self.committers_apart;
                much || none_for_apart || none_for_others
            }
        };
        self.committers += usize::from(worth_it);
        worth_it
    }

    /// The next batch; where there is none, the committer is counted no more.
    pub(super) fn take_or_end(&mut self) -> Option<Batch> {
        let batch = self.take();
        if batch.requests.is_empty() {
            self.committer_ended();
            return None;
        }
        self.show();
        Some(batch)
    }

    pub(super) fn committer_ended(&mut self) {
        self.committers = self.committers.saturating_sub(1);
    }

    fn take(&mut self) -> Batch {
        let mut batch = Batch::default();
        let mut weight = Weight::default();
        self.turn += 1;
        if let Some(tenant) = self.next_apart() {
            self.take_line(tenant, &mut weight, &mut batch);
            if !batch.requests.is_empty() {
                self.committers_apart += 1;
                batch.taken.apart = true;
                return batch;
            }
        }
        while let Some(tenant) = self.ready.pop_front() {
            if !self.take_line(tenant, &mut weight, &mut batch) {
                self.ready.push_front(tenant);
                break;
            }
        }
        batch
    }

    /// Those apart have one committer, while another is there for the rest.
    fn next_apart(&mut self) -> Option<TenantId> {
        let others_wait = !self.ready.is_empty();
        let others_at_work = self.committers > self.committers_apart + 1;
        let has_turn = !others_wait || others_at_work || self.turn.is_multiple_of(8);
        if self.committers_apart == 0 && has_turn { self.ready_apart.pop_front() } else { None }
    }

    /// Moves requests of a tenant into the batch; false where not even the first fitted.
    fn take_line(&mut self, tenant: TenantId, weight: &mut Weight, batch: &mut Batch) -> bool {
        let CommitConfig { batch_items_max, batch_bytes_max, .. } = self.config;
        let Some(line) = self.lines.get_mut(&tenant) else { return true };
        let before = batch.requests.len();
        while let Some(request) = line.requests.front() {
            let given_up = request.answer.is_closed();
            if !given_up && !weight.has_room(request.weight, batch_items_max, batch_bytes_max) {
                break;
            }
            let Some(request) = line.requests.pop_front() else { break };
            line.waiting.take(request.weight);
            self.waiting.take(request.weight);
            self.ready_items = self.ready_items.saturating_sub(request.weight.items);
            if !given_up {
                weight.add(request.weight);
                batch.requests.push(request);
            }
        }
        if batch.requests.len() > before {
            line.with_committer = true;
            // What is left of the line is not ready any more.
            self.ready_items = self.ready_items.saturating_sub(line.waiting.items);
            batch.taken.tenants.push(tenant);
            return true;
        }
        let all_given_up = line.requests.is_empty();
        if all_given_up {
            self.lines.remove(&tenant);
        }
        all_given_up
    }

    /// A committer is done with these tenants.
    pub(super) fn put_back(&mut self, taken: &Taken) {
        self.committers_apart = self.committers_apart.saturating_sub(usize::from(taken.apart));
        for tenant in &taken.tenants {
            let Some(line) = self.lines.get_mut(tenant) else { continue };
            line.with_committer = false;
            if line.requests.is_empty() {
                self.lines.remove(tenant);
                continue;
            }
            self.ready_items += line.waiting.items;
            self.make_ready(*tenant);
        }
    }

    /// Where a tenant's own batch failed it goes alone until one has succeeded. Said by the
    /// committer that has it.
    pub(super) fn set_apart(&mut self, tenant: TenantId, apart: bool) {
        if apart {
            self.apart.insert(tenant);
        } else {
            self.apart.remove(&tenant);
        }
    }

    fn make_ready(&mut self, tenant: TenantId) {
        if self.apart.contains(&tenant) {
            self.ready_apart.push_back(tenant);
        } else {
            self.ready.push_back(tenant);
        }
    }

    fn show(&self) {
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        let gauge = |n: usize| n as f64;
        metrics::gauge!("custody_ledger_queue_entries").set(gauge(self.waiting.items));
        metrics::gauge!("custody_ledger_queue_bytes").set(gauge(self.waiting.bytes));
    }
}

#[cfg(test)]
mod tests;
