//! When the job of a unique key ends, the next that waited for it may run.

use custody_domain::TenantId;

use crate::{StoreError, connection::Connection};

/// In the transaction that ended it, as a statement of its own: one that came while the row was locked
/// is seen. Nothing, where another still has the key: then it was a blocked one that ended. One that is just
/// being cancelled is passed over.
pub(super) async fn next_of(
    connection: &mut Connection,
    tenant: TenantId,
    kind: &str,
    key: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE jobs SET since = clock_timestamp(), version = version + 1,
             state = CASE WHEN run_at > clock_timestamp() THEN 'delayed' ELSE 'waiting' END
         WHERE tenant_id = $1 AND state = 'blocked' AND id = (
             SELECT id FROM jobs
             WHERE tenant_id = $1 AND kind = $2 AND unique_key = $3 AND state = 'blocked'
               AND NOT EXISTS (
                   SELECT FROM jobs AS holder
                   WHERE holder.tenant_id = $1 AND holder.kind = $2 AND holder.unique_key = $3
                     AND holder.state IN ('delayed', 'waiting', 'sent', 'running')
               )
             ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
         )",
    )
    .bind(tenant.0)
    .bind(kind)
    .bind(key)
    .execute(connection)
    .await?;
    Ok(())
}
