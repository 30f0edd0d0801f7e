//! A tenant's wall, in SQL: what a transaction sees that names this tenant, another, or none.

use custody_domain::{EntryId, columns::Columns};
use custody_store::{
    DatabaseRole, Store, commit,
    entries::{self, NewEntry, Order, Range},
    event_keys::{self, EventKeyRow, EventKind},
    heads::{self, Advance, LockedHead},
    partitions, quarantine, tenant_keys,
    tenant_keys::TenantKeyPurpose,
};
use sqlx::PgConnection;

use crate::fixture::{Fixture, count, run, try_run};

const TENANT_TABLES: [&str; 4] = ["entries", "heads", "tenant_keys", "quarantine"];

fn entry(locked: LockedHead, id: EntryId, columns: &Columns) -> NewEntry<'_> {
    NewEntry { tenant: locked.tenant, id, seq: locked.head.size, columns, leaf_hash: &[1; 32], body: b"b" }
}

fn advance(locked: LockedHead, last_id: EntryId) -> Advance {
    Advance { tenant: locked.tenant, size: locked.head.size, count: 1, last_id }
}

/// One row of everything.
async fn fill(store: &Store, scope: &custody_auth::Scope) -> EntryId {
    let columns = Columns { action: Some("a".to_owned()), ..Columns::default() };
    let (mut tx, locked) = heads::lock(store, &[scope.tenant()]).await.unwrap();
    let locked = locked[0];
    let (id, _) = EntryId::next(locked.head.last_id, locked.now);
    let row = entry(locked, id, &columns);
    let day = id.received_at().date_naive();
    entries::copy(&mut tx, day, &[row]).await.unwrap();
    let key = EventKeyRow { tenant: scope.tenant(), id, key16: [1; 16], fp8: [2; 8] };
    for kind in [EventKind::Event, EventKind::Request] {
        event_keys::insert(&mut tx, kind, &[key]).await.unwrap();
    }
    commit::commit(tx, None, &[advance(locked, id)]).await.unwrap();
    let mut tx = store.tenant_tx(scope).await.unwrap();
    tenant_keys::keep_first(&mut tx, TenantKeyPurpose::EventKeys, b"sealed").await.unwrap();
    let item = quarantine::NewItem {
        fp16: [3; 16],
        reason: "schema",
        errors: &[],
        source_format: "custody",
        recorded_by: &serde_json::json!({}),
        size_bytes: 1,
        sent_bytes: None,
        sealed: b"sealed",
        times: 1,
    };
    let quota = quarantine::Quota { items_max: 1, bytes_max: 1 };
    quarantine::keep(&mut tx, &[item], quarantine::Seen::new(), quota).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn visible(connection: &mut PgConnection) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in TENANT_TABLES {
        counts.push(count(connection, table).await);
    }
    counts
}

#[tokio::test]
async fn a_transaction_sees_its_tenant_and_no_other() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let of_a = fill(&fixture.store, &a).await;
    fill(&fixture.store, &b).await;
    for role in [DatabaseRole::App, DatabaseRole::Reaper] {
        let mut connection = fixture.as_role(role).await;
        let tables: &[&str] = if role == DatabaseRole::App { &TENANT_TABLES } else { &["entries"] };
        for table in tables {
            assert_eq!(count(&mut connection, table).await, 0, "{role:?} without a tenant: {table}");
        }
        run(&mut connection, &format!("BEGIN; SET LOCAL app.tenant_id = '{}'", a.tenant())).await;
        for table in tables {
            assert_eq!(count(&mut connection, table).await, 1, "{role:?} in a tenant: {table}");
        }
        let foreign = format!("entries WHERE tenant_id = '{}'", b.tenant());
        assert_eq!(count(&mut connection, &foreign).await, 0);
        run(&mut connection, "ROLLBACK").await;
        // The setting is '' now, not absent: no 22P02, and nothing to see.
        for table in tables {
            assert_eq!(count(&mut connection, table).await, 0, "{role:?} afterwards: {table}");
        }
    }
    let mut tx = fixture.store.tenant_tx(&b).await.unwrap();
    assert_eq!(entries::get(&mut tx, of_a).await.unwrap(), None);
}

#[tokio::test]
async fn a_pooled_connection_forgets_the_tenant_before() {
    let fixture = Fixture::new().await;
    let config = {
        let mut config = fixture.config.clone();
        config.app_connections = 1;
        config
    };
    let store = Store::connect(&config, crate::fixture::keys()).await.unwrap();
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let of_a = fill(&store, &a).await;
    for _ in 0..3 {
        let mut tx = store.tenant_tx(&a).await.unwrap();
        assert!(entries::get(&mut tx, of_a).await.unwrap().is_some());
        tx.rollback().await.unwrap();
        let mut tx = store.tenant_tx(&b).await.unwrap();
        assert!(entries::get(&mut tx, of_a).await.unwrap().is_none());
        assert_eq!(heads::read(&mut tx).await.unwrap().size, 0);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn no_role_reaches_round_the_wall() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    fill(&fixture.store, &a).await;
    let today = partitions::coverage(&fixture.store).await.unwrap().today;
    let partition = partitions::name(today);
    let in_b = format!("BEGIN; SET LOCAL app.tenant_id = '{}'", b.tenant());
    let refused = "42501";
    for (role, statement) in [
        (DatabaseRole::App, format!("SELECT * FROM {partition}")),
        (DatabaseRole::App, "UPDATE entries SET body = ''".to_owned()),
        (DatabaseRole::App, "DELETE FROM entries".to_owned()),
        (DatabaseRole::App, "TRUNCATE entries".to_owned()),
        (DatabaseRole::App, "SELECT * FROM event_keys".to_owned()),
        (DatabaseRole::App, "SELECT * FROM role_credentials".to_owned()),
        (DatabaseRole::App, "ALTER TABLE entries DISABLE ROW LEVEL SECURITY".to_owned()),
        (DatabaseRole::App, "SELECT custody_create_partition('2024-01-01')".to_owned()),
        (DatabaseRole::System, "SELECT * FROM entries".to_owned()),
        (DatabaseRole::System, "SELECT body FROM entries".to_owned()),
        (DatabaseRole::System, "SELECT actor_id FROM entries".to_owned()),
        (DatabaseRole::System, "UPDATE heads SET size = 1".to_owned()),
        (DatabaseRole::App, "SELECT * FROM leases".to_owned()),
        (DatabaseRole::App, "UPDATE followers SET position = 1".to_owned()),
        (DatabaseRole::App, "UPDATE producers SET missing = 0".to_owned()),
        (DatabaseRole::System, "SELECT * FROM quarantine".to_owned()),
        (DatabaseRole::System, "SELECT custody_drop_partition('2024-01-01')".to_owned()),
        (DatabaseRole::Writer, "SELECT * FROM entries".to_owned()),
        (DatabaseRole::Writer, format!("SELECT * FROM {partition}")),
        (DatabaseRole::Writer, format!("DELETE FROM {partition}")),
        (DatabaseRole::Writer, "DELETE FROM event_keys".to_owned()),
        (DatabaseRole::Writer, "UPDATE heads SET epoch = 1".to_owned()),
        (DatabaseRole::Reaper, format!("SELECT * FROM {partition}")),
        (DatabaseRole::Reaper, "UPDATE entries SET leaf_hash = ''".to_owned()),
        (DatabaseRole::Reaper, format!("DELETE FROM {partition}")),
        // With a tenant named, its rows can be added and no other's.
        (
            DatabaseRole::App,
            format!(
                "{in_b}; INSERT INTO tenant_keys (tenant_id, purpose, sealed) VALUES ('{}', 'event_keys', '')",
                a.tenant()
            ),
        ),
    ] {
        let mut connection = fixture.as_role(role).await;
        let answer = try_run(&mut connection, &statement).await;
        assert_eq!(answer, Err(refused.to_owned()), "{role:?}: {statement}");
    }
    let mut reaper = fixture.as_role(DatabaseRole::Reaper).await;
    run(&mut reaper, &format!("{in_b}; DELETE FROM entries; COMMIT")).await;
    let mut app = fixture.as_role(DatabaseRole::App).await;
    run(&mut app, &format!("BEGIN; SET LOCAL app.tenant_id = '{}'", a.tenant())).await;
    assert_eq!(visible(&mut app).await, [1; 4], "another tenant's reaper took nothing");
}

/// A client that hangs up drops a transaction anywhere. On the one connection there is, the next
/// tenant must get its own answers and not what was still to come.
#[tokio::test]
async fn a_transaction_that_is_dropped_midway_leaves_nothing_to_the_next_tenant() {
    let fixture = Fixture::new().await;
    let mut config = fixture.config.clone();
    (config.app_connections, config.writer_connections) = (1, 1);
    let store = Store::connect(&config, crate::fixture::keys()).await.unwrap();
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let of_b = fill(&store, &b).await;
    let mut dropped = 0;
    for _ in 0..10 {
        for polls_max in 1.. {
            assert!(polls_max < 1000, "it comes to an end");
            let finished = polled(polls_max, read_and_write(&store, &a)).await;
            let mut tx = store.tenant_tx(&b).await.unwrap();
            let entry = entries::get(&mut tx, of_b).await.unwrap().unwrap();
            assert_eq!((entry.tenant_id, entry.id), (b.tenant(), of_b), "after {polls_max} polls");
            assert_eq!(heads::read(&mut tx).await.unwrap().size, 1);
            tx.commit().await.unwrap();
            let (tx, locked) = heads::lock(&store, &[b.tenant()]).await.unwrap();
            assert_eq!(locked[0].head.size, 1);
            tx.rollback().await.unwrap();
            if finished {
                break;
            }
            dropped += 1;
        }
    }
    assert!(dropped > 10, "it was dropped in many places: {dropped}");
}

async fn read_and_write(store: &Store, scope: &custody_auth::Scope) {
    let columns = Columns::default();
    let mut tx = store.tenant_tx(scope).await.unwrap();
    let page = entries::page(&mut tx, Range::default(), Order::NewestFirst, 10).await.unwrap();
    assert!(page.iter().all(|entry| entry.tenant_id == scope.tenant()));
    tx.commit().await.unwrap();
    let (mut tx, locked) = heads::lock(store, &[scope.tenant()]).await.unwrap();
    let locked = locked[0];
    let (id, _) = EntryId::next(locked.head.last_id, locked.now);
    let row = entry(locked, id, &columns);
    entries::copy(&mut tx, id.received_at().date_naive(), &[row]).await.unwrap();
    commit::commit(tx, None, &[advance(locked, id)]).await.unwrap();
}

/// Polls at most so often, and says whether that was enough.
async fn polled(polls_max: usize, future: impl Future<Output = ()>) -> bool {
    let mut future = std::pin::pin!(future);
    let mut polls = 0;
    std::future::poll_fn(|context| {
        polls += 1;
        if polls > polls_max {
            return std::task::Poll::Ready(false);
        }
        future.as_mut().poll(context).map(|()| true)
    })
    .await
}
