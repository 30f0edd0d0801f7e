//! The index follows the ledger: nothing is missing and nothing comes twice, whoever follows.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use custody_domain::query::Query;
use custody_ledger::{Order, Range};
use custody_search::{
    Search as _, Sort,
    opensearch::{NAME, VERSION},
};
use custody_testkit::eventually;
use serde_json::json;

use super::{
    fixture::{config, url},
    server::Server,
};
use crate::{
    conformance,
    database::{Fixture, drafts},
    memory::numbered,
    walk::{request, seqs, walk},
};

#[tokio::test]
async fn what_was_followed_conforms() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture.store, &fixture.ledger, config(&url()));
    let (mine, other) = (fixture.tenant("mine").await, fixture.tenant("other").await);
    fixture.ledger.append(&other, drafts((0..3).map(numbered))).await.unwrap();
    fixture.ledger.append(&mine, drafts(conformance::documented_contents())).await.unwrap();
    fixture.ledger.append(&other, drafts((3..6).map(numbered))).await.unwrap();
    server.has_followed(&mine).await;
    server.has_followed(&other).await;
    let log = fixture.ledger.page(&mine, Range::default(), Order::OldestFirst, 100).await.unwrap();
    conformance::holds(&server.index, &mine, &log, &Sort::ALL).await;
    for scope in [&mine, &other] {
        assert_eq!(server.index.reconcile(scope, None).await.unwrap(), []);
    }
    server.index.remove_but(None).await.unwrap();
    server.stop().await;
}

/// Two processes follow and answer, a third hand has the index made anew meanwhile: who was answered that
/// an entry is kept finds it in the next request to either.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_acknowledged_is_found_on_every_server_at_once_and_once() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("mine").await;
    let config = config(&url());
    let servers = [(); 2].map(|()| Server::start(&fixture.store, &fixture.ledger, config.clone()));
    let acknowledged = Arc::new(AtomicU64::new(0));
    let writers: Vec<_> = (0..2)
        .map(|_| {
            let (ledger, scope, acknowledged) =
                (fixture.ledger.clone(), scope.clone(), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                for batch in 0..60 {
                    let drafts = drafts((0..=batch % 30).map(numbered));
                    let count = drafts.len() as u64;
                    ledger.append(&scope, drafts).await.unwrap();
                    acknowledged.fetch_add(count, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let mut walks = 0;
    while walks < 6 || writers.iter().any(|writer| !writer.is_finished()) {
        if walks == 3 {
            let begun = fixture.ledger.begin_projection_anew(NAME, VERSION).await.unwrap();
            servers[0].index.remove_but(Some(begun.generation)).await.unwrap();
        }
        for (server, sort) in servers.iter().zip([Sort::ReceivedDescending, Sort::OccurredAscending]) {
            let before = acknowledged.load(Ordering::SeqCst);
            let mut found = walk(&server.index, &scope, &Query::All, sort, 200).await;
            found.sort_unstable();
            assert!(found.len() as u64 >= before, "{before} were acknowledged, {} seen", found.len());
            assert_eq!(found, (0..found.len() as u64).collect::<Vec<_>>(), "{sort}");
        }
        walks += 1;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    for server in &servers {
        server.has_followed(&scope).await;
        assert_eq!(server.index.reconcile(&scope, None).await.unwrap(), []);
    }
    servers[0].index.remove_but(None).await.unwrap();
    for server in servers {
        server.stop().await;
    }
}

#[tokio::test]
async fn an_entry_that_is_refused_for_good_is_named_and_still_found() {
    let fixture = Fixture::new().await;
    let (mine, other) = (fixture.tenant("mine").await, fixture.tenant("other").await);
    let config = config(&url());
    // A field of another kind, so that the node takes an action only where it is a number.
    let generation = fixture.ledger.projection(NAME, VERSION).await.unwrap().generation;
    let week = chrono::Utc::now().timestamp_millis() / (7 * 86_400_000);
    let alias = format!("{}-g{generation}", config.prefix);
    let body = json!({"settings": {"number_of_replicas": 0, "number_of_shards": 1}, "aliases": {&alias: {}}, "mappings": {
        "_routing": {"required": true}, "dynamic": false, "properties": {
            "log": {"type": "keyword"}, "seq": {"type": "long"}, "ms": {"type": "long"}, "n": {"type": "long"},
            "time": {"type": "long"}, "action": {"type": "long"}, "t": {"type": "keyword"}}}});
    let put =
        reqwest::Client::new().put(format!("{}/{alias}-{week}", url())).json(&body).send().await.unwrap();
    assert!(put.status().is_success(), "{}", put.text().await.unwrap());
    let of = |action: &str| format!(r#"{{"action":"{action}","actor":{{"id":"u"}}}}"#);
    fixture.ledger.append(&mine, drafts([of("1"), of("2"), of("boom"), of("4")])).await.unwrap();
    fixture.ledger.append(&other, drafts([of("1"), of("2")])).await.unwrap();
    let server = Server::start(&fixture.store, &fixture.ledger, config);
    server.has_followed(&other).await;
    let failure = failure(&server, &mine).await;
    assert_eq!(failure.0, 2, "up to the entry before it");
    assert!(failure.1.contains("refuses entry 2"), "{}", failure.1);
    for sort in Sort::ALL {
        let page = server.index.page(&mine, request("", sort, 9)).await.unwrap();
        assert_eq!(page.items.len(), 4, "{sort}: {:?}", seqs(&page));
    }
    server.index.remove_but(None).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn an_index_goes_on_past_no_hole_in_the_log() {
    use sqlx::Connection as _;
    let fixture = Fixture::new().await;
    let (mine, other) = (fixture.tenant("mine").await, fixture.tenant("other").await);
    for scope in [&mine, &other] {
        fixture.ledger.append(scope, drafts((0..9).map(numbered))).await.unwrap();
    }
    let mut owner = sqlx::PgConnection::connect(fixture.database.url()).await.unwrap();
    sqlx::query("ALTER TABLE entries NO FORCE ROW LEVEL SECURITY").execute(&mut owner).await.unwrap();
    let gone = "DELETE FROM entries WHERE tenant_id = $1 AND seq = 4";
    let gone = sqlx::query(gone).bind(mine.tenant().0).execute(&mut owner).await.unwrap();
    assert_eq!(gone.rows_affected(), 1);
    let server = Server::start(&fixture.store, &fixture.ledger, config(&url()));
    server.has_followed(&other).await;
    let failure = failure(&server, &mine).await;
    assert_eq!(failure, (4, "entry 4 is missing".to_owned()));
    // What there is, is found all the same.
    let found = walk(&server.index, &mine, &Query::All, Sort::OccurredAscending, 3).await;
    assert_eq!(found, [0, 1, 2, 3, 5, 6, 7, 8]);
    server.index.remove_but(None).await.unwrap();
    server.stop().await;
}

/// Where the index of a log stands that cannot go on, and why.
async fn failure(server: &Server, scope: &custody_auth::Scope) -> (u64, String) {
    eventually("the failure to be noted", || async {
        let standings = server.ledger.followers(scope).await.unwrap();
        let own = standings.into_iter().find(|standing| standing.follower == NAME)?;
        own.failure.map(|failure| (own.position, failure.reason))
    })
    .await
}
