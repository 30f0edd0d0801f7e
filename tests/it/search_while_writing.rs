//! Search while writing: clients write and read several tenants' logs over two servers, while servers,
//! index files and the search node are killed, torn and started again. Each reader walks pages and
//! holds them to what was acknowledged before the walk began (`walk.rs`): nothing of it is missing,
//! nothing comes twice, the order holds.

mod blows;
mod known;
mod readers;
mod servers;
mod walk;
mod writers;

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use custody_testkit::OpenSearchNode;
use tokio::time::{Instant, timeout};

use self::{
    blows::Blow,
    known::{Known, Seen},
    servers::Servers,
};
use crate::support::server::readable_temp_dir;

const TENANTS: usize = 3;
const WRITERS: usize = 3;
const READERS: usize = 4;
/// Entries of each tenant that are there before, so that there is an index on the disk to be torn.
const BEFORE: usize = 600;
/// In a run of all tests.
const SHORT: Duration = Duration::from_secs(8);
/// What is under way at the end has so long to come to its own.
const LAST: Duration = Duration::from_mins(3);

/// What all of them share.
struct Field {
    servers: Servers,
    known: Vec<Known>,
    seen: Seen,
    until: Instant,
    /// Whether every blow has fallen once.
    fallen: AtomicBool,
    /// Whether the index is a node's.
    by_node: bool,
}

impl Field {
    fn is_over(&self) -> bool {
        Instant::now() >= self.until && self.fallen.load(Ordering::Relaxed)
    }
}

/// `make soak` says for how long.
fn length() -> Duration {
    let seconds = std::env::var("CUSTODY_SOAK_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    seconds.map_or(SHORT, Duration::from_secs)
}

async fn run(folder: &Path, node: Option<&OpenSearchNode>, blows: &[Blow]) {
    let servers = Servers::start(folder, node).await;
    let mut known = Vec::new();
    for _ in 0..TENANTS {
        known.push(Known::of(servers.tenant().await));
    }
    let until = Instant::now();
    let field = Field {
        servers,
        known,
        seen: Seen::default(),
        until,
        fallen: AtomicBool::new(false),
        by_node: node.is_some(),
    };
    for tenant in &field.known {
        writers::write(&field, tenant, BEFORE).await;
    }
    // What a server that stops has in memory it writes.
    for server in 0..servers::COUNT {
        field.servers.stop_and_start(server).await;
    }
    let field = &Field { until: Instant::now() + length(), ..field };
    let writers = futures::future::join_all((0..WRITERS).map(|_| writers::run(field)));
    let readers = futures::future::join_all((0..READERS).map(|reader| readers::run(field, reader)));
    let all = async { tokio::join!(writers, readers, blows::run(field, node, blows)) };
    let (_, _, fell) = timeout(length() + LAST, all).await.expect("all of it ends");
    readers::last(field).await;
    println!("{} {fell:?}", field.seen);
    assert!(field.seen.walks.load(Ordering::Relaxed) >= READERS, "hardly a walk came to its end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_index_of_each_server() {
    let folder = readable_temp_dir();
    run(folder.path(), None, &[Blow::KillServer, Blow::TearPart, Blow::StopServer, Blow::SpoilPart]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_one_index_in_opensearch() {
    let folder = readable_temp_dir();
    let node = OpenSearchNode::start();
    run(folder.path(), Some(&node), &[Blow::KillNode, Blow::KillServer, Blow::StopServer]).await;
}
