//! Findings that people write and remove, which the log tells one by one.

use chrono::{DateTime, Utc};
use custody_auth::Scope;
use custody_domain::{FindingId, Severity};
use serde_json::{Value, json};

use super::{
    Finding, delete, get,
    insert::{Inserted, ScanRef, insert},
    new::NewFinding,
};
use crate::{
    StoreError, TenantTx,
    audit_outbox::{self, Change},
};

/// Keeps one. None, and nothing is to be committed, where the scan has one of its uid.
pub async fn create(
    tx: &mut TenantTx,
    scope: &Scope,
    scan: &ScanRef,
    finding: NewFinding,
    now: DateTime<Utc>,
) -> Result<Option<FindingId>, StoreError> {
    let inserted = insert(tx, scan, &[finding], now).await?;
    let Some(Inserted::New { id, ordinal: 0, .. }) = inserted.first() else { return Ok(None) };
    let kept = get(tx, *id).await?;
    let change = Change::by(scope, "custody.finding.created").on("finding", id, None).after(told(&kept));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, now).await?;
    Ok(Some(*id))
}

/// Removes one. Where it was the latest of its kind, the one before it is that again.
pub async fn remove(
    tx: &mut TenantTx,
    scope: &Scope,
    id: FindingId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let kept = get(tx, id).await?;
    if !delete(tx, id).await? {
        return Err(StoreError::NotFound);
    }
    let change = Change::by(scope, "custody.finding.deleted")
        .on("finding", id, None)
        .severity(Severity::Warning)
        .before(told(&kept));
    audit_outbox::write(tx.connection(), scope.tenant(), &change, now).await
}

fn told(finding: &Finding) -> Value {
    json!({
        "uid": finding.uid, "scan_id": finding.scan_id, "check_id": finding.check_id, "title": finding.title,
        "status": finding.status, "severity": finding.severity, "account": finding.account,
        "region": finding.region, "resource": finding.resource.uid,
    })
}
