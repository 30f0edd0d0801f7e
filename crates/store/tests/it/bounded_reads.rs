//! What a read costs grows with what it answers, and not with the log: counted in rows and index
//! entries that PostgreSQL says it went through, where it has analysed nothing and so guesses.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Utc;
use custody_auth::Scope;
use custody_domain::EntryId;
use custody_store::{
    DatabaseRole, Store, checkpoints,
    entries::{self, Order, Range},
    event_keys::{self, EventKind},
    followers, leaves, partitions, producers,
    raw_rows::{self, Wanted},
    tiles,
};
use custody_testkit::eventually;
use uuid::Uuid;

use crate::fixture::{Fixture, keys, run};

/// Of which a tenth is another tenant's.
const ENTRIES: u64 = 60_000;
const TILES: u64 = 600;
/// Rows that a read may go through beside those that it answers.
const BESIDE: u64 = 64;

/// A way to read a log, or what is beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Get,
    Newest,
    Oldest,
    Places,
    Waiting,
    Leaves,
    LeafHashes,
    Raw,
    LeavesForFollower,
    NthAfter,
    Numbered,
    LastTile,
    Tiles,
    TileRoots,
    TileEndForFollower,
    Checkpoints,
    KnownEvents,
}

impl Read {
    const ALL: [Self; 17] = [
        Self::Get,
        Self::Newest,
        Self::Oldest,
        Self::Places,
        Self::Waiting,
        Self::Leaves,
        Self::LeafHashes,
        Self::Raw,
        Self::LeavesForFollower,
        Self::NthAfter,
        Self::Numbered,
        Self::LastTile,
        Self::Tiles,
        Self::TileRoots,
        Self::TileEndForFollower,
        Self::Checkpoints,
        Self::KnownEvents,
    ];

    /// Answers how many rows it was for.
    async fn run(self, store: &Store, scope: &Scope) -> u64 {
        match self {
            Self::LeavesForFollower | Self::NthAfter | Self::Numbered | Self::TileEndForFollower => {
                self.run_as_follower(store, scope).await
            }
            Self::KnownEvents => {
                let (mut tx, _) = custody_store::heads::lock(store, &[scope.tenant()]).await.unwrap();
                let asked: Vec<_> = (0..50_i64).map(|n| (scope.tenant(), key16(n * 1000))).collect();
                let found = event_keys::find(&mut tx, EventKind::Event, &asked, Utc::now()).await.unwrap();
                tx.rollback().await.unwrap();
                found.len() as u64
            }
            _ => self.run_in_tenant(store, scope).await,
        }
    }

    async fn run_in_tenant(self, store: &Store, scope: &Scope) -> u64 {
        let mut tx = store.tenant_tx(scope).await.unwrap();
        let middle = Some(id(ENTRIES / 2));
        let whole = Range::default();
        let from_middle = Range { after: middle, before: None };
        let rows = match self {
            Self::Get => usize::from(entries::get(&mut tx, id(ENTRIES / 2)).await.unwrap().is_some()),
            Self::Newest => entries::page(&mut tx, whole, Order::NewestFirst, 1000).await.unwrap().len(),
            Self::Oldest => {
                entries::page(&mut tx, from_middle, Order::OldestFirst, 4000).await.unwrap().len()
            }
            Self::Places => {
                let ids: Vec<_> = (0..100).map(|n| id(n * 500)).collect();
                entries::places(&mut tx, &ids).await.unwrap().len()
            }
            Self::Waiting => usize::from(followers::waiting(&mut tx, middle).await.unwrap().is_some()),
            Self::Leaves => leaves::after(&mut tx, None, 5000).await.unwrap().len(),
            // The tenth is the neighbour's.
            Self::LeafHashes => leaves::hashes_after(&mut tx, None, 0, 9).await.unwrap().len() / 32,
            Self::Raw => {
                let wanted =
                    Wanted { after: middle, from: 0, to: ENTRIES, rows_max: 4096, bytes_max: usize::MAX };
                raw_rows::read(&mut tx, wanted).await.unwrap().into_rows().len()
            }
            Self::LastTile => usize::from(tiles::last_end(&mut tx, TILES / 2).await.unwrap().is_some()),
            Self::Tiles => {
                tiles::above(&mut tx, &[(0, 1), (0, TILES - 1)], &BTreeMap::new()).await.unwrap().tiles.len()
            }
            Self::TileRoots => {
                tiles::above(&mut tx, &[], &BTreeMap::from([(0, 100..200)])).await.unwrap().roots.len()
            }
            Self::Checkpoints => checkpoints::page(&mut tx, Some((0, 10)), 50).await.unwrap().len(),
            _ => unreachable!("it is no tenant's: {self:?}"),
        };
        tx.commit().await.unwrap();
        rows as u64
    }

    async fn run_as_follower(self, store: &Store, scope: &Scope) -> u64 {
        let mut tx = store.system_tx().await.unwrap();
        let (tenant, middle) = (scope.tenant(), Some(id(ENTRIES / 2)));
        let rows = match self {
            Self::LeavesForFollower => {
                leaves::after_for_follower(&mut tx, tenant, middle, 5000).await.unwrap().len() as u64
            }
            Self::NthAfter => {
                let found = producers::nth_after(&mut tx, tenant, None, 10_000).await.unwrap();
                if found.is_some() { 10_000 } else { 0 }
            }
            Self::Numbered => {
                let stretch = producers::Stretch { tenant, after: middle, to: id(ENTRIES / 2 + 2000) };
                let numbered = producers::numbered(&mut tx, &[stretch]).await.unwrap();
                numbered.iter().map(|of_producer| of_producer.entries).sum()
            }
            Self::TileEndForFollower => {
                u64::from(tiles::end_for_follower(&mut tx, tenant, TILES / 2).await.unwrap().is_some())
            }
            _ => unreachable!("it is a tenant's: {self:?}"),
        };
        tx.commit().await.unwrap();
        rows
    }
}

/// The n-th entry of today, as [`fill`] writes it.
fn id(n: u64) -> EntryId {
    let ms = midnight_ms() + n;
    EntryId(Uuid::from_u128((u128::from(ms) << 80) | 0x7000_8000_0000_0000_0000))
}

fn midnight_ms() -> u64 {
    let midnight = Utc::now().date_naive().and_hms_opt(0, 0, 0).unwrap().and_utc();
    u64::try_from(midnight.timestamp_millis()).unwrap()
}

fn key16(hi: i64) -> [u8; 16] {
    let mut key16 = [0; 16];
    key16[..8].copy_from_slice(&hi.to_be_bytes());
    key16
}

/// As a busy day would, in tables that nobody has analysed.
async fn fill(fixture: &Fixture, scope: &Scope, neighbour: &Scope) {
    let (tenant, neighbour) = (scope.tenant(), neighbour.tenant());
    let of = format!("(CASE WHEN n % 10 = 9 THEN '{neighbour}' ELSE '{tenant}' END)::uuid");
    let id = format!("rpad(lpad(to_hex({}::bigint + n), 12, '0') || '70008', 32, '0')::uuid", midnight_ms());
    let to = ENTRIES - 1;
    let mut owner = fixture.owner().await;
    run(
        &mut owner,
        &format!(
            "INSERT INTO {} (tenant_id, id, seq, leaf_hash, body, action, producer_id, producer_seq)
             SELECT {of}, {id}, n, decode(repeat('ab', 32), 'hex'), '\\x00', 'a.b', 'p', n
             FROM generate_series(0, {to}) AS n",
            todays()
        ),
    )
    .await;
    run(
        &mut owner,
        &format!(
            "INSERT INTO event_keys_all (tenant_id, id, key_hi, key_lo, fp8)
             SELECT {of}, {id}, n, 0, 0 FROM generate_series(0, {to}) AS n"
        ),
    )
    .await;
    let mut system = fixture.as_role(DatabaseRole::System).await;
    run(
        &mut system,
        &format!(
            "INSERT INTO tiles (tenant_id, level, index, root, first_id, last_id, hashes)
             SELECT {of}, 0, n, decode(repeat('ab', 32), 'hex'), {id}, {id}, decode(repeat('cd', 8192), 'hex')
             FROM generate_series(0, {}) AS n",
            TILES - 1
        ),
    )
    .await;
    run(
        &mut system,
        &format!(
            "INSERT INTO checkpoints (tenant_id, epoch, size, root, note, made_at, kept_for)
             SELECT {of}, 0, n, decode(repeat('ab', 32), 'hex'), 'note', now(), 'hour'
             FROM generate_series(0, {to}) AS n"
        ),
    )
    .await;
}

fn todays() -> String {
    format!("entries_{}", Utc::now().format("%Y%m%d"))
}

/// Rows and index entries that all sessions that have ended went through, in tables of logs.
async fn gone_through(fixture: &Fixture) -> u64 {
    eventually("the sessions end", async || {
        let mut owner = fixture.owner().await;
        let sessions: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'custody'",
        )
        .fetch_one(&mut owner)
        .await
        .unwrap();
        (sessions == 0).then_some(())
    })
    .await;
    let of_logs = "(relname LIKE 'entries\\_%' OR relname IN ('event_keys_all', 'tiles', 'checkpoints'))";
    let sum: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "SELECT ((SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE {of_logs})
            + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE {of_logs}))::bigint"
    )))
    .fetch_one(&mut fixture.owner().await)
    .await
    .unwrap();
    u64::try_from(sum).unwrap()
}

/// A log, its neighbour's, and nobody at work.
async fn logs() -> (Fixture, Scope, Scope) {
    let fixture = Fixture::new().await;
    let (scope, neighbour) = (fixture.tenant("a").await, fixture.tenant("b").await);
    partitions::maintain(&fixture.store).await.unwrap();
    fixture.store.close().await;
    let mut owner = fixture.owner().await;
    for table in [todays().as_str(), "event_keys_all", "tiles", "checkpoints"] {
        run(&mut owner, &format!("ALTER TABLE {table} SET (autovacuum_enabled = off)")).await;
    }
    (fixture, scope, neighbour)
}

#[tokio::test]
async fn where_nothing_was_analysed() {
    let (fixture, scope, neighbour) = logs().await;
    fill(&fixture, &scope, &neighbour).await;
    let mut unbounded = BTreeSet::new();
    for read in Read::ALL {
        let before = gone_through(&fixture).await;
        let store = Store::connect(&fixture.config, keys()).await.unwrap();
        let rows = read.run(&store, &scope).await;
        store.close().await;
        let through = gone_through(&fixture).await - before;
        assert!(rows > 0 && through >= rows.min(1), "{read:?} was not tried: {rows} rows, {through} read");
        if through > rows + BESIDE {
            unbounded.insert(format!("{read:?} answers {rows} rows and goes through {through}"));
        }
    }
    assert!(unbounded.is_empty(), "{unbounded:#?}");
}

/// Plans are kept on a connection: those from when a log was empty must do for a long one.
#[tokio::test]
async fn where_it_was_planned_for_an_empty_log() {
    let (fixture, scope, neighbour) = logs().await;
    let mut stores = Vec::new();
    for read in Read::ALL {
        let store = Store::connect(&fixture.config, keys()).await.unwrap();
        // After five times PostgreSQL may keep a plan for all parameters.
        for _ in 0..8 {
            read.run(&store, &scope).await;
        }
        stores.push((read, store));
    }
    fill(&fixture, &scope, &neighbour).await;
    let (mut rows, mut reads) = (0, 0);
    for (read, store) in stores {
        rows += read.run(&store, &scope).await;
        reads += 1;
        store.close().await;
    }
    let through = gone_through(&fixture).await;
    // The warming-up went through what was there, which is nothing.
    assert!(through <= rows + reads * BESIDE, "{rows} rows are answered, {through} gone through");
}
