//! Past one machine: the same schema on Citus, where a URL of an empty database with the extension
//! is given.

use custody_domain::TenantId;
use custody_store::{DatabaseConfig, Store, heads, migrate, partitions};
use sqlx::{Connection as _, PgConnection};

use crate::fixture::{keys, scope};

#[tokio::test]
async fn the_tables_are_distributed_by_tenant() {
    let Ok(url) = std::env::var("CUSTODY_TEST_CITUS_URL") else {
        eprintln!("SKIPPED citus::the_tables_are_distributed_by_tenant: CUSTODY_TEST_CITUS_URL is not set");
        return;
    };
    let config = DatabaseConfig::new(url.as_str());
    migrate(&config, keys(), None).await.unwrap();
    let mut owner = PgConnection::connect(&url).await.unwrap();
    let distributed: Vec<String> = sqlx::query_scalar(
        "SELECT logicalrelid::text FROM pg_dist_partition WHERE partmethod = 'h'
           AND logicalrelid::text NOT LIKE 'entries\\_%' ORDER BY 1",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert_eq!(
        distributed,
        [
            "anchors",
            "checkpoints",
            "entries",
            "event_keys",
            "followers",
            "heads",
            "producer_counts",
            "producers",
            "quarantine",
            "quarantine_usage",
            "request_keys",
            "tenant_keys",
            "tiles",
            "trees"
        ]
    );
    let store = Store::connect(&config, keys()).await.unwrap();
    assert!(partitions::maintain(&store).await.unwrap().is_writable());
    let (tx, locked) = heads::lock(&store, &[TenantId::RESERVED]).await.unwrap();
    assert_eq!(locked.len(), 1);
    tx.rollback().await.unwrap();
    let mut tx = store.tenant_tx(&scope(TenantId::RESERVED)).await.unwrap();
    heads::read(&mut tx).await.unwrap();
}
