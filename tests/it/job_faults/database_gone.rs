//! The database is away while jobs run and others wait.

use std::time::Duration;

use custody_testkit::Proxy;

use super::{
    Part, is_soak, on_both,
    yard::{self, Yard},
};
use crate::support::{Server, Tenant, server::signal};

on_both!(the_wire_is_cut, it_is_killed);

/// As many as one worker has room for, and more.
const JOBS: &str = "40";

/// Asks for jobs that run until the gate opens, with others behind them.
async fn ask(yard: &Yard, front: &Server, tenant: &Tenant) -> Vec<String> {
    let (gate, trace) = (yard.path("gate"), yard.path("trace").display().to_string());
    let gate = format!("gate:{}", gate.display());
    let acts = ["--act", &gate, "--act", "once"];
    let jobs = front.probes(tenant, &[&["--count", JOBS, "--trace", &trace][..], &acts].concat()).await;
    // All that there is room for, whichever they are.
    yard.until_traced("trace", "", "begun", 16).await;
    jobs
}

async fn are_done_once(tenant: &Tenant, jobs: &[String]) {
    for id in jobs {
        yard::completed(&tenant.auditor, id).await;
    }
    let effects = yard::jobs_of(&tenant.auditor, "probe.effect").await;
    let mut keys: Vec<_> = effects.iter().map(|effect| effect["unique_key"].as_str().unwrap()).collect();
    keys.sort_unstable();
    let mut jobs: Vec<_> = jobs.iter().map(String::as_str).collect();
    jobs.sort_unstable();
    assert_eq!(keys, jobs);
}

/// For longer than leases last: when it is back, everybody seems to be gone, and nobody is. What needed
/// no database meanwhile has not even lost an attempt.
async fn the_wire_is_cut(part: Part) {
    let yard = Yard::new(part, yard::TIMES).await;
    let (front, tenant) = yard.front().await;
    let mut proxy = Proxy::start(yard.database()).await;
    let mut workers = Vec::new();
    for name in ["one", "two"] {
        let mut options = yard.options(name, &[]);
        options.database = Some(proxy.url().to_owned());
        workers.push(Server::start(options).await);
    }
    let patient = yard.path("patient").display().to_string();
    let wait = format!("gate:{}", yard.path("patient-gate").display());
    let args = ["--trace", &patient, "--attempts-max", "1", "--act", &wait, "--act", "once"];
    let patient = front.probe(&tenant, &args).await;
    yard.until_traced("patient", &patient, "begun", 1).await;
    let mut jobs = ask(&yard, &front, &tenant).await;
    proxy.cut().await;
    // Half of the time they run on, and half of it they have something to write.
    let half = Duration::from_secs(if is_soak() { 15 } else { 2 });
    // The outage itself: it is to be so long.
    tokio::time::sleep(half).await;
    std::fs::write(yard.path("gate"), "").unwrap();
    // The same.
    tokio::time::sleep(half).await;
    proxy.mend().await;
    for id in &jobs {
        yard::completed(&tenant.auditor, id).await;
    }
    std::fs::write(yard.path("patient-gate"), "").unwrap();
    assert_eq!(yard::completed(&tenant.auditor, &patient).await["attempts"], 1);
    jobs.push(patient);
    are_done_once(&tenant, &jobs).await;
    for worker in workers {
        assert!(worker.stop().await.success());
    }
}

/// With all that was under way; the server starts it again.
async fn it_is_killed(part: Part) {
    let yard = Yard::on_a_private_database(part, yard::TIMES);
    let server = yard.start("first", &[]).await;
    let tenant = server.tenant().await;
    let jobs = ask(&yard, &server, &tenant).await;
    let killed = server.postmaster();
    signal(killed, "KILL");
    std::fs::write(yard.path("gate"), "").unwrap();
    are_done_once(&tenant, &jobs).await;
    assert_ne!(server.postmaster(), killed, "the jobs ended before the database was killed");
    assert!(server.stop().await.success());
}
