//! kill -9 of the relay: between the row and the message, and between the message and the row.

use std::{collections::BTreeSet, os::unix::process::ExitStatusExt as _};

use super::{
    Part,
    yard::{self, Yard},
};

const JOBS: &str = "12";

async fn killed_at(point: &str) {
    let yard = Yard::new(Part::Sqs, yard::TIMES).await;
    let (front, tenant) = yard.front().await;
    let relay = yard.start("relay", &[("CUSTODY_FAULT", &format!("{point}:kill"))]).await;
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
    assert!(other.log().contains("they are sent again"), "{}", other.log());
    assert!(other.stop().await.success());
}

#[tokio::test]
async fn before_it_sends() {
    killed_at("relay.claimed").await;
}

#[tokio::test]
async fn after_it_sent() {
    killed_at("relay.sent").await;
}
