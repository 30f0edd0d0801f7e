//! What an operator sees of jobs: `/readyz` and `/metrics`.

use custody_testkit::{TestDatabase, eventually};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use super::http::{ended, until};
use crate::support::{Server, server::Options, shared};

async fn on_its_own(flags: &[&str]) -> Server {
    let database = TestDatabase::create().await.url().to_owned();
    let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
    Server::start(Options { database: Some(database), flags, ..Options::default() }).await
}

/// The answer of the check, as soon as it is so.
async fn ready(server: &Server, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    eventually(what, || async {
        let answer = server.anonymous().get("/readyz").await.json();
        Some(answer["checks"]["queue"].clone()).filter(|queue| is(queue))
    })
    .await
}

#[tokio::test]
async fn a_server_with_a_worker_is_ready_from_its_first_answer() {
    let server = on_its_own(&[]).await;
    server.anonymous().get("/readyz").await.expect(200);
    // A job of the installation's own may wait for a moment.
    let idle = json!({"ok": true, "workers": 1, "waiting": 0, "oldest_seconds": 0.0});
    ready(&server, "its first beat", |queue| *queue == idle).await;
    server.stop().await;
}

#[tokio::test]
async fn it_is_said_when_no_worker_is_alive() {
    let server = on_its_own(&["--only=api"]).await;
    server.anonymous().get("/readyz").await.expect(200);
    let queue = ready(&server, "somebody misses the worker", |queue| queue["ok"] == false).await;
    assert_eq!(queue["reason"], "no worker is alive");
    server.stop().await;
}

#[tokio::test]
async fn a_job_that_waits_too_long_is_said_unless_its_own_limits_hold_it_up() {
    let server = on_its_own(&["--job-slots=3"]).await;
    server.without_schedules().await;
    let (tenant, other) = (server.tenant().await, server.tenant().await);
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("open");
    let gated = format!("gate:{}", gate.display());
    // All slots: one of a kind of which one runs at a time, two of a kind of which a tenant has two.
    let mut jobs = server.probes(&tenant, &["--kind", "probe.one", "--act", &gated]).await;
    jobs.extend(server.probes(&tenant, &["--kind", "probe.two_each", "--act", &gated, "--count", "2"]).await);
    for id in &jobs {
        until(&tenant.auditor, id, "its begin", |job| job["status"] == "in_progress").await;
    }
    // These may wait for a second, and longer where it is for those.
    jobs.extend(server.probes(&tenant, &["--kind", "probe.one"]).await);
    jobs.extend(server.probes(&tenant, &["--kind", "probe.two_each"]).await);
    let queue = ready(&server, "they wait", |queue| queue["oldest_seconds"].as_f64() > Some(1.9)).await;
    assert_eq!((&queue["ok"], &queue["waiting"]), (&json!(true), &json!(2)));
    // This one could run, but for the worker that has no slot left.
    let theirs = server.probe(&other, &["--kind", "probe.two_each"]).await;
    let queue = ready(&server, "it waits too long", |queue| queue["ok"] == false).await;
    let reason = queue["reason"].as_str().unwrap();
    assert!(reason.starts_with("a job of kind probe.two_each waits for "), "{queue}");
    std::fs::write(&gate, "").unwrap();
    for id in &jobs {
        assert_eq!(ended(&tenant.auditor, id).await["status"], "completed");
    }
    assert_eq!(ended(&other.auditor, &theirs).await["status"], "completed");
    ready(&server, "all is well again", |queue| queue["ok"] == true).await;
    server.stop().await;
}

/// It would be made a dead letter sooner than it is missed.
#[tokio::test]
async fn a_kind_that_no_worker_runs_is_said_whether_it_is_known_or_not() {
    let database = TestDatabase::create().await.url().to_owned();
    let server = Server::start(Options {
        database: Some(database.clone()),
        flags: vec!["--job-kinds=probe.short".to_owned()],
        environment: vec![("CUSTODY_FAULT_TIMES".to_owned(), "unknown=3600000".to_owned())],
        ..Options::default()
    })
    .await;
    server.without_schedules().await;
    let tenant = server.tenant().await;
    let known = server.probe(&tenant, &["--kind", "probe.urgent"]).await;
    let says = |queue: &Value, kind: &str, begin: &str| {
        let reason = queue["reason"].as_str().unwrap_or_default();
        reason.starts_with(&format!("a job of kind {kind} waits for {begin}"))
            && reason.ends_with(" s; no worker for that kind is alive")
    };
    ready(&server, "it waits too long", |queue| says(queue, "probe.urgent", "")).await;
    let cancel = format!("/api/v1/jobs/{known}/cancel");
    tenant.admin.post(&cancel, &json!({})).await.expect(200);
    ready(&server, "it does not wait any more", |queue| queue["ok"] == true).await;

    server.probe(&tenant, &["--kind", "probe.unheard"]).await;
    let mut owner = PgConnection::connect(&database).await.unwrap();
    for sql in [
        "ALTER TABLE jobs NO FORCE ROW LEVEL SECURITY",
        // Of this kind alone: a job of the installation's own may wait, which this worker does not run either.
        "UPDATE jobs SET since = since - interval '6 minutes' WHERE state = 'waiting' AND kind = 'probe.unheard'",
        "ALTER TABLE jobs FORCE ROW LEVEL SECURITY",
    ] {
        sqlx::query(sql).execute(&mut owner).await.unwrap();
    }
    ready(&server, "it waits too long", |queue| says(queue, "probe.unheard", "3")).await;
    let gauge = "custody_jobs_waiting{kind=\"probe.unheard\"} 1";
    eventually(gauge, || async {
        let metrics = String::from_utf8(server.anonymous().get("/metrics").await.bytes).unwrap();
        metrics.contains(gauge).then_some(())
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn metrics_are_there_before_anything_counts() {
    let server = shared().await;
    let metrics = || async { String::from_utf8(server.anonymous().get("/metrics").await.bytes).unwrap() };
    let text = metrics().await;
    for outcome in ["succeeded", "again", "failed", "cancelled", "handed_back", "lost"] {
        let line = format!("custody_jobs_ended_total{{kind=\"probe.short\",outcome=\"{outcome}\"}} 0");
        assert!(text.contains(&line), "no {line}");
    }
    for gauge in ["waiting", "delayed", "running", "oldest_waiting_seconds"] {
        let line = format!("custody_jobs_{gauge}{{kind=\"probe.short\"}}");
        eventually(&line, || async { metrics().await.contains(&line).then_some(()) }).await;
    }
}
