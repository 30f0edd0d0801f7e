//! A database that is away, slow or behind a pooler.

use std::time::Duration;

use custody_domain::TenantId;
use custody_store::{DatabaseConfig, DatabaseRole, Store, StoreError, heads, migrate};

use crate::fixture::{Fixture, keys, run, scope};

#[tokio::test]
async fn connections_that_died_in_the_pool_are_replaced_unseen() {
    let fixture = Fixture::new().await;
    let reserved = scope(TenantId::RESERVED);
    // Fills the pool.
    let open = (0..fixture.config.app_connections).map(|_| fixture.store.tenant_tx(&reserved));
    for tx in futures::future::join_all(open).await {
        tx.unwrap().rollback().await.unwrap();
    }
    let app = fixture.installation.role_name(DatabaseRole::App);
    // As a role of the same name, because who terminates must be who is terminated.
    let mut connection = fixture.as_role(DatabaseRole::App).await;
    run(
        &mut connection,
        &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{app}'"),
    )
    .await;
    for _ in 0..2 {
        let mut tx = fixture.store.tenant_tx(&reserved).await.unwrap();
        heads::read(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let mut config = DatabaseConfig::new("postgres://nobody:x@127.0.0.1:1/custody");
    config.acquire_timeout = Duration::from_secs(2);
    let error = Store::connect(&config, keys()).await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
}

#[tokio::test]
async fn who_waits_too_long_for_a_connection_or_a_lock_is_told_to_come_again() {
    let fixture = Fixture::new().await;
    let mut config = fixture.config.clone();
    config.writer_connections = 2;
    config.acquire_timeout = Duration::from_millis(200);
    config.statement_timeout = Duration::from_millis(200);
    let store = Store::connect(&config, keys()).await.unwrap();
    let (_holder, locked) = heads::lock(&store, &[TenantId::RESERVED]).await.unwrap();
    assert_eq!(locked[0].tenant, TenantId::RESERVED);
    let error = heads::lock(&store, &[TenantId::RESERVED]).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "the head stays locked: {error}");
    let _other = store.writer_tx().await.unwrap();
    let error = store.writer_tx().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "no connection is left: {error}");
}

/// What a pooler in transaction mode asks for.
#[tokio::test]
async fn everything_works_without_prepared_statements() {
    let fixture = Fixture::new().await;
    let mut config = fixture.config.clone();
    config.statement_cache_capacity = 0;
    migrate(&config, keys(), None).await.unwrap();
    let store = Store::connect(&config, keys()).await.unwrap();
    for _ in 0..3 {
        let mut tx = store.tenant_tx(&scope(TenantId::RESERVED)).await.unwrap();
        heads::read(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_transaction_that_failed_cannot_be_committed_by_mistake() {
    let fixture = Fixture::new().await;
    let mut tx = fixture.store.system_tx().await.unwrap();
    heads::create(&mut tx, TenantId(uuid::Uuid::nil())).await.unwrap_err();
    let error = tx.commit().await.unwrap_err();
    assert!(matches!(error, StoreError::Unexpected(_)), "{error}");
}
