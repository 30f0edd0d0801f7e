//! A worker that sleeps past its lease, and wakes.

use custody_testkit::eventually;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{
    Part, on_both,
    yard::{self, Yard},
};
use crate::support::server::signal;

on_both!(who_wakes_after_its_lease_writes_nothing);

async fn who_wakes_after_its_lease_writes_nothing(part: Part) {
    let yard = Yard::new(part, yard::TIMES).await;
    let (front, tenant) = yard.front().await;
    let sleeper = yard.start("sleeper", &[]).await;
    let (gate, trace) = (yard.path("gate"), yard.path("trace").display().to_string());
    let acts = [&format!("gate:{}", gate.display()), "effect"];
    let args = ["--trace", &trace, "--act", acts[0], "--act", acts[1]];
    let job = front.probe(&tenant, &args).await;
    yard.until_traced("trace", &job, "begun", 1).await;
    signal(sleeper.pid(), "STOP");
    let other = yard.start("other", &[]).await;
    yard.until_traced("trace", &job, "begun", 2).await;
    // Both are before their write now. One of them sleeps.
    std::fs::write(&gate, "").unwrap();
    let done = yard::completed(&tenant.auditor, &job).await;
    assert_eq!(done["attempts"], 2, "{done}");
    let written = yard::effects(&tenant.auditor, &job).await;
    assert_eq!(written.len(), 1, "{written:?}");

    signal(sleeper.pid(), "CONT");
    let words = "a job was lost to another worker";
    eventually("the sleeper says that it lost the job", async || sleeper.log().contains(words).then_some(()))
        .await;
    assert!(sleeper.log().lines().any(|line| line.contains(words) && line.contains(&job)));
    assert_eq!(yard::effects(&tenant.auditor, &job).await, written, "the sleeper wrote");
    let now = yard::ended(&tenant.auditor, &job).await;
    assert_eq!(now["version"], done["version"], "the sleeper changed the job: {now}");
    // Both go on as workers.
    for (worker, kind) in [(&sleeper, "probe.one"), (&other, "probe.two_each")] {
        let job = worker.probe(&tenant, &["--kind", kind, "--act", "once"]).await;
        yard::completed(&tenant.auditor, &job).await;
    }
    write_without_the_fence(&yard, &tenant.id, &format!("{job}/1")).await;
    assert_eq!(yard::effects(&tenant.auditor, &job).await.len(), 2, "the store would have refused it anyway");
    for server in [sleeper, other, front] {
        assert!(server.stop().await.success());
    }
}

/// The sleeper's write, as the role that handlers write by, without the look at the fencing token.
async fn write_without_the_fence(yard: &Yard, tenant: &str, key: &str) {
    let mut owner = PgConnection::connect(yard.database()).await.unwrap();
    let app = format!("{}_app", yard.database().rsplit_once('/').unwrap().1);
    let write = format!(
        "GRANT {app} TO CURRENT_USER; SET ROLE {app}; BEGIN; SET LOCAL app.tenant_id = '{tenant}';
         INSERT INTO jobs (tenant_id, id, kind, payload, payload_version, state, run_at, unique_key,
             attempts_max, created_by, program)
         VALUES ('{tenant}', gen_random_uuid(), 'probe.effect', 'null', 1, 'delayed',
             clock_timestamp() + interval '1 year', '{key}', 1, 'system:probe.effect', '0');
         COMMIT"
    );
    sqlx::raw_sql(AssertSqlSafe(write)).execute(&mut owner).await.unwrap();
}
