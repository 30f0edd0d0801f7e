//! Jobs that break what runs them.

use std::os::unix::process::ExitStatusExt as _;

use custody_testkit::eventually;

use super::{
    Part, on_both,
    yard::{self, Yard},
};
use crate::support::{Server, Tenant, server::signal};

on_both!(
    each_ends_as_a_dead_letter_that_says_why,
    one_that_ends_its_worker_each_time_ends_itself,
    one_that_freezes_its_worker_ends_without_it,
    a_child_does_not_outlive_its_worker,
);

/// Kind, what it does, what a person reads then.
const POISON: [(&str, &str, &str); 8] = [
    ("probe", "panic", "it panicked: as it was asked"),
    ("probe.short", "hang", "it did not end within 1 s"),
    ("probe.apart", "panic", "it panicked: as it was asked"),
    ("probe.isolated", "hang", "it did not end within 3 s"),
    ("probe.isolated", "block", "it did not end within 3 s"),
    ("probe.apart", "abort", "its process ended without an answer: signal 6"),
    ("probe.apart", "babble", "its process wrote a line of more than 1 MiB"),
    ("probe.apart", "exhaust:512", "it needed more memory than the 192 MiB that it may have"),
];

async fn each_ends_as_a_dead_letter_that_says_why(part: Part) {
    let yard = Yard::new(part, yard::TIMES).await;
    let server = yard.start("first", &[]).await;
    let tenant = server.tenant().await;
    let mut poison = Vec::new();
    for (kind, act, _) in POISON {
        poison.push(server.probe(&tenant, &["--kind", kind, "--act", act, "--attempts-max", "2"]).await);
    }
    let others = server.probes(&tenant, &["--count", "30", "--act", "once"]).await;
    for id in &others {
        yard::completed(&tenant.auditor, id).await;
    }
    for (id, (kind, act, reason)) in poison.iter().zip(POISON) {
        assert_eq!(yard::dead(&tenant.auditor, id).await, reason, "{kind} {act}");
        let job = tenant.auditor.get(&format!("/api/v1/jobs/{id}")).await.expect(200);
        assert_eq!(job["attempts"], 2, "{job}");
    }
    let before = yard::ended(&tenant.auditor, &poison[0]).await;
    // A person tries one again, and it ends as before.
    let mut retry = server.command(&["jobs", "retry", &poison[0]]);
    assert!(retry.env("CUSTODY_TOKEN", tenant.admin.bearer()).status().await.unwrap().success());
    yard::until(&tenant.auditor, &poison[0], "two attempts more", |job| {
        job["status"] == "failed" && job["version"].as_u64() > before["version"].as_u64()
    })
    .await;
    let log = server.log();
    assert!(server.stop().await.success(), "{log}");
}

const GONE: &str = "the worker that ran it is gone: it stopped, lost the database, or the job made it end";

/// Its kind has no process of its own. The supervisor starts the worker again; the others' jobs get done.
async fn one_that_ends_its_worker_each_time_ends_itself(part: Part) {
    let yard = Yard::new(part, yard::TIMES).await;
    let (front, tenant) = yard.front().await;
    let poison = front.probe(&tenant, &["--act", "abort", "--attempts-max", "2"]).await;
    let others = front.probes(&tenant, &["--count", "10", "--act", "once"]).await;
    for _ in 0..2 {
        match Server::try_start(yard.options("worker", &[])).await {
            Ok(worker) => assert_eq!(worker.ended().await.signal(), Some(6)),
            Err(log) => assert!(log.contains("signal: 6"), "{log}"),
        }
    }
    let worker = yard.start("worker", &[]).await;
    assert_eq!(yard::dead(&tenant.auditor, &poison).await, GONE);
    yard::until_counted_dead(&worker, "probe", 1).await;
    for id in &others {
        yard::completed(&tenant.auditor, id).await;
    }
    assert_eq!(yard::jobs_of(&tenant.auditor, "probe.effect").await.len(), others.len());
    assert!(worker.stop().await.success());
}

/// It keeps the only thread: nothing in that process goes on, not even its lease.
async fn one_that_freezes_its_worker_ends_without_it(part: Part) {
    let yard = Yard::new(part, yard::TIMES).await;
    let (front, tenant) = yard.front().await;
    let frozen = yard.start("frozen", &[("TOKIO_WORKER_THREADS", "1")]).await;
    let trace = yard.path("trace").display().to_string();
    let poison = front.probe(&tenant, &["--trace", &trace, "--act", "block", "--attempts-max", "1"]).await;
    yard.until_traced("trace", &poison, "begun", 1).await;
    let other = yard.start("other", &[]).await;
    let job = front.probe(&tenant, &["--act", "once"]).await;
    yard::completed(&tenant.auditor, &job).await;
    assert_eq!(yard::dead(&tenant.auditor, &poison).await, GONE);
    frozen.kill().await;
    assert!(other.stop().await.success());
}

/// The processes that this one started.
fn children(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let of_task = |task: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(task.ok()?.path().join("children")).ok()
    };
    let text: String = tasks.filter_map(of_task).collect();
    text.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

async fn isolated(server: &Server, tenant: &Tenant, yard: &Yard, act: &str) -> (u32, String) {
    let trace = yard.path(act).display().to_string();
    let args = ["--kind", "probe.apart", "--trace", &trace, "--act", act, "--attempts-max", "1"];
    let job = server.probe(tenant, &args).await;
    yard.until_traced(act, &job, "begun", 1).await;
    let mut pids = children(server.pid());
    pids.retain(|pid| {
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&words).contains("run-job")
    });
    assert_eq!(pids.len(), 1, "{pids:?}");
    (pids[0], job)
}

async fn a_child_does_not_outlive_its_worker(part: Part) {
    let yard = Yard::new(part, yard::TIMES).await;
    let mut server = yard.start("first", &[]).await;
    let tenant = server.tenant().await;
    for act in ["hang", "block"] {
        let tenant = tenant.at(&server);
        let (child, _) = isolated(&server, &tenant, &yard, act).await;
        server.kill().await;
        eventually(&format!("the process of {act} ends"), async || {
            (!std::path::Path::new(&format!("/proc/{child}")).exists()).then_some(())
        })
        .await;
        server = yard.start("first", &[]).await;
    }
    // Killed by somebody else (the kernel, where memory is short) it is a failed attempt of this job alone.
    let tenant = tenant.at(&server);
    let (child, job) = isolated(&server, &tenant, &yard, "obey").await;
    signal(child, "KILL");
    assert_eq!(yard::dead(&tenant.auditor, &job).await, "its process ended without an answer: signal 9");
    assert!(server.stop().await.success());
}
