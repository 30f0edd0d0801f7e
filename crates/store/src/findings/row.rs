//! A finding as it is kept.

use chrono::{DateTime, Utc};
use custody_domain::{Delta, Evidence, FindingId, FindingSeverity, FindingStatus, ScanId, TriageState};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use super::new::prowler_uid;
use crate::StoreError;

/// One of them. Its text: [`crate::bases::read`] with `base_id`, then `base.dictionary.unpack(&body)`; or
/// [`super::texts`] for many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub id: FindingId,
    pub scan_id: ScanId,
    /// The same in every scan.
    pub key: Uuid,
    /// Which of those of one scan that have the same uid: 0, 1, …
    pub ordinal: u16,
    pub uid: String,
    pub status: FindingStatus,
    pub severity: FindingSeverity,
    pub evidence: Evidence,
    pub delta: Delta,
    pub triage: TriageState,
    /// None: it is not. The end of time ([`DateTime::<Utc>::MAX_UTC`]): until somebody says otherwise.
    pub muted_until: Option<DateTime<Utc>>,
    /// No later scan has looked at the same.
    pub current: bool,
    pub provider: String,
    pub account: String,
    pub region: String,
    pub check_id: String,
    pub service: String,
    pub title: String,
    pub resource: FindingResource,
    pub first_seen_at: DateTime<Utc>,
    /// When this scan looked.
    pub last_seen_at: DateTime<Utc>,
    pub base_id: Uuid,
    /// Packed with the base.
    pub body: Vec<u8>,
}

/// What it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingResource {
    pub id: Uuid,
    pub uid: String,
    pub name: String,
    pub kind: String,
    /// Of the resource: of the first check that looked at it.
    pub service: String,
}

/// What [`read`] reads, of [`FROM`].
pub const COLUMNS: &str = "f.id, f.scan_id, f.key, f.ordinal, f.uid, f.status, f.severity, f.evidence, f.delta, \
    f.triage, CASE WHEN f.muted_until < 'infinity' THEN f.muted_until END AS muted_until, \
    f.muted_until = 'infinity' AS muted_forever, f.current, f.account, f.region, f.check_id, \
    f.first_seen_at, f.last_seen_at, f.base_id, f.body, b.provider, b.service, b.title, \
    r.id AS resource_id, r.uid AS resource_uid, r.name AS resource_name, r.type AS resource_type, \
    r.service AS resource_service";

/// `$1` is the tenant. What is asked of it is not to stay prepared (`persistent(false)`): a plan that was
/// made while the tables were empty reads all of the tenant's resources for each finding.
pub const FROM: &str = "findings AS f \
    JOIN finding_bases AS b ON b.tenant_id = $1 AND b.id = f.base_id \
    JOIN resources AS r ON r.tenant_id = $1 AND r.id = f.resource_id";

pub fn read(row: &PgRow) -> Result<Finding, StoreError> {
    let mut finding = Finding {
        id: FindingId(row.try_get("id")?),
        scan_id: ScanId(row.try_get("scan_id")?),
        key: row.try_get("key")?,
        ordinal: u16::try_from(row.try_get::<i16, _>("ordinal")?).unwrap_or(0),
        uid: String::new(),
        status: word(row, "status", FindingStatus::from_code)?,
        severity: word(row, "severity", FindingSeverity::from_code)?,
        evidence: word(row, "evidence", Evidence::from_code)?,
        delta: word(row, "delta", Delta::from_code)?,
        triage: word(row, "triage", TriageState::from_code)?,
        muted_until: match row.try_get("muted_forever")? {
            Some(true) => Some(DateTime::<Utc>::MAX_UTC),
            _ => row.try_get("muted_until")?,
        },
        current: row.try_get("current")?,
        provider: row.try_get("provider")?,
        account: row.try_get("account")?,
        region: row.try_get("region")?,
        check_id: row.try_get("check_id")?,
        service: row.try_get("service")?,
        title: row.try_get("title")?,
        resource: FindingResource {
            id: row.try_get("resource_id")?,
            uid: row.try_get("resource_uid")?,
            name: row.try_get("resource_name")?,
            kind: row.try_get("resource_type")?,
            service: row.try_get("resource_service")?,
        },
        first_seen_at: row.try_get("first_seen_at")?,
        last_seen_at: row.try_get("last_seen_at")?,
        base_id: row.try_get("base_id")?,
        body: row.try_get("body")?,
    };
    finding.uid = match row.try_get("uid")? {
        Some(uid) => uid,
        None => prowler_uid(
            &finding.provider,
            &finding.check_id,
            &finding.account,
            &finding.region,
            &finding.resource.name,
        ),
    };
    Ok(finding)
}

/// A word by its number in a column.
pub(super) fn word<W>(row: &PgRow, column: &str, of: fn(i16) -> Option<W>) -> Result<W, StoreError> {
    of(row.try_get(column)?).ok_or_else(|| StoreError::unexpected(format!("{column} holds no word of it")))
}
