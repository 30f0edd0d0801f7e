//! What people say of findings, and what that leaves in the log.

use std::{collections::HashMap, iter::zip};

use chrono::{DateTime, Utc};
use custody_auth::Scope;
use custody_domain::{FindingId, TriageState};
use serde_json::json;
use sqlx::Row as _;
use uuid::Uuid;

use super::{
    said::{Mute, Said, said},
    turn,
};
use crate::{
    StoreError, TenantTx,
    audit_outbox::{self, Change},
};

/// So many findings are triaged at once.
pub const TRIAGED_MAX: usize = 1_000;

/// What is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Triage {
    /// None: it stays.
    pub state: Option<TriageState>,
    pub owner: Wish<String>,
    pub note: Wish<String>,
    pub mute: Wish<Mute>,
}

/// What becomes of something that need not be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wish<T> {
    #[default]
    Stays,
    /// None: it is there no more.
    Becomes(Option<T>),
}

impl<T> Wish<T> {
    /// What it is then.
    pub fn or(self, now: Option<T>) -> Option<T> {
        match self {
            Self::Stays => now,
            Self::Becomes(value) => value,
        }
    }

    /// The same of another type.
    pub fn map<U>(self, made: impl FnOnce(T) -> U) -> Wish<U> {
        match self {
            Self::Stays => Wish::Stays,
            Self::Becomes(value) => Wish::Becomes(value.map(made)),
        }
    }
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Triaged {
    pub changed: Vec<FindingId>,
    /// It was said already.
    pub unchanged: Vec<FindingId>,
    pub missing: Vec<FindingId>,
    /// As it is not what the caller has seen: its version.
    pub stale: Option<u64>,
}

impl Triage {
    fn of(&self, before: &Said) -> Said {
        let mut after = before.clone();
        if let Some(state) = self.state {
            after.state = state;
        }
        if let Wish::Becomes(owner) = &self.owner {
            after.owner.clone_from(owner);
        }
        if let Wish::Becomes(note) = &self.note {
            after.note.clone_from(note);
        }
        if let Wish::Becomes(mute) = &self.mute {
            after.mute.clone_from(mute);
        }
        after
    }
}

/// One that is said something of.
struct Found {
    id: Uuid,
    key: Uuid,
    check_id: String,
    scan_id: Uuid,
}

/// Says it of findings: of each in every scan that finds it, and in the log. At most [`TRIAGED_MAX`].
/// Where `version` is given nothing is done unless it is that of what was said before.
pub async fn triage(
    tx: &mut TenantTx,
    scope: &Scope,
    ids: &[FindingId],
    triage: &Triage,
    version: Option<u64>,
    now: DateTime<Utc>,
) -> Result<Triaged, StoreError> {
    // Who keeps findings copies what was said into them: either sees all of the other.
    turn::take(tx).await?;
    let found = find(tx, ids).await?;
    let keys: Vec<Uuid> = found.values().map(|found| found.key).collect();
    let mut known = said(tx, &keys).await?;
    let mut triaged = Triaged::default();
    let mut changed: Vec<(&Found, Said)> = Vec::new();
    let mut entries = Vec::new();
    for id in ids {
        let Some(found) = found.get(&id.0) else {
            triaged.missing.push(*id);
            continue;
        };
        let before = known.entry(found.key).or_default().clone();
        if version.is_some_and(|version| version != before.version) {
            triaged.stale = Some(before.version);
            return Ok(triaged);
        }
        let after = triage.of(&before);
        if after.is_the_same(&before) {
            triaged.unchanged.push(*id);
            continue;
        }
        entries.push(told(scope, found, &before, &after));
        known.insert(found.key, after.clone());
        changed.push((found, after));
        triaged.changed.push(*id);
    }
    write(tx, scope, &changed, now).await?;
    copy(tx, &changed).await?;
    audit_outbox::write_all(tx.connection(), scope.tenant(), &entries, now).await?;
    Ok(triaged)
}

async fn find(tx: &mut TenantTx, ids: &[FindingId]) -> Result<HashMap<Uuid, Found>, StoreError> {
    let rows =
        sqlx::query("SELECT id, key, check_id, scan_id FROM findings WHERE tenant_id = $1 AND id = ANY($2)")
            .persistent(false)
            .bind(tx.tenant().0)
            .bind(ids.iter().map(|id| id.0).collect::<Vec<_>>())
            .fetch_all(tx.connection())
            .await?;
    rows.iter()
        .map(|row| {
            let found = Found {
                id: row.try_get("id")?,
                key: row.try_get("key")?,
                check_id: row.try_get("check_id")?,
                scan_id: row.try_get("scan_id")?,
            };
            Ok((found.id, found))
        })
        .collect()
}

fn told(scope: &Scope, found: &Found, before: &Said, after: &Said) -> Change {
    Change::by(scope, "custody.finding.triaged")
        .on("finding", found.id, None)
        .before(before.told())
        .after(after.told())
        .metadata(json!({"check_id": found.check_id, "scan_id": found.scan_id, "key": found.key}))
}

async fn write(
    tx: &mut TenantTx,
    scope: &Scope,
    changed: &[(&Found, Said)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    // Of two findings of one key the later one is what was said of both.
    let of: HashMap<Uuid, &Said> = changed.iter().map(|(found, said)| (found.key, said)).collect();
    let (keys, said): (Vec<Uuid>, Vec<&Said>) = of.into_iter().unzip();
    sqlx::query(
        "INSERT INTO finding_triage AS known (tenant_id, key, state, owner, note, muted_until, mute_reason,
             updated_at, updated_by)
         SELECT $1, key, state, owner, note,
             CASE WHEN reason IS NOT NULL THEN coalesce(muted_until, 'infinity') END, reason, $8, $9
         FROM unnest($2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::timestamptz[], $7::text[])
             AS new (key, state, owner, note, muted_until, reason)
         ON CONFLICT (tenant_id, key) DO UPDATE
         SET state = excluded.state, owner = excluded.owner, note = excluded.note,
             muted_until = excluded.muted_until, mute_reason = excluded.mute_reason,
             version = known.version + 1, updated_at = excluded.updated_at, updated_by = excluded.updated_by",
    )
    .bind(tx.tenant().0)
    .bind(&keys)
    .bind(said.iter().map(|said| said.state.code()).collect::<Vec<_>>())
    .bind(said.iter().map(|said| said.owner.clone()).collect::<Vec<_>>())
    .bind(said.iter().map(|said| said.note.clone()).collect::<Vec<_>>())
    .bind(said.iter().map(|said| said.mute.as_ref().and_then(|mute| mute.until)).collect::<Vec<_>>())
    .bind(said.iter().map(|said| said.mute.as_ref().map(|mute| mute.reason.clone())).collect::<Vec<_>>())
    .bind(now)
    .bind(scope.principal().to_string())
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Into the findings themselves: those that it was said of, and the latest of the same.
async fn copy(tx: &mut TenantTx, changed: &[(&Found, Said)]) -> Result<(), StoreError> {
    let (mut keys, mut ids) = (Vec::new(), Vec::new());
    for (found, _) in changed {
        keys.push(found.key);
        ids.push(found.id);
    }
    for (column, values) in zip(["f.current AND f.key", "f.id"], [keys, ids]) {
        let sql = format!(
            "UPDATE findings AS f SET triage = said.state, muted_until = said.muted_until
             FROM finding_triage AS said
             WHERE f.tenant_id = $1 AND {column} = ANY($2) AND said.tenant_id = $1 AND said.key = f.key"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .persistent(false)
            .bind(tx.tenant().0)
            .bind(values)
            .execute(tx.connection())
            .await?;
    }
    Ok(())
}
