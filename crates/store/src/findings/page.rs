//! Findings in the order of their ids, as far as one statement looks.
//!
//! What is looked at is bounded by rows, not by what is found: a stretch of an index is read, and of that
//! what the columns can tell apart is left away. So a statement's work is known before it is run, and it
//! always comes further.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use custody_domain::{
    Delta, Evidence, FindingId, FindingSeverity, FindingStatus, TriageState, finding::query::Narrow,
};
use sqlx::{Postgres, QueryBuilder, Row as _};
use uuid::Uuid;

use super::row::{COLUMNS, Finding, read};
use crate::{StoreError, TenantTx, by_index, resources};

/// Of a query that names resources or scans, so many are gone after one by one.
const NAMED_MAX: u32 = 100;

/// What a statement is to look at.
#[derive(Clone, Debug)]
pub struct Stretch<'q> {
    /// What can match lies within.
    pub narrow: &'q Narrow,
    pub newest_first: bool,
    /// The last that was looked at before.
    pub after: Option<FindingId>,
    /// So many rows at the most.
    pub rows: u32,
    /// Whether bodies are read; else they are empty.
    pub bodies: bool,
    /// What is muted by then is not what was muted before.
    pub now: DateTime<Utc>,
}

/// What it came to.
#[derive(Clone, Debug)]
pub struct Looked {
    /// In the order that was asked for: of those looked at, which the columns do not tell apart from what
    /// is asked for.
    pub findings: Vec<Finding>,
    pub rows: u32,
    /// The last that was looked at; none where there is nothing more.
    pub last: Option<FindingId>,
}

/// The columns of `findings` that are read, but for the body.
const KEPT: &str = "f.id, f.scan_id, f.base_id, f.resource_id, f.key, f.ordinal, f.status, f.severity, f.evidence, \
    f.delta, f.triage, f.muted_until, f.current, f.check_id, f.region, f.account, f.uid, f.first_seen_at, \
    f.last_seen_at";

/// Looks at the next stretch.
pub async fn look(tx: &mut TenantTx, stretch: &Stretch<'_>) -> Result<Looked, StoreError> {
    let resources = named_resources(tx, stretch.narrow).await?;
    by_index::plan_by_key(tx.connection()).await?;
    let mut query = QueryBuilder::new("WITH walked AS MATERIALIZED (");
    walked(&mut query, tx.tenant().0, stretch, resources.as_deref());
    query.push("), kept AS (SELECT ").push(COLUMNS).push(
        " FROM walked AS f
          JOIN finding_bases AS b ON b.tenant_id = ",
    );
    query.push_bind(tx.tenant().0).push(" AND b.id = f.base_id JOIN resources AS r ON r.tenant_id = ");
    query.push_bind(tx.tenant().0).push(" AND r.id = f.resource_id WHERE true");
    told_apart(&mut query, stretch, resources.as_deref());
    query.push(
        ") SELECT w.looked_at, w.last_id, kept.* FROM (
             SELECT count(*) AS looked_at, (SELECT id FROM walked ORDER BY id ",
    );
    query.push(if stretch.newest_first { "ASC" } else { "DESC" });
    query.push(" LIMIT 1) AS last_id FROM walked) AS w LEFT JOIN kept ON true ORDER BY kept.id ");
    query.push(direction(stretch));
    let rows = query.build().persistent(false).fetch_all(tx.connection()).await?;
    let looked_at: i64 = rows.first().map_or(Ok(0), |row| row.try_get("looked_at"))?;
    let last: Option<Uuid> = rows.first().map_or(Ok(None), |row| row.try_get("last_id"))?;
    let mut findings = Vec::with_capacity(rows.len());
    for row in &rows {
        // Beside nothing that was kept stands what was looked at.
        if row.try_get::<Option<Uuid>, _>("id")?.is_some() {
            findings.push(read(row)?);
        }
    }
    let looked_at = u32::try_from(looked_at).unwrap_or(u32::MAX);
    let last = last.filter(|_| looked_at >= stretch.rows).map(FindingId);
    Ok(Looked { findings, rows: looked_at, last })
}

fn direction(stretch: &Stretch<'_>) -> &'static str {
    if stretch.newest_first { "DESC" } else { "ASC" }
}

/// The rows that are looked at: several stretches of one index, each in its order, merged.
fn walked(
    query: &mut QueryBuilder<Postgres>,
    tenant: Uuid,
    stretch: &Stretch<'_>,
    resources: Option<&[Uuid]>,
) {
    let narrow = stretch.narrow;
    let severities =
        narrow.severity.clone().unwrap_or_else(|| FindingSeverity::ALL.iter().copied().collect());
    let scans = narrow.scan.as_ref().filter(|scans| scans.len() <= NAMED_MAX as usize);
    query.push("SELECT * FROM (");
    if narrow.id.is_some() || resources.is_some() {
        named(query, tenant, stretch, resources);
    } else if let Some(scans) = scans {
        branches(query, scans, |query, scan| {
            branch(query, tenant, stretch, |query| {
                query.push(" AND f.scan_id = ").push_bind(*scan);
            });
        });
    } else if narrow.current == Some(BTreeSet::from([true])) {
        branches(query, &severities, |query, severity| {
            branch(query, tenant, stretch, |query| {
                query.push(" AND f.current AND f.severity = ").push_bind(severity.code());
            });
        });
    } else {
        branch(query, tenant, stretch, |_| {});
    }
    query.push(") AS f ORDER BY f.id ").push(direction(stretch));
    query.push(" LIMIT ").push_bind(i64::from(stretch.rows));
}

/// One for each value; of none, one of no rows.
fn branches<T>(
    query: &mut QueryBuilder<Postgres>,
    values: &BTreeSet<T>,
    mut each: impl FnMut(&mut QueryBuilder<Postgres>, &T),
) {
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            query.push(" UNION ALL ");
        }
        each(query, value);
    }
    if values.is_empty() {
        query.push("SELECT ").push(KEPT).push(", f.body FROM findings AS f WHERE false");
    }
}

fn branch(
    query: &mut QueryBuilder<Postgres>,
    tenant: Uuid,
    stretch: &Stretch<'_>,
    of: impl FnOnce(&mut QueryBuilder<Postgres>),
) {
    query.push("(SELECT ").push(KEPT);
    query.push(if stretch.bodies { ", f.body" } else { ", ''::bytea AS body" });
    query.push(" FROM findings AS f WHERE f.tenant_id = ").push_bind(tenant);
    of(query);
    cut(query, stretch);
}

/// As far as the stretch goes, in its order; closes the branch.
fn cut(query: &mut QueryBuilder<Postgres>, stretch: &Stretch<'_>) {
    let (beyond, from) =
        if stretch.newest_first { (" AND f.id < ", Uuid::max()) } else { (" AND f.id > ", Uuid::nil()) };
    query.push(beyond).push_bind(stretch.after.map_or(from, |after| after.0));
    query.push(" ORDER BY f.id ").push(direction(stretch));
    query.push(" LIMIT ").push_bind(i64::from(stretch.rows)).push(")");
}

/// Those that are named, by an id or a resource. They are few: all are read, whose order no index has, before
/// they are cut. (Were they one query, rows would rather be read in their order until enough are found.)
fn named(
    query: &mut QueryBuilder<Postgres>,
    tenant: Uuid,
    stretch: &Stretch<'_>,
    resources: Option<&[Uuid]>,
) {
    query.push("(SELECT * FROM (SELECT ").push(KEPT);
    query.push(if stretch.bodies { ", f.body" } else { ", ''::bytea AS body" });
    query.push(" FROM findings AS f WHERE f.tenant_id = ").push_bind(tenant);
    if let Some(ids) = &stretch.narrow.id {
        any(query, "f.id", ids.iter().copied().collect::<Vec<_>>());
    }
    if let Some(resources) = resources {
        any(query, "f.resource_id", resources.to_vec());
    }
    query.push(" OFFSET 0) AS f WHERE true");
    cut(query, stretch);
}

/// What the columns tell apart, of the rows that were looked at.
fn told_apart(query: &mut QueryBuilder<Postgres>, stretch: &Stretch<'_>, resources: Option<&[Uuid]>) {
    let narrow = stretch.narrow;
    codes(query, "f.severity", narrow.severity.as_ref(), FindingSeverity::code);
    codes(query, "f.status", narrow.status.as_ref(), FindingStatus::code);
    codes(query, "f.evidence", narrow.evidence.as_ref(), Evidence::code);
    codes(query, "f.delta", narrow.delta.as_ref(), Delta::code);
    codes(query, "f.triage", narrow.triage.as_ref(), TriageState::code);
    texts(query, "f.check_id", narrow.check.as_ref());
    texts(query, "f.region", narrow.region.as_ref());
    texts(query, "f.account", narrow.account.as_ref());
    texts(query, "b.service", narrow.service.as_ref());
    texts(query, "b.provider", narrow.provider.as_ref());
    texts(query, "r.uid", narrow.resource_uid.as_ref());
    texts(query, "r.name", narrow.resource_name.as_ref());
    texts(query, "r.type", narrow.resource_type.as_ref());
    if let Some(scans) = &narrow.scan {
        any(query, "f.scan_id", scans.iter().copied().collect());
    }
    if let Some(ids) = &narrow.id {
        any(query, "f.id", ids.iter().copied().collect());
    }
    if let Some(resources) = resources {
        any(query, "f.resource_id", resources.to_vec());
    }
    if let Some(current) = &narrow.current {
        query.push(" AND f.current = ANY(").push_bind(current.iter().copied().collect::<Vec<_>>()).push(")");
    }
    if let Some(muted) = &narrow.muted {
        query.push(" AND coalesce(f.muted_until > ").push_bind(stretch.now);
        query.push(", false) = ANY(").push_bind(muted.iter().copied().collect::<Vec<_>>()).push(")");
    }
}

fn any(query: &mut QueryBuilder<Postgres>, column: &str, ids: Vec<Uuid>) {
    query.push(" AND ").push(column).push(" = ANY(").push_bind(ids).push(")");
}

fn codes<W: Copy>(
    query: &mut QueryBuilder<Postgres>,
    column: &str,
    of: Option<&BTreeSet<W>>,
    code: fn(W) -> i16,
) {
    if let Some(words) = of {
        let codes: Vec<i16> = words.iter().map(|word| code(*word)).collect();
        query.push(" AND ").push(column).push(" = ANY(").push_bind(codes).push(")");
    }
}

fn texts(query: &mut QueryBuilder<Postgres>, column: &str, of: Option<&BTreeSet<String>>) {
    if let Some(texts) = of {
        query.push(" AND ").push(column).push(" = ANY(").push_bind(kept(texts)).push(")");
    }
}

/// PostgreSQL keeps no text with a NUL, and takes none for a parameter.
fn kept(texts: &BTreeSet<String>) -> Vec<String> {
    texts.iter().filter(|text| !text.contains('\0')).cloned().collect()
}

/// The resources that a query names by uid or name, and maybe some more; none where it names none, or where so
/// many are called so that it is better to look at every finding.
async fn named_resources(tx: &mut TenantTx, narrow: &Narrow) -> Result<Option<Vec<Uuid>>, StoreError> {
    let [uids, names, either] = [&narrow.resource_uid, &narrow.resource_name, &narrow.resource];
    let Some(texts) = uids.as_ref().or(names.as_ref()).or(either.as_ref()) else { return Ok(None) };
    let found = resources::called(tx, &kept(texts), &[], NAMED_MAX + 1).await?;
    Ok((found.len() <= NAMED_MAX as usize).then(|| found.into_iter().map(|resource| resource.id).collect()))
}
