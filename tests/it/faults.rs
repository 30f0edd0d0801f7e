//! Invariant 1, fault by fault: whatever is killed, cut, filled or set wrong, at whichever step, no
//! acknowledged entry is lost or doubled, `seq` has no gap, ids increase, and the log verifies. What
//! was seen is written down in docs/reliability.md.

mod clocks;
mod commit_refused;
mod cut;
mod day;
mod disk_full;
mod evidence;
pub(crate) mod faketime;
mod import;
mod kill_database;
mod kill_server;
mod load;
mod queue_full;
mod replay;
mod storm;
mod unknown;
mod volume;

use std::{path::Path, time::Duration};

use custody_testkit::{TestDatabase, eventually};

use serde_json::json;

use crate::support::{Server, Tenant, server::Options};

/// The steps of a commit at which the test build fails on request (`custody_store::fault`).
const POINTS: [&str; 4] = ["commit.taken", "commit.copying", "commit.copied", "commit.committed"];

/// What makes the server fail at `point`, the n-th time that it comes there.
fn fault(point: &str, act: &str, nth: u32) -> (String, String) {
    ("CUSTODY_FAULT".to_owned(), format!("{point}:{act}:{nth}"))
}

/// A server that may be stopped and started again with the same data.
async fn on_a_database_of_its_own(folder: &Path) -> Options {
    let database = TestDatabase::create().await.url().to_owned();
    Options { database: Some(database), ..on_a_private_database(folder) }
}

fn on_a_private_database(folder: &Path) -> Options {
    Options { data: Some(folder.join("data")), ..Options::default() }
}

/// The same with something in the server's environment, and not in that of its commands.
fn with(options: &Options, environment: &[(String, String)]) -> Options {
    Options { environment: environment.to_vec(), ..options.clone() }
}

/// Waits until the server has paused at the point that it was told to.
async fn paused(server: &Server, point: &str) {
    let line = format!("fault: paused at {point}");
    eventually(&line, || async { server.log().contains(&line).then_some(()) }).await;
}

/// Waits until an entry is answered 503.
async fn refused(tenant: &Tenant) {
    eventually("writes are refused", || async {
        let entry = json!({"action": "fault.probed", "actor": {"id": "u"}});
        (tenant.writer.post("/api/v1/logs", &entry).await.status == 503).then_some(())
    })
    .await;
}

/// How long a client that was refused waits before it asks again.
const AGAIN: Duration = Duration::from_millis(50);

/// How many times more is sent than in a run of all tests: `make soak` sets it.
fn soak() -> usize {
    std::env::var("CUSTODY_SOAK").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// Says by name that a fault could not be injected here.
pub(crate) fn skipped(what: &str, why: &str) {
    eprintln!("SKIPPED {what}: {why}");
}
