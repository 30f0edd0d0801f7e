//! One tenant's log, read on as it grows, for all who read it in this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use custody_auth::Scope;
use custody_domain::TenantId;
use custody_ledger::{Head, LedgerError, Start, StoredEntry, Unopened};
use tokio::{
    sync::{Semaphore, watch},
    task::AbortHandle,
};

use super::{Followed, Live, LiveConfig, item, own, seat::Seat};
use crate::Asked;

/// After the log could not be read.
const AGAIN: Duration = Duration::from_millis(500);
/// Time after which other tasks of the same thread get their turn.
pub(super) const TURN: Duration = Duration::from_millis(2);

/// Ends when it is dropped, with its last reader.
#[derive(Debug)]
pub(super) struct Feed {
    shared: Arc<Shared>,
    /// Pages of this tenant's past that are read at once.
    pub(super) pages: Arc<Semaphore>,
    task: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    config: LiveConfig,
    /// As it was last seen.
    head: watch::Sender<Head>,
    epoch: u32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The `seq` that is looked at next, and the id before it.
    next: Start,
    /// Readers that ask for the same are asked for once.
    groups: HashMap<String, Group>,
    seats: u64,
    restored: bool,
}

#[derive(Debug)]
struct Group {
    asked: Asked,
    seats: HashMap<u64, Arc<Seat>>,
}

/// Where a seat is found again.
#[derive(Debug)]
pub(super) struct Place {
    group: String,
    number: u64,
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Feed {
    /// Begins at the end of the log, as it was just seen.
    pub(super) fn begin(live: &Live, tenant: TenantId, head: Head) -> Self {
        let config = live.0.config;
        let next = Start { seq: head.size, after: head.last_id };
        let shared = Arc::new(Shared {
            config,
            head: watch::Sender::new(head),
            epoch: head.epoch,
            state: Mutex::new(State { next, groups: HashMap::new(), seats: 0, restored: false }),
        });
        let scope = live.0.authority.scope(tenant, "live");
        let task = tokio::spawn(follow(Arc::clone(&shared), Arc::clone(&live.0.log), scope));
        let pages = Arc::new(Semaphore::new(config.tenant_pages_max));
        Self { shared, pages, task: task.abort_handle() }
    }

    pub(super) fn ends_at(&self, head: Head) {
        if head.epoch != self.shared.epoch {
            self.shared.state().end();
        }
        self.shared.head.send_if_modified(|last| {
            let moved = head.size > last.size;
            if moved {
                *last = head;
            }
            moved
        });
    }

    /// Where the feed is.
    pub(super) fn next(&self) -> Start {
        self.shared.state().next
    }

    /// Whether the log is not the one any more that it was.
    pub(super) fn is_restored(&self) -> bool {
        self.shared.state().restored
    }

    /// From the answered `seq` on the feed fills the seat.
    pub(super) fn join(&self, asked: &Asked, seat: Arc<Seat>) -> (Place, u64) {
        let group = asked.whole().render();
        let mut state = self.shared.state();
        state.seats += 1;
        let number = state.seats;
        let at = state.groups.entry(group.clone());
        at.or_insert_with(|| Group { asked: asked.clone(), seats: HashMap::new() })
            .seats
            .insert(number, seat);
        (Place { group, number }, state.next.seq)
    }

    pub(super) fn leave(&self, place: &Place) {
        let mut state = self.shared.state();
        if let Some(group) = state.groups.get_mut(&place.group) {
            group.seats.remove(&place.number);
            if group.seats.is_empty() {
                state.groups.remove(&place.group);
            }
        }
    }

    /// Whatever this reader asked for and lies before it was taken out of the seat. Both are looked at
    /// at once: what the feed puts in between lies in neither.
    pub(super) fn taken_before(&self, seat: &Seat) -> Start {
        let state = self.shared.state();
        match seat.queue().first_seq() {
            Some(seq) => Start { seq, after: None },
            None => state.next,
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the state whole: no step in between can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the entry into the seats of those who asked for it, and goes on behind it, as one step.
    fn pass(&self, row: &Unopened) {
        let stored = item::open(row);
        let looked = stored.as_ref().and_then(looked);
        let mut state = self.state();
        if let Some(looked) = looked {
            state.put(looked, &self.config);
        } else {
            state.put_unreadable(row.seq);
        }
        state.next = Start { seq: row.seq.saturating_add(1), after: Some(row.id) };
    }
}

fn looked(stored: &StoredEntry) -> Option<item::Looked<'_>> {
    item::Looked::at(stored).inspect_err(item::unreadable).ok()
}

impl State {
    fn put(&self, mut looked: item::Looked<'_>, config: &LiveConfig) {
        let seq = looked.entry.seq;
        for group in self.groups.values() {
            if !group.asked.matches(&looked.entry) {
                continue;
            }
            let shown = looked.shown();
            let streamed_by = own::streamed_by(&looked.entry);
            let seats = group.seats.values().filter(|seat| seq >= seat.from);
            for seat in seats.filter(|seat| !own::is_own(streamed_by, &seat.principal)) {
                seat.put(Arc::clone(&shown), config);
            }
        }
    }

    fn put_unreadable(&self, seq: u64) {
        let groups = self.groups.values().filter(|group| !group.asked.is_restricted());
        for seat in groups.flat_map(|group| group.seats.values()).filter(|seat| seq >= seat.from) {
            seat.queue().push_unreadable(seq);
        }
    }

    /// Tells those for whom something lies there.
    fn wake(&self) {
        for seat in self.groups.values().flat_map(|group| group.seats.values()) {
            if !seat.queue().is_empty() || self.restored {
                seat.filled.notify_one();
            }
        }
    }

    fn end(&mut self) {
        self.restored = true;
        self.wake();
    }
}

/// For ever: the feed that goes aborts it.
async fn follow(shared: Arc<Shared>, log: Arc<dyn Followed>, scope: Scope) {
    let mut head = shared.head.subscribe();
    let mut failing = false;
    loop {
        let size = match head.wait_for(|head| head.size > shared.state().next.seq).await {
            Ok(head) => head.size,
            Err(_) => return,
        };
        match pass(&shared, &*log, &scope, size).await {
            Ok(()) => failing = false,
            Err(error) => {
                if !failing {
                    tracing::warn!(%error, tenant.id = %scope.tenant(), "a log that is streamed cannot be read");
                }
                failing = true;
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

async fn pass(shared: &Shared, log: &dyn Followed, scope: &Scope, size: u64) -> Result<(), LedgerError> {
    let next = shared.state().next;
    let rows = log.onward(scope, next, shared.config.page_rows_max).await?;
    if rows.is_empty() {
        // They were there and are not any more; whoever verifies the log is told which.
        tracing::warn!(tenant.id = %scope.tenant(), from = next.seq, to = size, "entries are missing");
        shared.state().next.seq = size;
    }
    let mut turn = Instant::now();
    for row in rows {
        shared.pass(&row);
        if turn.elapsed() >= TURN {
            shared.state().wake();
            tokio::task::yield_now().await;
            turn = Instant::now();
        }
    }
    shared.state().wake();
    Ok(())
}
