//! What was found of resources.

use custody_domain::FindingId;
use uuid::Uuid;

use super::row::{COLUMNS, FROM, Finding, read};
use crate::{Page, PageRequest, StoreError, TenantTx, by_index};

/// A page of the findings of `resources`, in the order of their ids: the current ones, or all.
pub async fn of_resources(
    tx: &mut TenantTx,
    resources: &[Uuid],
    history: bool,
    request: PageRequest,
) -> Result<Page<Finding>, StoreError> {
    by_index::plan_by_key(tx.connection()).await?;
    // By the resources, and not by walking the tenant's findings in their order until enough are of them.
    let sql = format!(
        "WITH wanted AS MATERIALIZED (
             SELECT id FROM findings
             WHERE tenant_id = $1 AND resource_id = ANY($2) AND (current OR $3) AND id > $4),
         first AS MATERIALIZED (SELECT id FROM wanted ORDER BY id LIMIT $5)
         SELECT {COLUMNS} FROM first, {FROM}
         WHERE f.tenant_id = $1 AND f.id = first.id ORDER BY f.id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(tx.tenant().0)
        .bind(resources)
        .bind(history)
        .bind(request.after())
        .bind(request.fetch())
        .fetch_all(tx.connection())
        .await?;
    let findings = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page::of(findings, request, |finding| FindingId::into(finding.id)))
}
