//! Two servers on one database: what one acknowledged the other finds in the next request, whichever way
//! it is asked; each keeps an index of its own, and what is done once is done once.

use std::path::{Path, PathBuf};

use custody_testkit::{TestDatabase, eventually};
use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::{
    followers::another_machine,
    search_opensearch::node,
    support::{
        Api, Server, Tenant,
        server::{Options, readable_temp_dir},
        socket::{Socket, next, open},
    },
};

/// There and back.
const ROUNDS: usize = 40;
/// Groups of tenants, of each follower.
const GROUPS: i64 = 16;
const OURS: &str = "q=action:two.written";

/// One of the two: how its callers ask it, and who follows its stream.
struct Side {
    tenant: Tenant,
    stream: Socket,
}

impl Side {
    async fn new(server: &Server, tenant: &Tenant) -> Self {
        let path = format!("/api/v1/logs/stream?{OURS}");
        let mut stream = open(server, &path, Some(&tenant.auditor)).await.unwrap();
        assert_eq!(next(&mut stream).await.unwrap()["type"], "open");
        Self { tenant: tenant.at(server), stream }
    }

    async fn write(&self, n: usize) -> Value {
        let entry = json!({
            "action": "two.written", "actor": {"id": format!("actor-{n}")}, "message": format!("marker{n}"),
            "request_id": format!("request-{}", n / 2), "severity": "ERROR",
        });
        self.tenant.writer.post("/api/v1/logs", &entry).await.expect(201)
    }

    /// Asks each question once: there is nothing to wait for.
    async fn finds(&self, n: usize, receipt: &Value) {
        let (api, id) = (&self.tenant.auditor, receipt["id"].as_str().unwrap());
        for sort in ["-received_at", "-occurred_at"] {
            let page = get(api, &format!("{OURS}&sort={sort}&limit=1&total=true")).await;
            assert_eq!((&page["items"][0]["id"], &page["total"]), (&json!(id), &json!(n + 1)), "{sort}, {n}");
            assert!(page["index_watermark"].as_u64().unwrap() > receipt["seq"].as_u64().unwrap());
        }
        for asked in [format!("q=marker{n}&sort=occurred_at"), format!("actor=actor-{n}&sort=received_at")] {
            let page = get(api, &asked).await;
            assert_eq!(ids(&page["items"]), [id], "{asked}");
        }
        let stats = api.get(&format!("/api/v1/logs/stats?{OURS}&by=severity")).await.expect(200);
        assert_eq!(stats["count"], n + 1);
        assert_eq!(stats["groups"][0]["values"], json!([{"value": "ERROR", "count": n + 1}]));
        assert_eq!(api.get(&format!("/api/v1/logs/{id}")).await.expect(200)["seq"], receipt["seq"]);
        // The entry, and the one of the same request, which was taken by the other server.
        let related = api.get(&format!("/api/v1/logs/{id}/related")).await.expect(200);
        let related: Vec<_> =
            related["items"].as_array().unwrap().iter().map(|i| &i["entry"]["id"]).collect();
        assert!(related.len() == n % 2 + 1 && related.contains(&&json!(id)), "{n}: {related:?}");
    }

    /// Brought once, in the log's order: this one is next.
    async fn is_brought(&mut self, receipt: &Value) {
        loop {
            let message = next(&mut self.stream).await.unwrap();
            match message["type"].as_str() {
                Some("entry") => return assert_eq!(message["entry"]["id"], receipt["id"]),
                _ => assert_eq!(message["type"], "heartbeat", "{message}"),
            }
        }
    }
}

async fn get(api: &Api, query: &str) -> Value {
    api.get(&format!("/api/v1/logs?{query}")).await.expect(200)
}

fn ids(items: &Value) -> Vec<&str> {
    items.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

/// Entries are written at one side and looked for at the other, by turns.
async fn there_and_back(sides: &mut [Side; 2]) {
    for n in 0..2 * ROUNDS {
        let (here, there) = (n % 2, (n + 1) % 2);
        let receipt = sides[here].write(n).await;
        sides[there].finds(n, &receipt).await;
        for side in &mut *sides {
            side.is_brought(&receipt).await;
        }
    }
}

/// The same at once, so that each writes while the other's entries come in.
async fn crosswise(sides: &[Side; 2]) {
    let way = async |way: usize| {
        let (here, there) = (&sides[way].tenant, &sides[1 - way].tenant);
        for n in 0..ROUNDS {
            let marker = format!("cross.{way}.{n}");
            let receipt = here.write(&marker).await;
            let newest = get(&there.auditor, &format!("action={marker}&sort=-occurred_at")).await;
            assert_eq!(ids(&newest["items"]), [receipt["id"].as_str().unwrap()], "{marker}");
        }
    };
    join_all([way(0), way(1)]).await;
}

fn options(database: &TestDatabase, data: PathBuf, flags: &[&str]) -> Options {
    Options {
        database: Some(database.url().to_owned()),
        data: Some(data),
        flags: flags.iter().map(ToString::to_string).collect(),
        ..Options::default()
    }
}

/// Waits until each of so many holders has its share of every follower's leases.
async fn shared_out(database: &TestDatabase, followers: usize, holders: i64) {
    eventually("the leases to be shared out", || async {
        let mut owner = PgConnection::connect(database.url()).await.unwrap();
        let held: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT follower, count(*), count(DISTINCT holder) FROM leases WHERE holder IS NOT NULL
             GROUP BY follower",
        )
        .fetch_all(&mut owner)
        .await
        .unwrap();
        let whole = held.iter().all(|(_, groups, by)| (*groups, *by) == (GROUPS, holders));
        (whole && held.len() == followers).then_some(())
    })
    .await;
}

fn parts(data: &Path, tenant: &Tenant) -> usize {
    std::fs::read_dir(data.join("search").join(&tenant.id)).map_or(0, Iterator::count)
}

#[tokio::test]
async fn what_one_acknowledged_the_other_finds_in_the_next_request() {
    let (database, folder) = (TestDatabase::create().await, readable_temp_dir());
    let data = folder.path().join("data");
    let one = Server::start(options(&database, data.clone(), &[])).await;
    let other = another_machine(&data, "other");
    let two = Server::start(options(&database, other.clone(), &[])).await;
    let tenant = one.tenant().await;
    shared_out(&database, 2, 2).await;
    let mut sides = [Side::new(&one, &tenant).await, Side::new(&two, &tenant).await];
    there_and_back(&mut sides).await;
    crosswise(&sides).await;
    drop(sides);
    assert_eq!(one.terminate().await.code(), Some(0));
    assert_eq!(two.terminate().await.code(), Some(0));
    for data in [&data, &other] {
        assert!(parts(data, &tenant) > 0, "an index of its own in {}", data.display());
    }
}

#[tokio::test]
async fn two_that_answer_and_one_that_works() {
    let (database, folder) = (TestDatabase::create().await, readable_temp_dir());
    let data = folder.path().join("data");
    let one = Server::start(options(&database, data.clone(), &["--only=api"])).await;
    let two = Server::start(options(&database, another_machine(&data, "two"), &["--only=api"])).await;
    let mut worker = crate::followers::worker(&one, &data);
    let tenant = one.tenant().await;
    shared_out(&database, 2, 1).await;
    let mut sides = [Side::new(&one, &tenant).await, Side::new(&two, &tenant).await];
    there_and_back(&mut sides).await;
    drop(sides);
    drop(worker.stdin.take());
    assert!(worker.wait().await.unwrap().success());
    assert!(!data.with_file_name("other").join("search").exists(), "who answers nothing has no index");
    assert!(one.stop().await.success() && two.stop().await.success());
}

#[tokio::test]
async fn one_index_in_opensearch_is_written_once_and_asked_by_both() {
    let (database, folder) = (TestDatabase::create().await, readable_temp_dir());
    let data = folder.path().join("data");
    let address = format!("opensearch+{}", node());
    let flags = ["--search", &address, "--search-shards", "1"];
    let one = Server::start(options(&database, data.clone(), &flags)).await;
    let two = Server::start(options(&database, another_machine(&data, "other"), &flags)).await;
    let tenant = one.tenant().await;
    shared_out(&database, 3, 2).await;
    let operator = one.token(None, "operator").await;
    let logs = [&tenant.admin, &operator];
    let before = (documents(&[&one, &two]).await, entries(&logs).await);
    let mut sides = [Side::new(&one, &tenant).await, Side::new(&two, &tenant).await];
    there_and_back(&mut sides).await;
    crosswise(&sides).await;
    drop(sides);
    // Two that both wrote all would have written twice as many. Those that were written before the leases
    // were shared out, or when one changed hands, may have been written by both.
    eventually("each entry to be written by one of the two", || async {
        let written = documents(&[&one, &two]).await - before.0;
        let entries = entries(&logs).await;
        assert!(written < entries * 3 / 2, "{written} documents of {entries} entries");
        (written >= entries - before.1).then_some(())
    })
    .await;
    assert!(one.stop().await.success() && two.stop().await.success());
}

/// Entries of these logs.
async fn entries(readers: &[&Api]) -> u64 {
    let mut sum = 0;
    for reader in readers {
        sum += get(reader, "limit=1").await["index_watermark"].as_u64().unwrap();
    }
    sum
}

/// Documents that these servers have written.
async fn documents(servers: &[&Server]) -> u64 {
    let mut sum = 0;
    for server in servers {
        let metrics = String::from_utf8(server.anonymous().get("/metrics").await.bytes).unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix("custody_opensearch_documents_total "));
        sum += line.unwrap().parse::<u64>().unwrap();
    }
    sum
}
