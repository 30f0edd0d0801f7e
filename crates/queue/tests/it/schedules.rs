//! Schedules: each due time is fired once, whoever fires and whatever clocks do.

mod declared;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use custody_auth::Scope;
use custody_domain::TenantId;
use custody_queue::{
    Kinds,
    schedules::{self, declared, fire_due, run_now},
};
use custody_store::{
    Store, StoreError,
    jobs::{JobFilter, Status},
    schedules::{Declared, IfRunning, Schedule, declare, review, switch},
};
use custody_testkit::eventually;

use crate::{
    fixture::{Fixture, Part, quick},
    probe::{Act, Plain, Probe, Watch, kinds},
};

/// Due at midnight, so that no test comes upon the next time by itself.
const DAILY: &str = "0 0 * * *";

fn own(name: &'static str, cron: &'static str, act: Act) -> Declared {
    declared(name, cron, &Plain(Probe::new(name, act))).unwrap()
}

struct Setting {
    fixture: Fixture,
    house: Scope,
}

impl Setting {
    async fn new() -> Self {
        let fixture = Fixture::new(Part::Postgres).await;
        let house = fixture.authority.scope(TenantId::RESERVED, "test");
        Self { fixture, house }
    }

    fn store(&self) -> &Store {
        &self.fixture.store
    }

    /// As a process does it at its start, and then before it fires.
    async fn declare(&self, own: &[Declared]) {
        declare(self.store(), own).await.unwrap();
        self.review().await;
    }

    async fn review(&self) {
        review_all(self.store()).await.unwrap();
    }

    async fn fire(&self) -> u64 {
        fire_due(self.store(), &Kinds::new()).await.unwrap()
    }

    async fn sql(&self, sql: &str) {
        self.fixture.in_table("schedules", sql).await;
    }

    async fn get(&self, name: &str) -> Schedule {
        let mut tx = self.store().tenant_tx(&self.house).await.unwrap();
        let all = custody_store::schedules::page(&mut tx, "", 1000).await.unwrap();
        tx.commit().await.unwrap();
        all.into_iter().find(|schedule| schedule.name == name).unwrap()
    }

    async fn jobs(&self, scope: &Scope) -> Vec<custody_store::jobs::Job> {
        let mut tx = self.store().tenant_tx(scope).await.unwrap();
        let jobs = custody_store::jobs::page(&mut tx, &JobFilter::default(), None, 1000).await.unwrap();
        tx.commit().await.unwrap();
        jobs
    }

    async fn firings(&self) -> i64 {
        self.fixture.count_in("schedule_firings", "SELECT count(*) FROM schedule_firings").await
    }

    async fn now(&self) -> DateTime<Utc> {
        let micros =
            self.fixture.count("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").await;
        DateTime::from_timestamp_micros(micros).unwrap()
    }
}

async fn review_all(store: &Store) -> Result<(), StoreError> {
    let next = |timing: &_, now| {
        schedules::Times::of(timing).and_then(|times| times.after(now)).map_err(|e| e.to_string())
    };
    review(store, next).await
}

#[tokio::test]
async fn of_several_servers_one_fires_each_due_time() {
    let setting = Setting::new().await;
    setting
        .sql(
            "INSERT INTO schedules (tenant_id, name, kind, payload, payload_version, cron, next_at)
             SELECT '00000000-0000-7000-8000-000000000000', 's' || n, 'probe.plain', '{}', 1, '0 0 * * *',
                 clock_timestamp() - interval '1 minute' FROM generate_series(1, 200) n",
        )
        .await;
    let servers = [setting.fixture.another_store().await, setting.fixture.another_store().await];
    let kinds = Kinds::new();
    let fire = |n: usize| fire_due(&servers[n], &kinds);
    let (a, b, c, d) = tokio::join!(fire(0), fire(1), fire(0), fire(1));
    let fired = [a, b, c, d].map(Result::unwrap);
    assert_eq!(fired.iter().sum::<u64>(), 200, "{fired:?}");
    assert!(fired.iter().filter(|n| **n > 0).count() > 1, "one did it all: {fired:?}");
    assert_eq!(setting.jobs(&setting.house).await.len(), 200);
    assert_eq!(setting.firings().await, 200);
}

#[tokio::test]
async fn what_was_missed_is_caught_up_once() {
    let setting = Setting::new().await;
    setting.declare(&[own("missed", "0 * * * *", Act::Nothing)]).await;
    setting
        .sql("UPDATE schedules SET next_at = date_trunc('hour', clock_timestamp()) - interval '5 hours'")
        .await;
    assert_eq!(setting.fire().await, 1);
    assert_eq!(setting.fire().await, 0);
    let schedule = setting.get("missed").await;
    assert_eq!((schedule.fired, schedule.skipped), (1, 0));
    let (due, now) = (schedule.last_due_at.unwrap(), setting.now().await);
    assert!(now - due < TimeDelta::hours(2), "the last of those that were missed: {due}");
    assert_eq!(schedule.next_at.unwrap() - due, TimeDelta::hours(1));
}

#[tokio::test]
async fn a_clock_that_is_set_back_neither_repeats_nor_stalls() {
    let setting = Setting::new().await;
    setting.declare(&[own("clock", "0 * * * *", Act::Nothing)]).await;
    setting.sql("UPDATE schedules SET next_at = clock_timestamp()").await;
    assert_eq!(setting.fire().await, 1);
    let before = setting.get("clock").await;
    // Set back by a little: the same time comes again.
    setting.sql("UPDATE schedules SET next_at = last_due_at").await;
    assert_eq!(setting.fire().await, 0);
    let after = setting.get("clock").await;
    assert_eq!((after.fired, after.last_fired_at), (before.fired, before.last_fired_at));
    assert!(after.next_at.unwrap() > before.last_due_at.unwrap());
    // Set back by a year: what was next lies far ahead.
    setting.sql("UPDATE schedules SET next_at = next_at + interval '1 year'").await;
    setting.review().await;
    let next = setting.get("clock").await.next_at.unwrap();
    let now = setting.now().await;
    assert!(next > now && next <= now + TimeDelta::hours(1), "{next} at {now}");
    // What a clock that was ahead has fired is not fired when that time comes.
    setting
        .fixture
        .in_table(
            "schedule_firings",
            "INSERT INTO schedule_firings (tenant_id, name, due_at) SELECT tenant_id, name, due_at + n * interval '1 hour'
             FROM schedule_firings, generate_series(1, 3) n",
        )
        .await;
    setting.sql("UPDATE schedules SET next_at = clock_timestamp() - interval '1 second'").await;
    let fired = setting.get("clock").await.fired;
    setting.fire().await;
    assert_eq!(setting.get("clock").await.fired, fired);
}

#[tokio::test]
async fn a_firing_that_finds_the_last_job_unfinished_is_skipped_or_waits_alone() {
    let setting = Setting::new().await;
    let wait = own("wait", DAILY, Act::Nothing);
    let wait = Declared {
        asks: custody_store::schedules::Asks { if_running: IfRunning::Wait, ..wait.asks },
        ..wait
    };
    setting.declare(&[own("skip", DAILY, Act::Nothing), wait]).await;
    for day in 0..3 {
        setting.fixture.in_table("schedule_firings", "DELETE FROM schedule_firings").await;
        setting.sql("UPDATE schedules SET next_at = clock_timestamp()").await;
        assert_eq!(setting.fire().await, 2, "day {day}");
    }
    let skip = setting.get("skip").await;
    assert_eq!((skip.fired, skip.skipped), (1, 2));
    let wait = setting.get("wait").await;
    assert_eq!((wait.fired, wait.skipped), (2, 1));
    let jobs = setting.jobs(&setting.house).await;
    let keys: Vec<_> = jobs.iter().map(|job| (job.unique_key.as_deref().unwrap(), job.blocked)).collect();
    assert_eq!(keys, [("schedule:wait", true), ("schedule:wait", false), ("schedule:skip", false)]);
    assert!(jobs.iter().all(|job| job.created_by == "system:schedule"));
}

#[tokio::test]
async fn each_tenant_has_a_job_at_a_time_of_its_own() {
    let setting = Setting::new().await;
    let mut tenants = vec![setting.house.clone()];
    for _ in 0..20 {
        tenants.push(setting.fixture.tenant().await);
    }
    // Its log goes on with what others do to it, and is to be proven as any.
    let suspend = format!("UPDATE tenants SET status = 'suspended' WHERE id = '{}'", tenants[1].tenant());
    setting.fixture.in_table("tenants", &suspend).await;
    let each = own("each", DAILY, Act::Nothing);
    let asks = custody_store::schedules::Asks { each_tenant: true, jitter_seconds: 600, ..each.asks };
    setting.declare(&[Declared { asks, ..each }]).await;
    setting.sql("UPDATE schedules SET next_at = clock_timestamp()").await;
    let before = setting.now().await;
    assert_eq!(setting.fire().await, 1);
    let after = setting.now().await;
    let mut delays = Vec::new();
    for tenant in &tenants {
        let jobs = setting.jobs(tenant).await;
        assert_eq!(jobs.len(), 1, "{}", tenant.tenant());
        assert!(jobs[0].run_at >= before && jobs[0].run_at <= after + TimeDelta::seconds(600));
        delays.push(jobs[0].run_at - before);
    }
    let (least, most) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
    assert!(*most - *least > TimeDelta::seconds(60), "they come together: {delays:?}");
    assert_eq!(setting.get("each").await.fired, 21);
    // Those that have not run yet stand for the next ones.
    setting.fixture.in_table("schedule_firings", "DELETE FROM schedule_firings").await;
    setting.sql("UPDATE schedules SET next_at = clock_timestamp()").await;
    assert_eq!(setting.fire().await, 1);
    assert_eq!(setting.get("each").await.skipped, 21);
}

#[tokio::test]
async fn a_broken_schedule_shows_why_and_holds_up_no_other() {
    let setting = Setting::new().await;
    let zone = own("a.zone", DAILY, Act::Nothing);
    let timing = custody_store::schedules::Timing { time_zone: "Mars/Base".to_owned(), ..zone.timing };
    setting
        .declare(&[
            Declared { timing, ..zone },
            own("b.cron", "61 * * * *", Act::Nothing),
            own("c.good", DAILY, Act::Nothing),
            own("d.later", DAILY, Act::Nothing),
        ])
        .await;
    let says = async |name: &str| setting.get(name).await.failure.map(|(reason, _)| reason);
    assert!(says("a.zone").await.unwrap().contains("\"Mars/Base\" is no time zone"));
    assert!(says("b.cron").await.unwrap().contains("\"61 * * * *\" is no cron"));
    // One that breaks while it is due, as the first in the line.
    setting
        .sql(
            "UPDATE schedules SET next_at = clock_timestamp() - CASE name WHEN 'd.later' THEN 2 ELSE 1 END * interval '1 hour'
             WHERE name IN ('c.good', 'd.later'); ",
        )
        .await;
    setting.sql("UPDATE schedules SET time_zone = 'Europe' WHERE name = 'd.later'").await;
    assert_eq!(setting.fire().await, 1);
    assert_eq!(setting.get("c.good").await.fired, 1);
    let broken = setting.get("d.later").await;
    assert!(broken.failure.unwrap().0.contains("\"Europe\" is no time zone"));
    assert_eq!((broken.fired, broken.next_at), (0, None));
    // Mended, it goes on.
    setting.sql("UPDATE schedules SET time_zone = 'Europe/Paris' WHERE name = 'd.later'").await;
    setting.review().await;
    let mended = setting.get("d.later").await;
    assert!(mended.failure.is_none() && mended.next_at.is_some());
}

#[tokio::test]
async fn the_program_s_own_follow_its_code_and_a_person_s_word() {
    let setting = Setting::new().await;
    setting.declare(&[own("kept", DAILY, Act::Nothing), own("gone", DAILY, Act::Nothing)]).await;
    switch(setting.store(), &setting.house, "kept", false).await.unwrap();
    let before = setting.get("kept").await;
    setting.declare(&[own("kept", "0 1 * * *", Act::Nothing)]).await;
    let kept = setting.get("kept").await;
    assert_eq!((kept.timing.cron.as_str(), kept.enabled, before.enabled), ("0 1 * * *", false, false));
    assert!(setting.get("gone").await.retired_at.is_some());
    setting.sql("UPDATE schedules SET next_at = clock_timestamp()").await;
    assert_eq!(setting.fire().await, 0);
    switch(setting.store(), &setting.house, "kept", true).await.unwrap();
    setting.declare(&[own("kept", "0 1 * * *", Act::Nothing), own("gone", DAILY, Act::Nothing)]).await;
    assert!(setting.get("gone").await.retired_at.is_none());
    setting.sql("UPDATE schedules SET next_at = clock_timestamp()").await;
    assert_eq!(setting.fire().await, 2);
    // The same again changes nothing.
    let before = setting.get("kept").await;
    setting.declare(&[own("kept", "0 1 * * *", Act::Nothing), own("gone", DAILY, Act::Nothing)]).await;
    assert_eq!(setting.get("kept").await, before);
    let outbox = "SELECT count(*) FROM audit_outbox WHERE change->>'action' LIKE 'custody.schedule.%'";
    assert_eq!(setting.fixture.count_outbox(outbox).await, 2);
}

#[tokio::test]
async fn a_person_runs_one_now_and_no_due_time_is_used_up() {
    let setting = Setting::new().await;
    setting.declare(&[own("now", DAILY, Act::Nothing)]).await;
    let run = async || run_now(setting.store(), &setting.house, &Kinds::new(), "now").await.unwrap();
    let (first, second) = (run().await, run().await);
    assert_eq!((first.jobs, first.skipped, second.jobs, second.skipped), (1, 0, 0, 1));
    assert_eq!((setting.firings().await, setting.get("now").await.fired), (0, 0));
    assert!(run_now(setting.store(), &setting.house, &Kinds::new(), "none").await.is_err());
    let stranger = setting.fixture.tenant().await;
    assert!(run_now(setting.store(), &stranger, &Kinds::new(), "now").await.is_err());
}

/// The loop itself, twice, and a worker that runs what they ask for.
#[tokio::test]
async fn two_loops_fire_every_second_once() {
    let setting = Setting::new().await;
    let (watch, mut loops) = (Watch::default(), Vec::new());
    for _ in 0..2 {
        let store = setting.fixture.another_store().await;
        let own = vec![own("often", "* * * * * *", Act::Nothing)];
        let hints = store.hints().schedules_changed();
        loops.push(tokio::spawn(schedules::run(store, kinds(&watch), own, hints)));
    }
    let worker = setting.fixture.worker(&kinds(&watch), quick()).await;
    eventually("four due times", || async {
        let done = setting.jobs(&setting.house).await;
        (done.iter().filter(|job| job.status == Status::Completed).count() >= 4).then_some(())
    })
    .await;
    loops.iter().for_each(tokio::task::JoinHandle::abort);
    for stopped in loops {
        assert!(stopped.await.unwrap_err().is_cancelled());
    }
    worker.stop().await;
    let schedule = setting.get("often").await;
    let (firings, jobs) = (setting.firings().await, setting.jobs(&setting.house).await.len() as u64);
    assert_eq!(schedule.fired + schedule.skipped, firings.unsigned_abs());
    assert_eq!(schedule.fired, jobs);
    assert!(
        schedule.failure.is_none()
            && setting.now().await - schedule.last_fired_at.unwrap()
                < TimeDelta::from_std(Duration::from_secs(30)).unwrap()
    );
}
