//! A node that is killed in the middle of following and of searching.

use custody_domain::query::Query;
use custody_search::{Search as _, Sort};
use custody_testkit::{OpenSearchNode, eventually};

use super::{fixture::config, server::Server};
use crate::{
    database::{Fixture, drafts},
    memory::numbered,
    walk::{request, walk},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_was_killed_misses_nothing_and_has_nothing_twice() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("mine").await;
    let node = OpenSearchNode::start();
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
