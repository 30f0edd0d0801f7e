//! Findings by their ids, and their texts.

use std::collections::HashMap;

use custody_domain::FindingId;
use uuid::Uuid;

use super::row::{COLUMNS, FROM, Finding, read};
use crate::{StoreError, TenantTx, bases};

/// One of the tenant's.
pub async fn get(tx: &mut TenantTx, id: FindingId) -> Result<Finding, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE f.tenant_id = $1 AND f.id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .persistent(false)
        .bind(tx.tenant().0)
        .bind(id.0)
        .fetch_one(tx.connection())
        .await?;
    read(&row)
}

/// Their texts, in the same order: as they came, without white space.
pub async fn texts(tx: &mut TenantTx, findings: &[Finding]) -> Result<Vec<String>, StoreError> {
    let mut ids: Vec<Uuid> = findings.iter().map(|finding| finding.base_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let bases = bases::read(tx, &ids).await?;
    unpack(findings.iter().map(|finding| (finding.base_id, finding.body.as_slice())), &bases)
}

pub(super) fn unpack<'b>(
    bodies: impl Iterator<Item = (Uuid, &'b [u8])>,
    bases: &HashMap<Uuid, bases::Base>,
) -> Result<Vec<String>, StoreError> {
    let unpack = |(base, body)| {
        let base = bases.get(&base).ok_or_else(|| StoreError::unexpected("a finding without its base"))?;
        Ok(base.dictionary.unpack(body)?)
    };
    bodies.map(unpack).collect()
}
