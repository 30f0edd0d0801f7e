//! A server that is started again after `kill -9` goes on at once with what it followed: it waits for
//! none of the leases that it held itself, and takes none of another server's.

use std::{path::Path, time::Duration};

use custody_keys::Keys;
use custody_store::embedded::{Config, Place};
use custody_testkit::{TestDatabase, eventually};
use sqlx::{Connection as _, PgConnection};

use crate::support::{
    Server, Tenant,
    server::{Options, readable_temp_dir, signal},
};

/// From a server's first answer to a checkpoint over what was written then. Leases are made to last
/// for longer than any test waits, so that nobody can have waited for one.
const WITHIN: Duration = Duration::from_secs(25);
/// Groups of tenants, of each of the two followers.
const ALL: usize = 2 * 16;

/// A lease that is held: of what, with which token.
type Lease = (String, i16, i64);

async fn start(data: &Path, database: Option<&str>) -> Server {
    let (data, database) = (Some(data.to_owned()), database.map(ToOwned::to_owned));
    Server::start(Options { database, data, ..Options::default() }).await
}

/// Those of the server of this data directory, by what it leaves for its successor.
async fn held_by(data: &Path, database: &str) -> Vec<Lease> {
    let Ok(holder) = std::fs::read_to_string(data.join("lease-holder")) else { return Vec::new() };
    let mut owner = PgConnection::connect(database).await.unwrap();
    sqlx::query_as(
        "SELECT follower, tenant_group, token FROM leases WHERE holder = $1::uuid
         ORDER BY follower, tenant_group",
    )
    .bind(holder.trim_end())
    .fetch_all(&mut owner)
    .await
    .unwrap()
}

async fn holds(data: &Path, database: &str, count: usize) -> Vec<Lease> {
    eventually(&format!("{} holds {count} leases", data.display()), async || {
        let held = held_by(data, database).await;
        (held.len() == count).then_some(held)
    })
    .await
}

/// kill -9, and its leases last for five minutes.
async fn kill_with_long_leases(server: Server, data: &Path, database: &str) {
    let holder = std::fs::read_to_string(data.join("lease-holder")).unwrap();
    let holder = holder.trim_end();
    let prolong = format!(
        "SET lock_timeout = '1s';
         UPDATE leases SET expires_at = clock_timestamp() + interval '5 min' WHERE holder = '{holder}';
         UPDATE lease_candidates SET expires_at = clock_timestamp() + interval '5 min'
         WHERE candidate = '{holder}'"
    );
    eventually("the leases are prolonged", async || {
        // Stopped, so that it cannot shorten them again; unless it has just begun to.
        signal(server.pid(), "STOP");
        let mut owner = PgConnection::connect(database).await.unwrap();
        let prolonged = sqlx::raw_sql(sqlx::AssertSqlSafe(prolong.clone())).execute(&mut owner).await;
        if prolonged.is_err() {
            signal(server.pid(), "CONT");
        }
        prolonged.ok()
    })
    .await;
    server.kill().await;
}

async fn goes_on_at_once(tenant: &Tenant) {
    let receipt = tenant.write("after").await;
    let seq = receipt["seq"].as_u64().unwrap();
    let covered = eventually("a checkpoint covers the entry", async || {
        let note = tenant.auditor.get("/api/v1/log/checkpoint").await;
        let text = String::from_utf8_lossy(&note.bytes).into_owned();
        let size: u64 = text.lines().nth(1)?.parse().ok()?;
        (size > seq).then_some(())
    });
    tokio::time::timeout(WITHIN, covered).await.expect("it waits for leases");
}

/// Whatever followed the log before it was killed writes nothing more.
fn taken_anew(before: &[Lease], after: &[Lease]) {
    assert!(before.iter().zip(after).all(|(before, after)| before.2 < after.2), "{before:?} {after:?}");
}

#[tokio::test]
async fn with_a_private_database() {
    let folder = readable_temp_dir();
    let data = folder.path().join("data");
    let server = start(&data, None).await;
    let tenant = server.tenant().await;
    let place = Place::find(&data).await.unwrap();
    let keys = Keys::local(&place.layout().key_file()).unwrap();
    let access = place.database(&Config::default(), &keys).await.unwrap();
    let before = holds(&data, access.url(), ALL).await;
    kill_with_long_leases(server, &data, access.url()).await;

    let server = start(&data, None).await;
    goes_on_at_once(&tenant.at(&server)).await;
    taken_anew(&before, &holds(&data, access.url(), ALL).await);
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn with_another_server_on_the_same_database() {
    let database = TestDatabase::create().await;
    let folder = readable_temp_dir();
    let (data, other) = (folder.path().join("data"), folder.path().join("other"));
    let server = start(&data, Some(database.url())).await;
    let tenant = server.tenant().await;
    std::fs::create_dir(&other).unwrap();
    std::fs::copy(data.join("master.key"), other.join("master.key")).unwrap();
    let neighbour = start(&other, Some(database.url())).await;
    let before = holds(&data, database.url(), ALL / 2).await;
    let of_neighbour = holds(&other, database.url(), ALL / 2).await;
    kill_with_long_leases(server, &data, database.url()).await;

    let server = start(&data, Some(database.url())).await;
    taken_anew(&before, &holds(&data, database.url(), ALL / 2).await);
    assert_eq!(holds(&other, database.url(), ALL / 2).await, of_neighbour, "the neighbour's are its own");
    goes_on_at_once(&tenant.at(&server)).await;
    assert!(server.stop().await.success());
    assert!(neighbour.stop().await.success());
}
