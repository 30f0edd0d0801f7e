//! The table `tenant_keys`: a tenant's own keys, sealed by the keys port before they come here.

use sqlx::Row as _;

use crate::{StoreError, TenantTx};

/// What a tenant's key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantKeyPurpose {
    /// The HMACs of `event_keys` and of `quarantine.fp16`.
    EventKeys,
}

impl TenantKeyPurpose {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EventKeys => "event_keys",
        }
    }
}

/// The sealed key, if the tenant has one.
pub async fn find(tx: &mut TenantTx, purpose: TenantKeyPurpose) -> Result<Option<Vec<u8>>, StoreError> {
    sqlx::query("SELECT sealed FROM tenant_keys WHERE tenant_id = $1 AND purpose = $2")
        .bind(tx.tenant().0)
        .bind(purpose.as_str())
        .fetch_optional(tx.connection())
        .await?
        .map(|row| Ok(row.try_get("sealed")?))
        .transpose()
}

/// Keeps `sealed` unless another server was first; answers with the one that is kept.
pub async fn keep_first(
    tx: &mut TenantTx,
    purpose: TenantKeyPurpose,
    sealed: &[u8],
) -> Result<Vec<u8>, StoreError> {
    sqlx::query(
        "INSERT INTO tenant_keys (tenant_id, purpose, sealed) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id, purpose) DO NOTHING",
    )
    .bind(tx.tenant().0)
    .bind(purpose.as_str())
    .bind(sealed)
    .execute(tx.connection())
    .await?;
    find(tx, purpose).await?.ok_or(StoreError::NotFound)
}
