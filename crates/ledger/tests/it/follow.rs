//! Followers, several processes on one database: each entry followed once and in order, by whoever
//! holds the lease; a sick log holds up no other.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use custody_auth::Scope;
use custody_domain::TenantId;
use custody_ledger::{
    Ledger,
    follow::{self, Behind, Fence, FollowConfig, FollowError, Follower, Singletons},
};
use custody_store::{DatabaseRole, Store, followers, leases};
use custody_testkit::eventually;
use sqlx::Row as _;
use tokio::sync::Notify;

use crate::fixture::{Fixture, drafts};

/// Moves its position on and notes what it followed, by which process.
#[derive(Default)]
struct Noting {
    process: &'static str,
    followed: Arc<Mutex<Vec<Step>>>,
    /// Asked before anything is written.
    before: Option<Before>,
}

type Before = Box<dyn Fn(&[Behind]) -> Result<(), FollowError> + Send + Sync>;

#[derive(Clone, Copy, Debug)]
struct Step {
    process: &'static str,
    tenant: TenantId,
    from: u64,
    to: u64,
}

#[async_trait]
impl Follower for Noting {
    fn name(&self) -> &'static str {
        "noting"
    }

    async fn follow(&self, fence: &Fence, behind: &[Behind]) -> Result<(), FollowError> {
        if let Some(before) = &self.before {
            before(behind)?;
        }
        let mut tx = fence.begin().await?;
        let positions: Vec<_> = behind.iter().map(Behind::whole).collect();
        followers::advance(&mut tx, &positions).await?;
        tx.commit().await?;
        let steps = behind.iter().map(|log| Step {
            process: self.process,
            tenant: log.tenant,
            from: log.from,
            to: log.head,
        });
        self.followed.lock().unwrap().extend(steps);
        Ok(())
    }
}

fn config() -> FollowConfig {
    FollowConfig {
        lease_ttl: Duration::from_millis(600),
        poll: Duration::from_millis(50),
        pass: Duration::from_millis(5),
        sick_min: Duration::from_millis(50),
        sick_max: Duration::from_millis(100),
    }
}

fn start(store: &Store, ledger: &Ledger, follower: impl Follower) -> Singletons {
    Singletons::start(store, ledger.moved(), vec![Arc::new(follower)], config())
}

/// Waits until the noted steps end at these sizes, and checks that they begin at 0 and touch.
async fn all_followed(followed: &Mutex<Vec<Step>>, sizes: &[(&Scope, u64)]) -> HashMap<TenantId, Vec<Step>> {
    eventually("everything is followed", async || {
        let mut by_tenant = HashMap::<_, Vec<Step>>::new();
        for step in followed.lock().unwrap().iter() {
            by_tenant.entry(step.tenant).or_default().push(*step);
        }
        let reached = |(scope, size): &(&Scope, u64)| {
            let last = by_tenant.get(&scope.tenant()).and_then(|steps| steps.iter().map(|s| s.to).max());
            last.unwrap_or(0) == *size
        };
        if !sizes.iter().all(reached) {
            return None;
        }
        for steps in by_tenant.values_mut() {
            steps.sort_by_key(|step| step.from);
            let ends = [0].into_iter().chain(steps.iter().map(|step| step.to));
            for (end, step) in ends.zip(steps.iter()) {
                assert_eq!(step.from, end, "followed twice, or not at all: {steps:?}");
            }
        }
        Some(by_tenant)
    })
    .await
}

async fn holders(fixture: &Fixture) -> Vec<Option<uuid::Uuid>> {
    let mut connection = fixture.connection_as(DatabaseRole::System).await;
    sqlx::query("SELECT holder FROM leases WHERE follower = 'noting' ORDER BY tenant_group")
        .fetch_all(&mut connection)
        .await
        .unwrap()
        .iter()
        .map(|row| row.get("holder"))
        .collect()
}

async fn tenants(fixture: &Fixture, count: usize) -> Vec<Scope> {
    let mut tenants = Vec::new();
    for n in 0..count {
        tenants.push(fixture.tenant(&format!("t{n}")).await);
    }
    tenants
}

#[tokio::test]
async fn two_processes_follow_every_entry_once_and_share_the_groups() {
    let fixture = Fixture::new().await;
    let other = fixture.another_ledger().await;
    let tenants = tenants(&fixture, 24).await;
    let followed = Arc::<Mutex<Vec<Step>>>::default();
    let noting = |process| Noting { process, followed: Arc::clone(&followed), before: None };
    let one = start(&fixture.store, &fixture.ledger, noting("one"));
    let two = start(&fixture.store, &other, noting("two"));
    let rounds = AtomicU64::new(0);
    eventually("both hold groups and have followed", async || {
        for (n, scope) in tenants.iter().enumerate() {
            let ledger = if n % 2 == 0 { &fixture.ledger } else { &other };
            ledger.append(scope, drafts(2)).await.unwrap();
        }
        rounds.fetch_add(1, Relaxed);
        let holders = holders(&fixture).await;
        let mut counts = HashMap::new();
        holders.iter().flatten().for_each(|holder| *counts.entry(*holder).or_insert(0) += 1);
        let steps = followed.lock().unwrap();
        let both = ["one", "two"].iter().all(|process| steps.iter().any(|step| step.process == *process));
        (both && counts.len() == 2 && counts.values().all(|count| *count == 8)).then_some(())
    })
    .await;
    let sizes: Vec<_> = tenants.iter().map(|scope| (scope, rounds.load(Relaxed) * 2)).collect();
    all_followed(&followed, &sizes).await;
    one.stop(Duration::from_secs(5)).await;
    two.stop(Duration::from_secs(5)).await;
    assert!(holders(&fixture).await.iter().all(Option::is_none), "handed back");
}

#[tokio::test]
async fn what_a_vanished_process_held_passes_on() {
    let fixture = Fixture::new().await;
    let tenants = tenants(&fixture, 4).await;
    let followed = Arc::<Mutex<Vec<Step>>>::default();
    let noting = |process| Noting { process, followed: Arc::clone(&followed), before: None };
    let one = start(&fixture.store, &fixture.ledger, noting("one"));
    for scope in &tenants {
        fixture.ledger.append(scope, drafts(1)).await.unwrap();
    }
    all_followed(&followed, &tenants.iter().map(|scope| (scope, 1)).collect::<Vec<_>>()).await;
    // As a kill: nothing is handed back.
    drop(one);
    let two = start(&fixture.store, &fixture.ledger, noting("two"));
    for scope in &tenants {
        fixture.ledger.append(scope, drafts(1)).await.unwrap();
    }
    let steps = all_followed(&followed, &tenants.iter().map(|scope| (scope, 2)).collect::<Vec<_>>()).await;
    assert!(steps.values().all(|steps| steps.iter().map(|step| step.process).eq(["one", "two"])));
    two.stop(Duration::from_secs(5)).await;
}

/// It has read what is to be followed, and is then held up for longer than its lease lasts, while
/// another process goes on. What it would write comes too late.
#[tokio::test]
async fn a_process_that_slept_through_its_lease_writes_nothing() {
    let fixture = Fixture::new().await;
    let other = fixture.another_ledger().await;
    let scope = fixture.tenant("a").await;
    fixture.ledger.append(&scope, drafts(1)).await.unwrap();
    let (asleep, awake) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let sleeper = Sleeper { asleep: Arc::clone(&asleep), awake: Arc::clone(&awake) };
    // By hand, because its beats sleep too, as the whole process does.
    let store = fixture.store.clone();
    let slept = tokio::spawn(async move {
        let id = uuid::Uuid::new_v4();
        let leases = leases::beat(&store, "noting", id, Duration::from_millis(1)).await.unwrap();
        let fence = Fence::new(store.clone(), "noting", id, leases);
        let mut tx = store.system_tx().await.unwrap();
        let page = followers::behind(&mut tx, "noting", fence.leases(), None, 10).await.unwrap();
        tx.commit().await.unwrap();
        sleeper.follow(&fence, &page.logs).await
    });
    asleep.notified().await;
    let followed = Arc::<Mutex<Vec<Step>>>::default();
    let noting = Noting { process: "two", followed: Arc::clone(&followed), before: None };
    let two = start(&fixture.store, &other, noting);
    all_followed(&followed, &[(&scope, 1)]).await;
    awake.notify_one();
    assert!(matches!(slept.await.unwrap(), Err(FollowError::LeaseLost)));
    two.stop(Duration::from_secs(5)).await;
}

struct Sleeper {
    asleep: Arc<Notify>,
    awake: Arc<Notify>,
}

#[async_trait]
impl Follower for Sleeper {
    fn name(&self) -> &'static str {
        "noting"
    }

    async fn follow(&self, fence: &Fence, behind: &[Behind]) -> Result<(), FollowError> {
        assert_eq!(behind.len(), 1);
        self.asleep.notify_one();
        self.awake.notified().await;
        let mut tx = fence.begin().await?;
        followers::advance(&mut tx, &[behind[0].whole()]).await?;
        Ok(tx.commit().await?)
    }
}

#[tokio::test]
async fn a_sick_log_holds_up_no_other_and_is_tried_again() {
    for (kind, reason) in
        [("tenant", "entry 0 is missing"), ("other", "an internal error"), ("panic", "an internal error")]
    {
        let fixture = Fixture::new().await;
        let tenants = tenants(&fixture, 3).await;
        let followed = Arc::<Mutex<Vec<Step>>>::default();
        let sick = Arc::new(Mutex::new(Some(tenants[1].tenant())));
        let before: Before = Box::new({
            let sick = Arc::clone(&sick);
            move |logs| {
                let now_sick = *sick.lock().unwrap();
                let Some(log) = logs.iter().find(|log| Some(log.tenant) == now_sick) else { return Ok(()) };
                match kind {
                    "tenant" => Err(FollowError::of_tenant(log.tenant, "entry 0 is missing", "told to none")),
                    "other" => Err(FollowError::Other("told to none".into())),
                    _ => panic!("a defect"),
                }
            }
        });
        let noting = Noting { process: "one", followed: Arc::clone(&followed), before: Some(before) };
        let one = start(&fixture.store, &fixture.ledger, noting);
        for scope in &tenants {
            fixture.ledger.append(scope, drafts(1)).await.unwrap();
        }
        all_followed(&followed, &[(&tenants[0], 1), (&tenants[2], 1)]).await;
        let failure = async |scope: &Scope| {
            let mut tx = fixture.store.tenant_tx(scope).await.unwrap();
            let standings = followers::standing(&mut tx).await.unwrap();
            standings.into_iter().find_map(|standing| standing.failure)
        };
        let shown = eventually("the failure is shown", async || failure(&tenants[1]).await).await;
        assert!(shown.reason.starts_with(reason), "{kind}: {}", shown.reason);
        assert_eq!(failure(&tenants[0]).await, None);
        // More for the others, meanwhile.
        fixture.ledger.append(&tenants[0], drafts(1)).await.unwrap();
        all_followed(&followed, &[(&tenants[0], 2)]).await;
        *sick.lock().unwrap() = None;
        all_followed(&followed, &[(&tenants[1], 1)]).await;
        assert_eq!(failure(&tenants[1]).await, None, "{kind}: and gone once it is well");
        one.stop(Duration::from_secs(5)).await;
    }
}

#[tokio::test]
async fn commits_of_another_process_wake_a_follower() {
    let fixture = Fixture::new().await;
    let other = fixture.another_ledger().await;
    let scope = fixture.tenant("a").await;
    let announcing = tokio::spawn(follow::announce(fixture.store.clone(), other.moved()));
    let followed = Arc::<Mutex<Vec<Step>>>::default();
    let noting = Noting { process: "one", followed: Arc::clone(&followed), before: None };
    // It would look by itself long after the test has given up.
    let deaf = FollowConfig { poll: Duration::from_hours(1), lease_ttl: Duration::from_mins(1), ..config() };
    let one = Singletons::start(&fixture.store, fixture.ledger.moved(), vec![Arc::new(noting)], deaf);
    let size = AtomicU64::new(0);
    eventually("a commit of the other process is followed", async || {
        // Whether it listens already cannot be seen from here: so, again.
        other.append(&scope, drafts(1)).await.unwrap();
        size.fetch_add(1, Relaxed);
        let waited = followed.lock().unwrap().iter().filter(|step| step.from > 0).count();
        (waited > 0).then_some(())
    })
    .await;
    all_followed(&followed, &[(&scope, size.load(Relaxed))]).await;
    announcing.abort();
    one.stop(Duration::from_secs(5)).await;
}
