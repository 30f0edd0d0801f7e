//! What is said of jobs that no worker knows.

use std::time::Duration;

use custody_queue::Options;
use custody_store::jobs::{Status, Stray, unknown_to_all};

use crate::{
    fixture::{Fixture, Part},
    probe::{Act, Effect, Plain, Probe},
};

#[tokio::test]
async fn the_newest_program_is_the_newest_by_number() {
    let fixture = Fixture::new(Part::Postgres).await;
    let tenant = fixture.tenant().await;
    let late = fixture.ask_with(&tenant, &Plain(Probe::new("late", Act::Nothing)), Options::default()).await;
    let unheard = fixture.ask(&tenant, &Effect).await;
    fixture.run_as_table_owner("UPDATE jobs SET payload_version = 7 WHERE kind = 'probe.plain'").await;
    // Without a worker nobody can tell.
    assert_eq!(unknown_to_all(&fixture.store, Duration::ZERO).await.unwrap(), []);
    let workers = "INSERT INTO job_workers (id, name, program, kinds, runs, slots, expires_at)
        SELECT gen_random_uuid(), 'one', program, ARRAY[kind], '{}', 1, clock_timestamp() + interval '1 minute'
        FROM (VALUES ('0.9.0', 'probe.plain/4'), ('0.10.0', 'probe.plain/5'), ('1.10.0', 'other/1'),
            ('1.9.0', 'other/1')) AS these (program, kind)";
    fixture.run_as_table_owner(workers).await;
    let mut strays = unknown_to_all(&fixture.store, Duration::ZERO).await.unwrap();
    strays.sort_by(|a, b| a.kind.cmp(&b.kind));
    let failed = |kind: &str| Stray { kind: kind.to_owned(), status: Status::Failed };
    assert_eq!(strays, [failed("effect"), failed("probe.plain")]);
    let why = fixture.job(&tenant, late).await.failure.unwrap();
    assert!(why.contains("the newest worker is custody 0.10.0, which knows version 5."), "{why}");
    let why = fixture.job(&tenant, unheard).await.failure.unwrap();
    assert!(why.contains("the newest worker is custody 1.10.0, which does not know the kind."), "{why}");
}
