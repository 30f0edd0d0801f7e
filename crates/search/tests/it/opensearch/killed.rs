//! A node that is killed in the middle of following and of searching.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use custody_domain::query::Query;
use custody_search::{Search as _, Sort};
use custody_testkit::eventually;
use tempfile::TempDir;

use super::{fixture::config, server::Server};
use crate::{
    database::{Fixture, drafts},
    memory::numbered,
    walk::{request, walk},
};

/// A node of this test's own.
struct Node {
    port: u16,
    data: TempDir,
}

impl Node {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let node = Self { port, data: TempDir::new().unwrap() };
        node.run();
        node
    }

    fn script() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/opensearch/node")
    }

    fn run(&self) {
        let mut command = Command::new(Self::script());
        let command =
            command.arg("start").arg(self.port.to_string()).arg(self.data.path()).env("HEAP", "256m");
        assert!(command.status().unwrap().success());
    }

    fn kill(&self) {
        let pid = std::fs::read_to_string(self.data.path().join("pid")).unwrap();
        assert!(Command::new("kill").args(["-9", pid.trim()]).status().unwrap().success());
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = Command::new(Self::script()).arg("stop").arg(self.data.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_was_killed_misses_nothing_and_has_nothing_twice() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("mine").await;
    let node = Node::start();
    let server = Server::start(&fixture.store, &fixture.ledger, config(&node.url()));
    let mut written: u64 = 0;
    for round in 0..2_u64 {
        for batch in 0..40 {
            fixture.ledger.append(&scope, drafts((0..25).map(numbered))).await.unwrap();
            written += 25;
            if batch == 20 + round * 7 {
                // In the middle: some is indexed, some is on its way.
                eventually("something to be followed", || async {
                    let found = server.index.page(&scope, request("", Sort::OccurredDescending, 5)).await;
                    found.is_ok().then_some(())
                })
                .await;
                node.kill();
            }
            // Whatever becomes of the node, what was acknowledged is found.
            let page = server.index.page(&scope, request("", Sort::default(), 1)).await.unwrap();
            assert_eq!(page.items.first().map(|entry| entry.seq), Some(written - 1));
        }
        node.run();
        server.has_followed(&scope).await;
        eventually("the node to be asked again", || async {
            let found = server.index.page(&scope, request("", Sort::OccurredDescending, 5)).await;
            found.is_ok().then_some(())
        })
        .await;
        let found = walk(&server.index, &scope, &Query::All, Sort::OccurredAscending, 500).await;
        assert_eq!(found, (0..written).collect::<Vec<_>>());
        assert_eq!(server.index.reconcile(&scope, None).await.unwrap(), []);
    }
    server.stop().await;
}
