//! The table `health_checks`: how each part of the installation was when it was looked at last, so that
//! a change is told, and told once.

use custody_auth::Scope;
use custody_domain::Severity;
use serde_json::json;

use crate::{
    StoreError, TenantTx,
    audit_outbox::{self, Change},
};

const DETAIL_CHARS_MAX: usize = 500;

/// How a part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub name: &'static str,
    pub is_well: bool,
    /// What was found; where it is not well, why.
    pub detail: String,
}

/// Keeps it, and tells the transaction's log of each part that has become unwell, or well again. Answers
/// which those are.
pub async fn note(
    tx: &mut TenantTx,
    scope: &Scope,
    checked: &[Checked],
) -> Result<Vec<&'static str>, StoreError> {
    let mut changed = Vec::new();
    for Checked { name, is_well, detail } in checked {
        let detail: String = detail.chars().filter(|c| *c != '\0').take(DETAIL_CHARS_MAX).collect();
        let before: Option<bool> = sqlx::query_scalar(
            "SELECT is_well FROM health_checks WHERE tenant_id = $1 AND name = $2 FOR UPDATE",
        )
        .bind(tx.tenant().0)
        .bind(name)
        .fetch_optional(tx.connection())
        .await?;
        sqlx::query(
            "INSERT INTO health_checks (tenant_id, name, is_well, detail) VALUES ($1, $2, $3, $4)
             ON CONFLICT (tenant_id, name) DO UPDATE SET is_well = excluded.is_well, detail = excluded.detail,
                 since = CASE WHEN health_checks.is_well = excluded.is_well THEN health_checks.since
                     ELSE excluded.since END",
        )
        .bind(tx.tenant().0)
        .bind(name)
        .bind(is_well)
        .bind(&detail)
        .execute(tx.connection())
        .await?;
        // What was never looked at is taken to have been well.
        if before.unwrap_or(true) == *is_well {
            continue;
        }
        let change = if *is_well {
            Change::by(scope, "custody.health.recovered")
        } else {
            Change::by(scope, "custody.health.failed").failed().severity(Severity::Error)
        };
        let change = change.on("health_check", name, None).metadata(json!({"detail": detail}));
        audit_outbox::write(tx.connection(), scope.tenant(), &change, chrono::Utc::now()).await?;
        changed.push(*name);
    }
    Ok(changed)
}
