//! The rows of a batch, column by column, and what they take the place of.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use custody_domain::{Delta, ScanId};
use uuid::Uuid;

use super::{known::Latest, new::NewFinding};
use crate::{StoreError, TenantTx};

/// What the table has of a finding.
pub(super) struct Row<'f> {
    pub(super) finding: &'f NewFinding,
    pub(super) id: Uuid,
    pub(super) base_id: Uuid,
    pub(super) resource_id: Uuid,
    pub(super) key: Uuid,
    pub(super) ordinal: i16,
    pub(super) delta: Delta,
    pub(super) current: bool,
    pub(super) uid: Option<&'f str>,
    pub(super) first_seen_at: DateTime<Utc>,
    pub(super) last_seen_at: DateTime<Utc>,
    pub(super) body: Vec<u8>,
}

#[derive(Default)]
pub(super) struct Rows<'f> {
    ids: Vec<Uuid>,
    base_ids: Vec<Uuid>,
    resource_ids: Vec<Uuid>,
    keys: Vec<Uuid>,
    ordinals: Vec<i16>,
    statuses: Vec<i16>,
    severities: Vec<i16>,
    evidence: Vec<i16>,
    deltas: Vec<i16>,
    current: Vec<bool>,
    checks: Vec<&'f str>,
    regions: Vec<&'f str>,
    accounts: Vec<&'f str>,
    uids: Vec<Option<&'f str>>,
    first_seen: Vec<DateTime<Utc>>,
    last_seen: Vec<DateTime<Utc>>,
    bodies: Vec<Vec<u8>>,
}

impl<'f> Rows<'f> {
    pub(super) fn push(&mut self, row: Row<'f>) {
        let finding = row.finding;
        self.ids.push(row.id);
        self.base_ids.push(row.base_id);
        self.resource_ids.push(row.resource_id);
        self.keys.push(row.key);
        self.ordinals.push(row.ordinal);
        self.statuses.push(finding.status.code());
        self.severities.push(finding.severity.code());
        self.evidence.push(finding.evidence.code());
        self.deltas.push(row.delta.code());
        self.current.push(row.current);
        self.checks.push(&finding.base.check_id);
        self.regions.push(&finding.region);
        self.accounts.push(&finding.account);
        self.uids.push(row.uid);
        self.first_seen.push(row.first_seen_at);
        self.last_seen.push(row.last_seen_at);
        self.bodies.push(row.body);
    }

    pub(super) async fn write(self, tx: &mut TenantTx, scan: ScanId) -> Result<(), StoreError> {
        if self.ids.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO findings (tenant_id, scan_id, id, base_id, resource_id, key, ordinal, status, severity,
                 evidence, delta, current, check_id, region, account, uid, first_seen_at, last_seen_at, body,
                 triage, muted_until)
             SELECT $1, $2, new.*, coalesce(said.state, 0), said.muted_until
             FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::smallint[], $8::smallint[],
                 $9::smallint[], $10::smallint[], $11::smallint[], $12::boolean[], $13::text[], $14::text[],
                 $15::text[], $16::text[], $17::timestamptz[], $18::timestamptz[], $19::bytea[])
                 AS new (id, base_id, resource_id, key)
             LEFT JOIN LATERAL (
                 SELECT state, muted_until FROM finding_triage WHERE tenant_id = $1 AND key = new.key OFFSET 0
             ) AS said ON true",
        )
        .persistent(false)
        .bind(tx.tenant().0)
        .bind(scan.0)
        .bind(self.ids)
        .bind(self.base_ids)
        .bind(self.resource_ids)
        .bind(self.keys)
        .bind(self.ordinals)
        .bind(self.statuses)
        .bind(self.severities)
        .bind(self.evidence)
        .bind(self.deltas)
        .bind(self.current)
        .bind(self.checks)
        .bind(self.regions)
        .bind(self.accounts)
        .bind(self.uids)
        .bind(self.first_seen)
        .bind(self.last_seen)
        .bind(self.bodies)
        .execute(tx.connection())
        .await?;
        Ok(())
    }
}

/// What changes of findings that other scans had.
#[derive(Default)]
pub(super) struct Moves {
    /// No longer the latest.
    older: Vec<Uuid>,
    /// They stay the latest, and were seen earlier than was known.
    newer: Vec<Uuid>,
    newer_first_seen: Vec<DateTime<Utc>>,
}

impl Moves {
    /// When a finding was seen first, and whether it is the latest now. A later look wins, whichever scan
    /// came in first; of two at one time the scan that was asked for earlier: a copy that is brought back from
    /// a file knows less than what it was made of, as files say nothing of calls that failed.
    pub(super) fn against(
        &mut self,
        latest: Option<&Latest>,
        seen_at: DateTime<Utc>,
        scan: ScanId,
    ) -> (DateTime<Utc>, bool) {
        let Some(latest) = latest else { return (seen_at, true) };
        if (latest.last_seen_at, Reverse(latest.scan)) < (seen_at, Reverse(scan.0)) {
            self.older.push(latest.id);
            return (latest.first_seen_at.min(seen_at), true);
        }
        if seen_at < latest.first_seen_at {
            self.newer.push(latest.id);
            self.newer_first_seen.push(seen_at);
        }
        (latest.first_seen_at.min(seen_at), false)
    }

    pub(super) async fn write(self, tx: &mut TenantTx) -> Result<(), StoreError> {
        if !self.older.is_empty() {
            sqlx::query("UPDATE findings SET current = false WHERE tenant_id = $1 AND id = ANY($2)")
                .persistent(false)
                .bind(tx.tenant().0)
                .bind(self.older)
                .execute(tx.connection())
                .await?;
        }
        if !self.newer.is_empty() {
            sqlx::query(
                "UPDATE findings AS f SET first_seen_at = new.first_seen_at
                 FROM unnest($2::uuid[], $3::timestamptz[]) AS new (id, first_seen_at)
                 WHERE f.tenant_id = $1 AND f.id = new.id",
            )
            .persistent(false)
            .bind(tx.tenant().0)
            .bind(self.newer)
            .bind(self.newer_first_seen)
            .execute(tx.connection())
            .await?;
        }
        Ok(())
    }
}
