//! Taking an item out.

use custody_domain::QuarantineId;

use super::{COLUMNS, Item, read};
use crate::{StoreError, TenantTx};

/// Takes an item out, once this transaction commits; rolled back, it is where it was. Until then
/// whoever else wants to take it waits, and then finds none. Does not touch the usage
/// ([`super::refund`]). Several are taken in the order of their ids, or two who do would wait for
/// each other.
pub async fn take(tx: &mut TenantTx, id: QuarantineId) -> Result<Option<Item>, StoreError> {
    let sql = format!("DELETE FROM quarantine WHERE tenant_id = $1 AND id = $2 RETURNING {COLUMNS}");
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(tx.tenant().0)
        .bind(id.0)
        .fetch_optional(tx.connection())
        .await?
        .as_ref()
        .map(read)
        .transpose()
}
