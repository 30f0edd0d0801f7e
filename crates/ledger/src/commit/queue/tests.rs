#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use uuid::Uuid;

use super::*;

type Answered = oneshot::Receiver<Result<Vec<Answer>, LedgerError>>;

fn config() -> CommitConfig {
    CommitConfig {
        committers: 2,
        queue_items_max: 100,
        queue_bytes_max: 10_000,
        batch_items_max: 20,
        batch_bytes_max: 2_000,
    }
}

fn tenant(n: u128) -> TenantId {
    TenantId(Uuid::from_u128(n))
}

/// A request of that weight, its drafts left out.
fn request(of: u128, items: usize, bytes: usize) -> (Request, Answered) {
    let (answer, answered) = oneshot::channel();
    let mut request = Request::new(tenant(of), Vec::new(), answer);
    request.weight = Weight { items, bytes };
    (request, answered)
}

/// A queue and the ends of its requests that wait for answers.
struct Waiting {
    queue: Queue,
    answered: Vec<Answered>,
}

impl Waiting {
    fn new(config: CommitConfig) -> Self {
        Self { queue: Queue::new(config), answered: Vec::new() }
    }

    fn push(&mut self, of: u128, items: usize) -> bool {
        self.push_bytes(of, items, items)
    }

    fn push_bytes(&mut self, of: u128, items: usize, bytes: usize) -> bool {
        let (request, answered) = request(of, items, bytes);
        let fits = self.queue.push(request).is_ok();
        self.answered.extend(fits.then_some(answered));
        fits
    }

    /// The next batch's requests (tenant and entries), and its tenants.
    fn take(&mut self) -> Option<(Vec<(u128, usize)>, Taken)> {
        let batch = self.queue.take_or_end()?;
        let requests = batch.requests.iter().map(|r| (r.tenant.0.as_u128(), r.weight.items)).collect();
        Some((requests, batch.taken))
    }
}

#[test]
fn all_that_waits_is_one_batch_and_each_tenants_stands_side_by_side() {
    let mut waiting = Waiting::new(config());
    assert!([(1, 2), (2, 3), (1, 4), (3, 1)].into_iter().all(|(of, items)| waiting.push(of, items)));
    assert!(waiting.queue.call_committer());
    let (requests, _) = waiting.take().unwrap();
    assert_eq!(requests, [(1, 2), (1, 4), (2, 3), (3, 1)]);
    assert!(waiting.take().is_none());
}

#[test]
fn a_batch_keeps_its_bounds_and_cuts_no_request() {
    let mut waiting = Waiting::new(config());
    assert!([(1, 12), (1, 12), (2, 8), (2, 1), (3, 50)].into_iter().all(|(of, n)| waiting.push(of, n)));
    let (first, of_first) = waiting.take().unwrap();
    assert_eq!(first, [(1, 12), (2, 8)], "what does not fit waits; the next tenant's does");
    let (second, _) = waiting.take().unwrap();
    assert_eq!(second, [(3, 50)], "what is larger than a batch is one");
    assert!(waiting.take().is_none(), "the tenants of the first are taken");
    waiting.queue.put_back(&of_first);
    assert_eq!(waiting.take().unwrap().0, [(1, 12), (2, 1)]);
    let mut heavy = Waiting::new(config());
    assert!(heavy.push_bytes(1, 1, 1_500) && heavy.push_bytes(2, 1, 600));
    assert_eq!(heavy.take().unwrap().0, [(1, 1)]);
}

#[test]
fn a_tenant_is_with_one_committer_at_a_time() {
    let mut waiting = Waiting::new(config());
    assert!(waiting.push(1, 1));
    let (_, taken) = waiting.take().unwrap();
    assert!(waiting.push(1, 2) && waiting.push(2, 3));
    assert_eq!(waiting.take().unwrap().0, [(2, 3)]);
    waiting.queue.put_back(&taken);
    assert_eq!(waiting.take().unwrap().0, [(1, 2)]);
}

#[test]
fn what_is_full_gives_back_and_one_tenant_has_half() {
    let mut waiting = Waiting::new(config());
    assert!(waiting.push(1, 30) && waiting.push(1, 20));
    assert!(!waiting.push(1, 1), "half of 100");
    assert!(waiting.push(2, 40) && waiting.push(3, 10));
    assert!(!waiting.push(4, 1), "100 in all");
    let (_, taken) = waiting.take().unwrap();
    assert!(waiting.push(4, 1) && waiting.push(1, 1), "what is taken waits no more");
    waiting.queue.put_back(&taken);
    let mut heavy = Waiting::new(config());
    assert!(heavy.push_bytes(1, 1, 5_000) && !heavy.push_bytes(1, 1, 1) && heavy.push_bytes(2, 1, 5_000));
    assert!(!heavy.push_bytes(3, 1, 1));
}

#[test]
fn what_is_larger_than_the_queue_is_taken_where_nothing_waits() {
    let mut waiting = Waiting::new(config());
    assert!(waiting.push(1, 1_000));
    assert!(!waiting.push(2, 1));
    assert_eq!(waiting.take().unwrap().0, [(1, 1_000)]);
    assert!(waiting.push(2, 1));
    assert!(!waiting.push(3, 1_000));
}

#[test]
fn what_was_given_up_is_not_written_and_leaves_its_room() {
    let mut waiting = Waiting::new(config());
    assert!(waiting.push(1, 50) && waiting.push(1, 0) && waiting.push(2, 50));
    waiting.answered.remove(0);
    assert!(!waiting.push(3, 1), "it stays until it is its turn");
    assert_eq!(waiting.take().unwrap().0, [(1, 0), (2, 50)]);
    assert!(waiting.push(3, 100));
    let mut all = Waiting::new(config());
    assert!(all.push(1, 1));
    all.answered.clear();
    assert!(all.take().is_none());
    assert!(all.queue.lines.is_empty() && all.queue.waiting == Weight::default());
}

#[test]
fn tenants_have_turns() {
    let mut waiting = Waiting::new(config());
    assert!((0..3).all(|_| waiting.push(1, 15)) && waiting.push(2, 15));
    for turn in [1, 2, 1, 1] {
        let (requests, taken) = waiting.take().unwrap();
        assert_eq!(requests, [(turn, 15)]);
        waiting.queue.put_back(&taken);
    }
}

#[test]
fn a_second_committer_is_called_for_much_and_not_for_little() {
    let config = CommitConfig { queue_items_max: 10_000, queue_bytes_max: 10_000, ..config() };
    let mut waiting = Waiting::new(config);
    assert!(!waiting.queue.call_committer(), "nothing waits");
    assert!(waiting.push(1, 1) && waiting.queue.call_committer());
    assert!(!waiting.queue.call_committer(), "one will do");
    let _ = waiting.take().unwrap();
    assert!(waiting.push(1, WORTH_ANOTHER_ITEMS) && !waiting.queue.call_committer(), "its tenant is taken");
    assert!(waiting.push(2, WORTH_ANOTHER_ITEMS) && waiting.queue.call_committer());
    assert!(waiting.push(3, WORTH_ANOTHER_ITEMS) && !waiting.queue.call_committer(), "two at most");
}

#[test]
fn a_tenant_in_trouble_goes_alone_and_holds_up_nobody() {
    let mut waiting = Waiting::new(config());
    waiting.queue.set_apart(tenant(1), true);
    waiting.queue.set_apart(tenant(2), true);
    assert!([1, 2, 3, 4].into_iter().all(|of| waiting.push(of, 1)));
    assert!(waiting.queue.call_committer());
    let (others, of_others) = waiting.take().unwrap();
    assert_eq!(others, [(3, 1), (4, 1)]);
    assert!(waiting.queue.call_committer(), "those in trouble have a committer of their own");
    let (apart, of_apart) = waiting.take().unwrap();
    assert_eq!(apart, [(1, 1)]);
    waiting.queue.put_back(&of_others);
    assert!(waiting.push(3, 1));
    assert_eq!(waiting.take().unwrap().0, [(3, 1)], "one committer at most is with those in trouble");
    waiting.queue.set_apart(tenant(1), false);
    waiting.queue.put_back(&of_apart);
    assert!(waiting.push(1, 1) && waiting.push(4, 1));
    let (next, _) = waiting.take().unwrap();
    assert!(next == [(2, 1)] || next == [(1, 1), (4, 1)], "{next:?}");
}

#[test]
fn one_committer_alone_comes_to_those_in_trouble_too() {
    let mut waiting = Waiting::new(CommitConfig { committers: 1, ..config() });
    waiting.queue.set_apart(tenant(1), true);
    assert!(waiting.push(1, 1) && waiting.queue.call_committer());
    let mut turns = 0;
    loop {
        assert!(waiting.push(2, 1));
        let (requests, taken) = waiting.take().unwrap();
        waiting.queue.put_back(&taken);
        turns += 1;
        if requests == [(1, 1)] {
            break;
        }
    }
    assert!(turns <= 8, "{turns}");
}
