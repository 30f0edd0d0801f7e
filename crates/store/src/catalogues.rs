//! The table `catalogues`: what can be checked, as engines' own files say it. The same for every tenant.

use custody_auth::Scope;
use sqlx::Row as _;

use crate::{Store, StoreError};

/// One version of one provider's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCatalogue {
    pub engine: String,
    pub version: String,
    pub provider: String,
    /// JSON under zstd.
    pub body: Vec<u8>,
    pub checks: u32,
}

/// Engine and version of the one that was read last; none where no worker has ever had the engine.
pub async fn newest(
    store: &Store,
    scope: &Scope,
    provider: &str,
) -> Result<Option<(String, String)>, StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let row = sqlx::query(
        "SELECT engine, version FROM catalogues WHERE provider = $1 ORDER BY read_at DESC LIMIT 1",
    )
    .bind(provider)
    .fetch_optional(tx.connection())
    .await?;
    tx.commit().await?;
    row.map(|row| Ok((row.try_get("engine")?, row.try_get("version")?))).transpose()
}

pub async fn get(
    store: &Store,
    scope: &Scope,
    engine: &str,
    version: &str,
    provider: &str,
) -> Result<StoredCatalogue, StoreError> {
    let mut tx = store.tenant_tx(scope).await?;
    let row = sqlx::query(
        "SELECT body, checks FROM catalogues WHERE engine = $1 AND version = $2 AND provider = $3",
    )
    .bind(engine)
    .bind(version)
    .bind(provider)
    .fetch_one(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(StoredCatalogue {
        engine: engine.to_owned(),
        version: version.to_owned(),
        provider: provider.to_owned(),
        body: row.try_get("body")?,
        checks: u32::try_from(row.try_get::<i32, _>("checks")?).unwrap_or(0),
    })
}

/// Keeps it. One of the same version is replaced.
pub async fn keep(store: &Store, catalogue: &StoredCatalogue) -> Result<(), StoreError> {
    let mut tx = store.system_tx().await?;
    sqlx::query(
        "INSERT INTO catalogues (engine, version, provider, body, checks) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (engine, version, provider)
             DO UPDATE SET body = excluded.body, checks = excluded.checks, read_at = clock_timestamp()",
    )
    .bind(&catalogue.engine)
    .bind(&catalogue.version)
    .bind(&catalogue.provider)
    .bind(&catalogue.body)
    .bind(i32::try_from(catalogue.checks).unwrap_or(i32::MAX))
    .execute(tx.connection())
    .await?;
    tx.commit().await
}
