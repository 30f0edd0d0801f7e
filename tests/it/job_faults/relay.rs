//! kill -9 of the relay: between the row and the message, and between the message and the row.

use std::{collections::BTreeSet, os::unix::process::ExitStatusExt as _};

use custody_testkit::{Fault, HttpFaults, http_faults::Seen};

use super::{
    Part,
    yard::{self, Yard},
};
use crate::support::aws::aws_url;

const JOBS: &str = "12";

/// Answers how many requests to send it had made by then, and the log of who took over.
async fn killed_at(point: &str) -> (usize, String) {
    // It only relays: were it given a job as well before it is killed, that would rightly be tried again.
    let wire = HttpFaults::start(&aws_url()).await;
    let is = |seen: &Seen, operation: &str| seen.operation.as_deref() == Some(operation);
    wire.set_where(Fault::Status(500), usize::MAX, move |seen| is(seen, "AmazonSQS.ReceiveMessage"));
    let yard = Yard::new(Part::Sqs, yard::TIMES).await;
    let (front, tenant) = yard.front().await;
    let fault = format!("{point}:kill");
    let environment = [("CUSTODY_FAULT", fault.as_str()), ("AWS_ENDPOINT_URL", wire.url())];
    let relay = yard.start("relay", &environment).await;
    let trace = yard.path("trace").display().to_string();
    let args = ["--count", JOBS, "--trace", &trace, "--act", "once"];
    let jobs = front.probes(&tenant, &args).await;
    assert_eq!(relay.ended().await.signal(), Some(9), "{point} was not reached");

    let other = yard.start("other", &[]).await;
    for id in &jobs {
        let job = yard::completed(&tenant.auditor, id).await;
        assert_eq!(job["attempts"], 1, "a message that came twice was tried twice: {job}");
        assert_eq!(yard.traced("trace", id, "begun"), 1);
    }
    let effects = yard::jobs_of(&tenant.auditor, "probe.effect").await;
    let keys: Vec<_> = effects.iter().map(|effect| effect["unique_key"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), jobs.len(), "{keys:?}");
    assert_eq!(keys.into_iter().collect::<BTreeSet<_>>(), jobs.iter().map(String::as_str).collect());
    let log = other.log();
    assert!(other.stop().await.success());
    (wire.seen().iter().filter(|seen| is(seen, "AmazonSQS.SendMessageBatch")).count(), log)
}

#[tokio::test]
async fn before_it_sends() {
    let (sends, log) = killed_at("relay.claimed").await;
    assert_eq!(sends, 0);
    assert!(log.contains("they are sent again"), "{log}");
}

/// The messages are there: whether they are received first or sent again is chance.
#[tokio::test]
async fn after_it_sent() {
    let (sends, _) = killed_at("relay.sent").await;
    assert!(sends > 0);
}
