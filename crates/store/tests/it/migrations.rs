//! Migrations: once, twice, at the same time, and never backwards.

use std::time::Instant;

use custody_keys::Keys;
use custody_store::{DatabaseConfig, DatabaseRole, MigrateError, Store, migrate, migrate::program_version};
use custody_testkit::TestDatabase;
use sqlx::Connection as _;

use crate::fixture::{Fixture, count, keys, run};

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let fixture = Fixture::new().await;
    let mut owner = fixture.owner().await;
    let state = "(SELECT xmin::text, * FROM installation) AS i";
    let before: String = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT i::text FROM {state}")))
        .fetch_one(&mut owner)
        .await
        .unwrap();
    let started = Instant::now();
    let again = migrate(&fixture.config, keys(), None).await.unwrap();
    eprintln!("a second run took {:?}", started.elapsed());
    assert_eq!((again.from, again.to), (program_version(), program_version()));
    assert_eq!(again.installation, fixture.installation);
    let after: String = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT i::text FROM {state}")))
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(before, after);
}

#[tokio::test]
async fn servers_that_start_together_migrate_once() {
    let database = TestDatabase::create().await;
    let config = DatabaseConfig::new(database.url());
    let starting = (0..4).map(|_| migrate(&config, keys(), None));
    let mut migrated = Vec::new();
    for result in futures::future::join_all(starting).await {
        migrated.push(result.unwrap());
    }
    assert_eq!(migrated.iter().filter(|m| m.from == 0).count(), 1);
    assert!(migrated.iter().all(|m| m.installation == migrated[0].installation));
    Store::connect(&config, keys()).await.unwrap();
}

#[tokio::test]
async fn roles_are_named_after_the_database_and_its_log_keeps_its_name() {
    let fixture = Fixture::new().await;
    assert_eq!(
        fixture.installation.role_name(DatabaseRole::Writer),
        format!("{}_writer", fixture.database.name())
    );
    let log_name = fixture.installation.log_name.clone();
    assert!(log_name.starts_with("custody-"), "{log_name}");
    migrate(&fixture.config, keys(), Some(&log_name)).await.unwrap();
    let error = migrate(&fixture.config, keys(), Some("other")).await.unwrap_err();
    assert!(matches!(error, MigrateError::LogNameFixed { .. }), "{error}");
}

#[tokio::test]
async fn a_database_of_a_later_version_is_refused_and_left_alone() {
    let fixture = Fixture::new().await;
    let mut owner = fixture.owner().await;
    run(
        &mut owner,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'of a later version', true, '', 0)",
    )
    .await;
    let error = migrate(&fixture.config, keys(), None).await.unwrap_err();
    let MigrateError::Newer { database: 9999, program } = error else { panic!("{error}") };
    assert_eq!(program, program_version());
    let error = Store::connect(&fixture.config, keys()).await.unwrap_err();
    assert!(error.to_string().contains("schema"), "{error}");
    assert_eq!(count(&mut owner, "_sqlx_migrations").await, program_version() + 1);
}

#[tokio::test]
async fn a_migration_that_was_changed_afterwards_is_found() {
    let fixture = Fixture::new().await;
    let mut owner = fixture.owner().await;
    run(&mut owner, "UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 1").await;
    let error = migrate(&fixture.config, keys(), None).await.unwrap_err();
    assert!(matches!(error, MigrateError::Changed(1)), "{error}");
}

#[tokio::test]
async fn the_wrong_master_key_is_named_and_nothing_is_made_anew() {
    let fixture = Fixture::new().await;
    let dir = tempfile::tempdir().unwrap();
    let others = Keys::local(&dir.path().join("master.key")).unwrap();
    let error = Store::connect(&fixture.config, &others).await.unwrap_err();
    assert!(error.to_string().contains("key"), "{error}");
    let error = migrate(&fixture.config, &others, None).await.unwrap_err();
    assert!(error.to_string().contains("key"), "{error}");
    Store::connect(&fixture.config, keys()).await.unwrap();
}

#[tokio::test]
async fn roles_that_another_database_uses_are_not_taken_over() {
    let first = Fixture::new().await;
    let second = TestDatabase::create().await;
    let config = DatabaseConfig::new(second.url());
    let mut owner = first.owner().await;
    // As if the first database had been renamed and its name given to a new one.
    let role = format!("{}_app", second.name());
    run(&mut owner, &format!("CREATE ROLE \"{role}\"; GRANT SELECT ON tenants TO \"{role}\"")).await;
    let error = migrate(&config, keys(), None).await.unwrap_err();
    let MigrateError::RoleTaken { database, .. } = error else { panic!("{error}") };
    assert_eq!(database, first.database.name());
}

/// What stood in `event_keys` before its rows became numbers: kept, and known again by the same keys.
#[tokio::test]
async fn events_that_were_known_before_are_known_after() {
    let database = TestDatabase::create().await;
    let mut owner = sqlx::PgConnection::connect(database.url()).await.unwrap();
    for migration in [
        include_str!("../../migrations/0001_installation.sql"),
        include_str!("../../migrations/0002_identity.sql"),
        include_str!("../../migrations/0003_ledger.sql"),
    ] {
        run(&mut owner, migration).await;
    }
    run(
        &mut owner,
        "INSERT INTO event_keys (tenant_id, key16, fp16, id, seq)
         VALUES ('0197c4a1-7e00-7aaa-8bbb-0123456789ab', '\\xfffefdfcfbfaf9f80102030405060708',
                 '\\x80000000000000000000000000000001', '019b7ca9-8f2e-7000-8000-000000000000', 5);
         ALTER TABLE event_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    )
    .await;
    run(&mut owner, include_str!("../../migrations/0004_commit.sql")).await;
    let row: (String, String, String, String) = sqlx::query_as(
        "SELECT tenant_id::text, id::text, encode(int8send(key_hi) || int8send(key_lo), 'hex'),
             encode(int8send(fp8), 'hex') FROM event_keys",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(row.0, "0197c4a1-7e00-7aaa-8bbb-0123456789ab");
    assert_eq!(row.1, "019b7ca9-8f2e-7000-8000-000000000000");
    assert_eq!((row.2.as_str(), row.3.as_str()), ("fffefdfcfbfaf9f80102030405060708", "8000000000000000"));
    run(
        &mut owner,
        "INSERT INTO request_keys (tenant_id, id, key_hi, key_lo, fp8) SELECT * FROM event_keys;
         ALTER TABLE request_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    )
    .await;
    run(&mut owner, include_str!("../../migrations/0009_request_keys.sql")).await;
    let kept = "SELECT (SELECT r FROM request_keys r)::text = (SELECT e FROM event_keys e)::text";
    assert!(sqlx::query_scalar::<_, bool>(kept).fetch_one(&mut owner).await.unwrap());
}
