//! SQS answers with errors, late, or never; it is gone, and comes back.

use std::time::Duration;

use custody_testkit::{Fault, HttpFaults, Proxy, eventually, http_faults::Seen};

use super::{
    Part,
    yard::{self, Yard},
};
use crate::support::{Server, Tenant, aws::aws_url};

const TIMES: &str = "lease=3000,visibility=3000,wait=1000,attempt=1000";

/// Asks for a job while SQS is away: that, the API and the log go on.
async fn ask(server: &Server, tenant: &Tenant) -> String {
    let job = server.probe(tenant, &["--act", "once"]).await;
    tenant.write("during").await;
    tenant.auditor.get("/api/v1/logs?limit=1").await.expect(200);
    let job_now = tenant.auditor.get(&format!("/api/v1/jobs/{job}")).await.expect(200);
    assert_ne!(job_now["status"], "failed", "{job_now}");
    job
}

async fn is_done_once(tenant: &Tenant, id: &str) {
    let job = yard::completed(&tenant.auditor, id).await;
    assert_eq!(job["attempts"], 1, "it was tried though no message came: {job}");
    assert_eq!(yard::effects(&tenant.auditor, id).await, [id]);
}

async fn is_pending(tenant: &Tenant, id: &str) {
    let job = tenant.auditor.get(&format!("/api/v1/jobs/{id}")).await.expect(200);
    assert_eq!(job["status"], "pending", "{job}");
}

/// How often the server says that it cannot send.
fn complaints(server: &Server) -> usize {
    server.log().matches("jobs are not sent").count()
}

async fn answers(faults: &[Fault]) {
    let wire = HttpFaults::start(&aws_url()).await;
    let yard = Yard::new(Part::Sqs, TIMES).await.with_aws_at(wire.url());
    let server = yard.start("first", &[]).await;
    let tenant = server.tenant().await;
    for fault in faults {
        let before = complaints(&server);
        wire.set(*fault, usize::MAX);
        let job = ask(&server, &tenant).await;
        eventually("it was tried", async || (complaints(&server) > before).then_some(())).await;
        is_pending(&tenant, &job).await;
        wire.set(Fault::None, 0);
        is_done_once(&tenant, &job).await;
    }
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn errors() {
    answers(&[Fault::Status(500), Fault::Status(503)]).await;
}

#[tokio::test]
async fn no_answer() {
    answers(&[Fault::Never]).await;
}

/// They were sent, and we were not told, three times each: a job runs when its first message comes, and
/// once.
#[tokio::test]
async fn an_answer_that_is_lost() {
    let wire = HttpFaults::start(&aws_url()).await;
    let yard = Yard::new(Part::Sqs, TIMES).await.with_aws_at(wire.url());
    let server = yard.start("first", &[]).await;
    let tenant = server.tenant().await;
    let sends = |seen: &Seen| seen.operation.as_deref() == Some("AmazonSQS.SendMessageBatch");
    wire.set_where(Fault::DropAnswer, usize::MAX, sends);
    let jobs = server.probes(&tenant, &["--count", "20", "--act", "once"]).await;
    eventually("it was tried", async || (complaints(&server) > 0).then_some(())).await;
    wire.set(Fault::None, 0);
    for job in &jobs {
        is_done_once(&tenant, job).await;
    }
    assert!(wire.seen().iter().filter(|seen| sends(seen)).count() > 3);
    assert!(server.stop().await.success());
}

/// Slower than a person would like, and fast enough not to be given up.
#[tokio::test]
async fn late_answers() {
    let wire = HttpFaults::start(&aws_url()).await;
    let yard = Yard::new(Part::Sqs, TIMES).await.with_aws_at(wire.url());
    let server = yard.start("first", &[]).await;
    let tenant = server.tenant().await;
    wire.set(Fault::Slow(Duration::from_millis(700)), usize::MAX);
    let job = ask(&server, &tenant).await;
    is_done_once(&tenant, &job).await;
    assert!(server.stop().await.success());
}

/// Nobody is there: before the server starts, and while it runs.
#[tokio::test]
async fn it_is_gone_and_comes_back() {
    let mut wire = Proxy::start_http(&aws_url()).await;
    wire.cut().await;
    let yard = Yard::new(Part::Sqs, TIMES).await.with_aws_at(wire.url());
    let server = yard.start("first", &[]).await;
    assert!(server.log().contains("the message queue is away"), "{}", server.log());
    let tenant = server.tenant().await;
    let job = ask(&server, &tenant).await;
    is_pending(&tenant, &job).await;
    wire.mend().await;
    is_done_once(&tenant, &job).await;

    let gate = yard.path("gate");
    let held = server.probe(&tenant, &["--act", &format!("gate:{}", gate.display()), "--act", "once"]).await;
    yard::until(&tenant.auditor, &held, "its begin", |job| job["status"] == "in_progress").await;
    let before = complaints(&server);
    wire.cut().await;
    let job = ask(&server, &tenant).await;
    eventually("it was tried", async || (complaints(&server) > before).then_some(())).await;
    // What runs needs no queue to end.
    std::fs::write(gate, "").unwrap();
    is_done_once(&tenant, &held).await;
    is_pending(&tenant, &job).await;
    wire.mend().await;
    is_done_once(&tenant, &job).await;
    assert!(server.stop().await.success());
}
