//! Messages that come to a worker that has no slot for them: of a kind that is another's to run, or of one
//! whose slots are all taken. They wait for who has one, however often they come, and in the database where
//! nobody has.

use std::time::Duration;

use custody_queue::{
    WorkerConfig,
    sqs::{RelayConfig, Ticket},
};
use custody_store::jobs::Status;
use custody_testkit::eventually;
use uuid::Uuid;

use crate::{
    fixture::{Fixture, Part, quick},
    probe::{Act, Long, Plain, Probe, Watch, kinds},
};

/// What is given back comes again at once: as often in a moment as else in minutes. And no sweep helps.
async fn installation() -> Fixture {
    let mut fixture = Fixture::new(Part::Sqs).await;
    let unseen = Duration::from_mins(10);
    fixture.relay = RelayConfig { not_mine: Duration::ZERO, unseen, ..RelayConfig::default() };
    fixture
}

fn only(kind: &str, slots: usize) -> WorkerConfig {
    WorkerConfig { slots, slots_by_kind: [(kind.to_owned(), slots)].into(), other_kinds: false, ..quick() }
}

/// Long jobs beside which short ones go on, and then end one after the other.
async fn long_ones_beside_short_ones(fixture: &Fixture, watch: &Watch) {
    let tenant = fixture.tenant().await;
    let mut long = Vec::new();
    for n in 0..30 {
        long.push(fixture.ask(&tenant, &Long(Probe::new(format!("long {n}"), Act::Gate))).await);
    }
    for n in 0..40 {
        let short = fixture.ask(&tenant, &Plain(Probe::new(format!("short {n}"), Act::Nothing))).await;
        fixture.until(&tenant, short, Status::Completed).await;
    }
    watch.open(long.len());
    let mut versions = 0;
    for id in &long {
        let job = fixture.until(&tenant, *id, Status::Completed).await;
        assert_eq!(job.attempts, 1);
        versions += job.version;
    }
    // Asked for, sent, begun, ended. Some came to the wrong one five times, and were sent again; none went
    // round and round.
    assert!(versions <= 6 * 30, "{versions}");
    let dead = fixture.channel().await.dead_letters().await.unwrap();
    assert_eq!((dead.visible, dead.in_flight), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_kind_that_another_worker_runs() {
    let (fixture, watch) = (installation().await, Watch::default());
    let workers = [
        fixture.worker(&kinds(&watch), only("probe.plain", 4)).await,
        fixture.worker(&kinds(&watch), only("probe.long", 2)).await,
    ];
    long_ones_beside_short_ones(&fixture, &watch).await;
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_kind_that_has_no_free_slot() {
    let (fixture, watch) = (installation().await, Watch::default());
    let config = WorkerConfig { slots_by_kind: [("probe.long".to_owned(), 1)].into(), ..quick() };
    let worker = fixture.worker(&kinds(&watch), config).await;
    long_ones_beside_short_ones(&fixture, &watch).await;
    assert!(watch.running_most() <= 2);
    worker.stop().await;
}

/// As those that a worker has left behind which is gone.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_kind_that_nobody_runs_any_more() {
    let (fixture, watch) = (installation().await, Watch::default());
    let tenant = fixture.tenant().await;
    let mut left: Vec<Uuid> = Vec::new();
    for n in 0..12 {
        left.push(fixture.ask(&tenant, &Long(Probe::new(n.to_string(), Act::Nothing))).await);
    }
    fixture.run_as_table_owner("UPDATE jobs SET state = 'sent', sent_at = clock_timestamp()").await;
    let since = "SELECT extract(epoch FROM min(since))::bigint FROM jobs WHERE state = ";
    let sent = fixture.count(&format!("{since} 'sent'")).await;
    let channel = fixture.channel().await;
    let tickets: Vec<_> = left.iter().map(|id| Ticket { tenant: Some(tenant.tenant()), job: *id }).collect();
    for (_, fate) in channel.send(&tickets).await {
        fate.unwrap();
    }
    let other = fixture.worker(&kinds(&watch), only("probe.plain", 4)).await;
    eventually("they wait in the database", async || {
        let waiting = fixture.count("SELECT count(*) FROM jobs WHERE state = 'waiting'").await;
        let depth = channel.depth().await.unwrap();
        (waiting == 12 && depth.visible + depth.in_flight == 0).then_some(())
    })
    .await;
    assert_eq!(fixture.count(&format!("{since} 'waiting'")).await, sent, "they have waited all the time");
    let own = fixture.worker(&kinds(&watch), only("probe.long", 2)).await;
    for id in left {
        fixture.until(&tenant, id, Status::Completed).await;
    }
    let dead = channel.dead_letters().await.unwrap();
    assert_eq!((dead.visible, dead.in_flight), (0, 0));
    own.stop().await;
    other.stop().await;
}
