//! One suite for all parts behind the port.

use std::time::Duration;

use custody_queue::{EnqueueError, IfTaken, Options};
use custody_store::jobs::{self, Cancelled, Retried, Status};
use custody_testkit::eventually;

use crate::{
    fixture::{Fixture, Part, quick},
    probe::{Act, Forgotten, OfOne, OfTwoEach, Plain, Probe, Short, Watch, kinds},
};

macro_rules! on_every_part {
    ($($name:ident)*) => {
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() { super::$name(super::Part::Postgres).await })*
        }

        mod sqs {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() { super::$name(super::Part::Sqs).await })*
        }
    };
}

on_every_part! {
    a_job_is_run_once_and_leaves_its_result
    what_is_not_committed_is_never_run
    a_delayed_job_waits
    higher_priority_goes_first_within_a_tenant
    one_tenants_many_do_not_starve_anothers_one
    a_kind_is_limited_in_the_installation
    a_kind_is_limited_by_tenant
    what_fails_is_tried_again_and_then_is_a_dead_letter
    a_dead_letter_can_be_replayed
    what_panics_or_hangs_is_a_dead_letter_and_holds_up_nothing
    a_second_job_of_a_key_waits_is_dropped_or_is_refused
    what_waits_is_cancelled_at_once
    what_runs_is_told_to_end
    a_dead_workers_job_is_run_by_another
    who_lost_a_job_writes_nothing
    a_worker_that_stops_hands_its_jobs_over
    progress_is_seen_and_raises_the_version
    results_expire
}

fn plain(name: &str, act: Act) -> Plain {
    Plain(Probe::new(name, act))
}

async fn a_job_is_run_once_and_leaves_its_result(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let tenant = fixture.tenant().await;
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    let id = fixture.ask(&tenant, &plain("one", Act::Answer("done".into()))).await;
    let job = fixture.until(&tenant, id, Status::Completed).await;
    assert_eq!(job.result.as_deref(), Some("\"done\""));
    assert_eq!((job.attempts, job.kind.as_str()), (1, "probe.plain"));
    assert_eq!(job.created_by, "system:test");
    assert!(job.started_at >= Some(job.created_at) && job.ended_at >= job.started_at);
    assert_eq!(watch.begun(), ["one"]);
    worker.stop().await;
}

async fn what_is_not_committed_is_never_run(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let tenant = fixture.tenant().await;
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    let mut tx = fixture.store.tenant_tx(&tenant).await.unwrap();
    let job = plain("never", Act::Nothing);
    custody_queue::enqueue(&mut tx, &tenant, &job, Options::default()).await.unwrap();
    tx.rollback().await.unwrap();
    let after = fixture.ask(&tenant, &plain("after", Act::Nothing)).await;
    fixture.until(&tenant, after, Status::Completed).await;
    assert_eq!(watch.begun(), ["after"]);
    worker.stop().await;
}

async fn a_delayed_job_waits(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let tenant = fixture.tenant().await;
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    let late = Options { delay: Duration::from_millis(1500), ..Options::default() };
    let late = fixture.ask_with(&tenant, &plain("late", Act::Nothing), late).await;
    let soon = fixture.ask(&tenant, &plain("soon", Act::Nothing)).await;
    fixture.until(&tenant, soon, Status::Completed).await;
    let waits = fixture.job(&tenant, late).await;
    assert!(waits.status == Status::Pending || chrono::Utc::now() >= waits.run_at, "{waits:?}");
    let job = fixture.until(&tenant, late, Status::Completed).await;
    assert!(job.started_at.unwrap() >= job.run_at, "{job:?}");
    worker.stop().await;
}

async fn higher_priority_goes_first_within_a_tenant(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let tenant = fixture.tenant().await;
    let mut last = None;
    for (name, priority) in [("low", -1), ("first", 0), ("second", 0), ("high", 7)] {
        let options = Options { priority, ..Options::default() };
        let id = fixture.ask_with(&tenant, &OfOne(Probe::new(name, Act::Nothing)), options).await;
        last = last.or(Some(id));
    }
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    fixture.until(&tenant, last.unwrap(), Status::Completed).await;
    assert_eq!(watch.begun(), ["high", "first", "second", "low"]);
    worker.stop().await;
}

async fn one_tenants_many_do_not_starve_anothers_one(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let (many, one) = (fixture.tenant().await, fixture.tenant().await);
    for n in 0..200 {
        fixture.ask(&many, &OfOne(Probe::new(format!("many {n}"), Act::Nothing))).await;
    }
    let id = fixture.ask(&one, &OfOne(Probe::new("one", Act::Nothing))).await;
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    fixture.until(&one, id, Status::Completed).await;
    let place = watch.begun().iter().position(|name| name == "one").unwrap();
    assert!(place <= 2, "{place}");
    worker.stop().await;
}

async fn a_kind_is_limited_in_the_installation(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let workers =
        [fixture.worker(&kinds(&watch), quick()).await, fixture.worker(&kinds(&watch), quick()).await];
    let tenants = [fixture.tenant().await, fixture.tenant().await];
    let mut asked = Vec::new();
    for n in 0..10 {
        let tenant = &tenants[n % 2];
        asked.push((tenant, fixture.ask(tenant, &OfOne(Probe::new(n.to_string(), Act::Gate))).await));
    }
    for n in 1..=10 {
        watch.open(1);
        eventually("the next begins", async || (watch.begun().len() >= n).then_some(())).await;
    }
    for (tenant, id) in asked {
        fixture.until(tenant, id, Status::Completed).await;
    }
    assert_eq!(watch.running_most(), 1);
    for worker in workers {
        worker.stop().await;
    }
}

async fn a_kind_is_limited_by_tenant(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let (greedy, other) = (fixture.tenant().await, fixture.tenant().await);
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    for n in 0..5 {
        fixture.ask(&greedy, &OfTwoEach(Probe::new(format!("greedy {n}"), Act::Gate))).await;
    }
    eventually("two of them run", async || (watch.running() == 2).then_some(())).await;
    fixture.ask(&other, &OfTwoEach(Probe::new("other", Act::Gate))).await;
    eventually("another tenant's runs beside", async || (watch.running() == 3).then_some(())).await;
    assert_eq!(watch.begun().iter().filter(|name| name.starts_with("greedy")).count(), 2);
    watch.open(6);
    eventually("all have run", async || (watch.begun().len() == 6 && watch.running() == 0).then_some(()))
        .await;
    assert!(watch.running_most() <= 3);
    worker.stop().await;
}

async fn what_fails_is_tried_again_and_then_is_a_dead_letter(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let tenant = fixture.tenant().await;
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    let twice = fixture.ask(&tenant, &plain("twice", Act::Fail(2))).await;
    let always = fixture.ask(&tenant, &plain("always", Act::Fail(99))).await;
    let fatal = fixture.ask(&tenant, &plain("fatal", Act::Fatal)).await;
    let job = fixture.until(&tenant, twice, Status::Completed).await;
    assert_eq!((job.attempts, job.failure), (3, None));
    let job = fixture.until(&tenant, always, Status::Failed).await;
    assert_eq!((job.attempts, job.failure.as_deref()), (3, Some("as it was asked")));
    let job = fixture.until(&tenant, fatal, Status::Failed).await;
    assert_eq!((job.attempts, job.failure.as_deref()), (1, Some("never will")));
    let told = "SELECT count(*) FROM audit_outbox WHERE change->>'action' = 'custody.job.failed'";
    assert_eq!(fixture.count_outbox(told).await, 2);
    worker.stop().await;
}

async fn a_dead_letter_can_be_replayed(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let tenant = fixture.tenant().await;
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    let id = fixture.ask(&tenant, &plain("fatal", Act::Fatal)).await;
    fixture.until(&tenant, id, Status::Failed).await;
    let Retried::Waits(job) = jobs::retry(&worker.store, &tenant, id).await.unwrap() else { panic!() };
    assert_eq!((job.status, job.attempts), (Status::Pending, 0));
    eventually("it is run again", async || (watch.begun().len() == 2).then_some(())).await;
    fixture.until(&tenant, id, Status::Failed).await;
    let done = fixture.ask(&tenant, &plain("well", Act::Nothing)).await;
    fixture.until(&tenant, done, Status::Completed).await;
    assert!(matches!(jobs::retry(&fixture.store, &tenant, done).await.unwrap(), Retried::Refused(_)));
    worker.stop().await;
}

async fn what_panics_or_hangs_is_a_dead_letter_and_holds_up_nothing(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let tenant = fixture.tenant().await;
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    let panics = fixture.ask(&tenant, &plain("panics", Act::Panic)).await;
    let hangs = fixture.ask(&tenant, &Short(Probe::new("hangs", Act::Hang))).await;
    let well = fixture.ask(&tenant, &plain("well", Act::Nothing)).await;
    fixture.until(&tenant, well, Status::Completed).await;
    let job = fixture.until(&tenant, panics, Status::Failed).await;
    assert_eq!((job.attempts, job.failure.as_deref()), (3, Some("it panicked: as it was asked")));
    let job = fixture.until(&tenant, hangs, Status::Failed).await;
    assert_eq!((job.attempts, job.failure.as_deref()), (3, Some("it did not end within 0.3 s")));
    worker.stop().await;
}

async fn a_second_job_of_a_key_waits_is_dropped_or_is_refused(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let (tenant, other) = (fixture.tenant().await, fixture.tenant().await);
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    let first =
        fixture.ask_unique(&tenant, &plain("first", Act::Gate), "k", IfTaken::Refuse).await.unwrap().id();
    fixture.until(&tenant, first, Status::InProgress).await;
    let refused = fixture.ask_unique(&tenant, &plain("refused", Act::Nothing), "k", IfTaken::Refuse).await;
    assert!(matches!(refused, Err(EnqueueError::Taken { by }) if by == first));
    let dropped =
        fixture.ask_unique(&tenant, &plain("dropped", Act::Nothing), "k", IfTaken::Drop).await.unwrap();
    assert_eq!(dropped, custody_queue::Enqueued::Already(first));
    let waits =
        fixture.ask_unique(&tenant, &plain("waits", Act::Nothing), "k", IfTaken::Wait).await.unwrap().id();
    let waits_too = fixture
        .ask_unique(&tenant, &plain("waits too", Act::Nothing), "k", IfTaken::Wait)
        .await
        .unwrap()
        .id();
    // One that waits for the key and is cancelled sets no other free.
    let none =
        fixture.ask_unique(&tenant, &plain("none", Act::Nothing), "k", IfTaken::Wait).await.unwrap().id();
    let Cancelled::Asked(job) = jobs::cancel(&fixture.store, &tenant, none).await.unwrap() else { panic!() };
    assert_eq!(job.status, Status::Cancelled);
    assert!(fixture.job(&tenant, waits).await.blocked);
    // Another tenant's key is another key.
    let others =
        fixture.ask_unique(&other, &plain("other's", Act::Nothing), "k", IfTaken::Refuse).await.unwrap().id();
    fixture.until(&other, others, Status::Completed).await;
    assert_eq!(watch.begun(), ["first", "other's"]);
    watch.open(1);
    fixture.until(&tenant, waits_too, Status::Completed).await;
    assert_eq!(watch.begun(), ["first", "other's", "waits", "waits too"]);
    let again =
        fixture.ask_unique(&tenant, &plain("again", Act::Nothing), "k", IfTaken::Refuse).await.unwrap().id();
    fixture.until(&tenant, again, Status::Completed).await;
    worker.stop().await;
}

async fn what_waits_is_cancelled_at_once(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let tenant = fixture.tenant().await;
    let late = Options { delay: Duration::from_mins(10), ..Options::default() };
    let id = fixture.ask_with(&tenant, &plain("late", Act::Nothing), late).await;
    let Cancelled::Asked(job) = jobs::cancel(&fixture.store, &tenant, id).await.unwrap() else { panic!() };
    assert_eq!(job.status, Status::Cancelled);
    let Cancelled::Asked(again) = jobs::cancel(&fixture.store, &tenant, id).await.unwrap() else { panic!() };
    assert_eq!(job, again);
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    let after = fixture.ask(&tenant, &plain("after", Act::Nothing)).await;
    fixture.until(&tenant, after, Status::Completed).await;
    assert!(matches!(jobs::cancel(&fixture.store, &tenant, after).await.unwrap(), Cancelled::Ended(_)));
    assert_eq!(watch.begun(), ["after"]);
    worker.stop().await;
}

async fn what_runs_is_told_to_end(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let tenant = fixture.tenant().await;
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    let id = fixture.ask(&tenant, &plain("obeys", Act::Obey)).await;
    fixture.until(&tenant, id, Status::InProgress).await;
    let Cancelled::Asked(job) = jobs::cancel(&worker.store, &tenant, id).await.unwrap() else { panic!() };
    assert_eq!(job.status, Status::InProgress);
    assert!(job.cancel_requested_at.is_some());
    let job = fixture.until(&tenant, id, Status::Cancelled).await;
    assert_eq!(job.attempts, 1);
    worker.stop().await;
}

async fn a_dead_workers_job_is_run_by_another(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let tenant = fixture.tenant().await;
    let dead = fixture.worker(&kinds(&watch), quick()).await;
    let id = fixture.ask(&tenant, &plain("twice", Act::Gate)).await;
    fixture.until(&tenant, id, Status::InProgress).await;
    dead.kill();
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    eventually("another has it", async || (watch.begun().len() == 2).then_some(())).await;
    watch.open(2);
    let job = fixture.until(&tenant, id, Status::Completed).await;
    assert_eq!(job.attempts, 2);
    worker.stop().await;
}

/// The store takes an effect from any transaction of the tenant's; the fence is what refuses it.
async fn who_lost_a_job_writes_nothing(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let tenant = fixture.tenant().await;
    let slow = fixture.worker(&kinds(&watch), quick()).await;
    let id = fixture.ask(&tenant, &plain("slow", Act::GateThenEffect)).await;
    fixture.until(&tenant, id, Status::InProgress).await;
    // As another worker does that takes it over.
    let over = "UPDATE jobs SET token = token + 1, holder = gen_random_uuid() WHERE state = 'running'";
    fixture.run_as_table_owner(over).await;
    watch.open(1);
    eventually("the first attempt has ended", async || (watch.running() == 0).then_some(())).await;
    fixture.until(&tenant, id, Status::InProgress).await;
    assert_eq!(fixture.count("SELECT count(*) FROM jobs WHERE kind = 'effect'").await, 0);
    // That holder is nobody: the job is taken back, and its effect is there once.
    watch.open(1);
    fixture.until(&tenant, id, Status::Completed).await;
    assert_eq!(fixture.count("SELECT count(*) FROM jobs WHERE kind = 'effect'").await, 1);
    slow.stop().await;
}

async fn a_worker_that_stops_hands_its_jobs_over(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let tenant = fixture.tenant().await;
    let first = fixture.worker(&kinds(&watch), quick()).await;
    let id = fixture.ask(&tenant, &plain("obeys", Act::Obey)).await;
    fixture.until(&tenant, id, Status::InProgress).await;
    first.stop().await;
    let job = fixture.job(&tenant, id).await;
    assert_eq!((job.status, job.attempts), (Status::Pending, 0));
    let second = fixture.worker(&kinds(&watch), quick()).await;
    fixture.until(&tenant, id, Status::InProgress).await;
    second.stop().await;
}

async fn progress_is_seen_and_raises_the_version(part: Part) {
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let tenant = fixture.tenant().await;
    let id = fixture.ask(&tenant, &plain("steps", Act::Progress(100))).await;
    let before = fixture.job(&tenant, id).await.version;
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    let job = fixture.until(&tenant, id, Status::Completed).await;
    assert_eq!(job.progress.as_deref(), Some(r#"{"done":100,"total":100}"#));
    // Begun, at least one step, ended; and not a write a step.
    assert!((before + 3..before + 20).contains(&job.version), "{before} {}", job.version);
    worker.stop().await;
}

async fn results_expire(part: Part) {
    const PLAIN: [&str; 2] = ["probe.plain", "probe.forgotten"];
    let (fixture, watch) = (Fixture::new(part).await, Watch::default());
    let tenant = fixture.tenant().await;
    let worker = fixture.worker(&kinds(&watch), quick()).await;
    let id = fixture.ask(&tenant, &Forgotten(Probe::new("short", Act::Answer("gone".into())))).await;
    let kept = fixture.ask(&tenant, &plain("kept", Act::Answer("here".into()))).await;
    fixture.until(&tenant, id, Status::Completed).await;
    fixture.until(&tenant, kept, Status::Completed).await;
    eventually("it has expired", async || fixture.job(&tenant, id).await.result.is_none().then_some(()))
        .await;
    let swept = jobs::sweep(&fixture.store, Duration::from_hours(1), &PLAIN).await.unwrap();
    assert_eq!((swept.jobs, swept.results), (0, 1));
    assert!(fixture.job(&tenant, kept).await.result.is_some());
    let swept = jobs::sweep(&fixture.store, Duration::ZERO, &PLAIN).await.unwrap();
    assert_eq!(swept.jobs, 2);
    worker.stop().await;
}
