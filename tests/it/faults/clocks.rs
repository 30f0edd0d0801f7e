//! Clocks that are wrong: the servers', which must not matter to the log, and the database's, which
//! is the log's.

use chrono::{DateTime, TimeDelta, Utc};
use custody_testkit::eventually;
use serde_json::{Value, json};

use super::{
    evidence, faketime,
    faketime::Clock,
    load::{self, Shape},
    on_a_database_of_its_own, on_a_private_database, skipped, with,
};
use crate::support::{Api, Server, Tenant, server::Options, server::readable_temp_dir};

const SHAPE: Shape = Shape { clients: 3, bodies: 20 };

/// An API key that may write: a token's times would be held against the server's wrong clock.
async fn key(tenant: &Tenant, name: &str) -> String {
    let made = tenant.admin.post("/api/v1/api-keys", &json!({"name": name, "role": "writer"})).await;
    made.expect(201)["key"].as_str().unwrap().to_owned()
}

fn received_at(entry: &Value) -> DateTime<Utc> {
    entry["received_at"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn two_servers_an_hour_behind_and_an_hour_ahead() {
    let (Some(behind), Some(ahead)) = (faketime::off_by("-1h"), faketime::off_by("+1h")) else {
        return skipped("skewed servers", "libfaketime is missing");
    };
    let folder = readable_temp_dir();
    let options = on_a_database_of_its_own(folder.path()).await;
    let right = Server::start(options.clone()).await;
    let tenant = right.tenant().await;
    let key = key(&tenant, "both").await;

    let began = Utc::now();
    let mut servers = Vec::new();
    for (name, environment) in [("behind", behind), ("ahead", ahead)] {
        let data = folder.path().join(name);
        std::fs::create_dir(&data).unwrap();
        std::fs::copy(folder.path().join("data/master.key"), data.join("master.key")).unwrap();
        let options = Options { data: Some(data), ..with(&options, &environment) };
        servers.push(Server::start(options).await);
    }
    let writers: Vec<_> = servers.iter().map(|server| Api::new(server.url(), Some(&key))).collect();
    let (mut sent, other) =
        tokio::join!(load::through(&writers[0], SHAPE), load::through(&writers[1], SHAPE));
    sent.add(other);
    sent.settle(&writers[0]).await;
    let ended = Utc::now();

    let log = evidence::check(&right, &tenant, &sent).await;
    let margin = TimeDelta::seconds(1);
    for entry in log.iter().filter(|entry| entry["action"] == "fault.tested") {
        let at = received_at(entry);
        assert!(began - margin <= at && at <= ended + margin, "a server's clock got into the log: {entry}");
    }
    for server in servers.into_iter().chain([right]) {
        assert!(server.stop().await.success());
    }
}

#[tokio::test]
async fn the_database_an_hour_forward_and_back() {
    let folder = readable_temp_dir();
    let Some(clock) = Clock::make(folder.path()) else {
        return skipped("the database's clock", "libfaketime or packaged server programs are missing");
    };
    let options = with(&on_a_private_database(folder.path()), &clock.environment());
    let server = Server::start(options).await;
    let (tenant, other) = (server.tenant().await, server.tenant().await);
    eventually("their trail is in the log", || async {
        let path = "/api/v1/logs?action=custody.token.issued";
        let issued = async |tenant: &Tenant| {
            tenant.auditor.get(path).await.expect(200)["items"].as_array().unwrap().len()
        };
        let all = (tenant.callers().len(), other.callers().len());
        ((issued(&tenant).await, issued(&other).await) == all).then_some(())
    })
    .await;
    let mut sent = load::through(&tenant.writer, SHAPE).await;
    clock.set("+3600s");
    sent.add(load::through(&tenant.writer, SHAPE).await);
    let highest = sent.acknowledged.iter().map(|receipt| receipt.seq).max().unwrap();
    clock.set("+0");
    sent.add(load::through(&tenant.writer, SHAPE).await);
    let others = load::through(&other.writer, SHAPE).await;
    sent.settle(&tenant.writer).await;

    let log = evidence::check(&server, &tenant, &sent).await;
    let soon = Utc::now() + TimeDelta::minutes(50);
    let highest = usize::try_from(highest).unwrap();
    assert!(received_at(&log[highest]) > soon, "the clock was not forward");
    assert!(received_at(log.last().unwrap()) > soon, "what came after has its place after");
    assert!(log.len() > highest + 1, "the log did not go on after the clock was set back");
    // A tenant that wrote nothing meanwhile knows nothing of it.
    let log = evidence::check(&server, &other, &others).await;
    assert!(log.iter().all(|entry| received_at(entry) < soon));
    assert!(server.stop().await.success());
}
