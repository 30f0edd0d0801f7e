//! The table `finding_triage`: what people said of a finding, for all scans that find it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use custody_domain::TriageState;
use serde_json::{Value, json};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use super::row::word;
use crate::{StoreError, TenantTx};

/// Of one key. What nobody has said anything of is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub state: TriageState,
    pub owner: Option<String>,
    pub note: Option<String>,
    pub mute: Option<Mute>,
    /// 0 until somebody has said something.
    pub version: u64,
    pub updated: Option<(DateTime<Utc>, String)>,
}

/// It counts as dealt with, for so long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mute {
    /// None: until somebody says otherwise.
    pub until: Option<DateTime<Utc>>,
    pub reason: String,
}

impl Default for Said {
    fn default() -> Self {
        Self { state: TriageState::Open, owner: None, note: None, mute: None, version: 0, updated: None }
    }
}

impl Said {
    /// As an entry's `before` and `after` have it.
    pub(super) fn told(&self) -> Value {
        json!({
            "state": self.state, "owner": self.owner, "note": self.note,
            "muted": self.mute.is_some(),
            "muted_until": self.mute.as_ref().and_then(|mute| mute.until),
            "mute_reason": self.mute.as_ref().map(|mute| &mute.reason),
        })
    }

    pub(super) fn is_the_same(&self, other: &Self) -> bool {
        (self.state, &self.owner, &self.note, &self.mute)
            == (other.state, &other.owner, &other.note, &other.mute)
    }
}

/// What was said of those of `keys` that anything was said of.
pub async fn said(tx: &mut TenantTx, keys: &[Uuid]) -> Result<HashMap<Uuid, Said>, StoreError> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query(
        "SELECT key, state, owner, note, CASE WHEN muted_until < 'infinity' THEN muted_until END AS muted_until,
             mute_reason, version, updated_at, updated_by
         FROM finding_triage WHERE tenant_id = $1 AND key = ANY($2)",
    )
    .bind(tx.tenant().0)
    .bind(keys)
    .fetch_all(tx.connection())
    .await?;
    rows.iter().map(|row| Ok((row.try_get("key")?, read(row)?))).collect()
}

fn read(row: &PgRow) -> Result<Said, StoreError> {
    let reason: Option<String> = row.try_get("mute_reason")?;
    let until = row.try_get("muted_until")?;
    Ok(Said {
        state: word(row, "state", TriageState::from_code)?,
        owner: row.try_get("owner")?,
        note: row.try_get("note")?,
        mute: reason.map(|reason| Mute { until, reason }),
        version: u64::try_from(row.try_get::<i64, _>("version")?).unwrap_or(0),
        updated: Some((row.try_get("updated_at")?, row.try_get("updated_by")?)),
    })
}
