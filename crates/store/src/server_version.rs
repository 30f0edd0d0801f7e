//! Which server answers, for `custody doctor`.

use crate::{DatabaseConfig, StoreError, pool::Pool, transaction::AsOwner};

/// The server's version, such as `15.8`, as the owner is told it: shows that the URL works.
pub async fn server_version(config: &DatabaseConfig) -> Result<String, StoreError> {
    let owner = Pool::of_owner(config)?;
    let mut tx = owner.begin(AsOwner).await?;
    let version = sqlx::query_scalar("SHOW server_version").fetch_one(tx.connection()).await?;
    tx.commit().await?;
    owner.close().await;
    Ok(version)
}
