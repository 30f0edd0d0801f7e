//! The table `resources`: what findings are of.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::Row as _;
use uuid::Uuid;

use crate::{StoreError, TenantTx, by_index, findings::NewFinding};

/// Makes those of a batch's findings that are new, and moves when the others were seen. Answers the name
/// that each has: the one by which it was seen first, as checks have several for one resource.
pub(crate) async fn keep(
    tx: &mut TenantTx,
    batch: &[(&NewFinding, Uuid)],
) -> Result<HashMap<Uuid, String>, StoreError> {
    let mut wanted: HashMap<Uuid, Wanted<'_>> = HashMap::new();
    for (finding, id) in batch {
        let seen = finding.seen_at;
        let entry = wanted.entry(*id).or_insert(Wanted { finding, first: seen, last: seen });
        (entry.first, entry.last) = (entry.first.min(seen), entry.last.max(seen));
    }
    let mut names = HashMap::with_capacity(wanted.len());
    let ids: Vec<Uuid> = wanted.keys().copied().collect();
    let rows = sqlx::query(
        "SELECT found.* FROM unnest($2::uuid[]) AS wanted (id)
         CROSS JOIN LATERAL (
             SELECT id, name, first_seen_at, last_seen_at FROM resources
             WHERE tenant_id = $1 AND id = wanted.id OFFSET 0
         ) AS found",
    )
    .persistent(false)
    .bind(tx.tenant().0)
    .bind(&ids)
    .fetch_all(tx.connection())
    .await?;
    for row in rows {
        let id = row.try_get("id")?;
        let (first, last): (DateTime<Utc>, DateTime<Utc>) =
            (row.try_get("first_seen_at")?, row.try_get("last_seen_at")?);
        // Most are as they were: a scan sees each many times at one time.
        if wanted.get(&id).is_some_and(|wanted| first <= wanted.first && wanted.last <= last) {
            wanted.remove(&id);
        }
        names.insert(id, row.try_get("name")?);
    }
    for (id, wanted) in &wanted {
        names.entry(*id).or_insert_with(|| wanted.finding.resource.name.clone());
    }
    write(tx, &wanted).await?;
    Ok(names)
}

struct Wanted<'f> {
    finding: &'f NewFinding,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
}

async fn write(tx: &mut TenantTx, wanted: &HashMap<Uuid, Wanted<'_>>) -> Result<(), StoreError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let of = |field: fn(&NewFinding) -> &str| wanted.values().map(|w| field(w.finding)).collect::<Vec<_>>();
    sqlx::query(
        "INSERT INTO resources AS known (tenant_id, id, provider, account, uid, name, type, region, service,
             first_seen_at, last_seen_at)
         SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
             $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[])
         ON CONFLICT (tenant_id, id) DO UPDATE
         SET first_seen_at = least(known.first_seen_at, excluded.first_seen_at),
             last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)",
    )
    .bind(tx.tenant().0)
    .bind(wanted.keys().copied().collect::<Vec<_>>())
    .bind(of(|f| &f.base.provider))
    .bind(of(|f| &f.account))
    .bind(of(|f| &f.resource.uid))
    .bind(of(|f| &f.resource.name))
    .bind(of(|f| &f.resource.kind))
    .bind(of(|f| &f.region))
    .bind(of(|f| &f.base.service))
    .bind(wanted.values().map(|w| w.first).collect::<Vec<_>>())
    .bind(wanted.values().map(|w| w.last).collect::<Vec<_>>())
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What a finding may be of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    pub id: Uuid,
    pub provider: String,
    pub account: String,
    pub region: String,
    /// An ARN, where it has one.
    pub uid: String,
    pub name: String,
}

/// Those whose uid is one of `texts`, those whose name is, or is one of `tails`, and those whose uid has one of
/// `tails` as its last part: of each at most `most`.
pub async fn called(
    tx: &mut TenantTx,
    texts: &[String],
    tails: &[String],
    most: u32,
) -> Result<Vec<Resource>, StoreError> {
    by_index::plan_by_key(tx.connection()).await?;
    // Each by its own index, word by word: none takes a disjunction. Joined without a limit of its own, a table
    // that was not analysed yet is read by its tenant (185 ms of 50,000 resources, which are 0.2 so).
    let of = |words: &str, column: &str| {
        format!(
            "(SELECT r.* FROM (SELECT text, hashtextextended(text, 0) AS hash FROM unnest({words}) AS text OFFSET 0)
                  AS wanted CROSS JOIN LATERAL (
                  SELECT * FROM resources
                  WHERE tenant_id = $1 AND {column}_hash = wanted.hash AND {column} = wanted.text
                  LIMIT $4) AS r LIMIT $4)"
        )
    };
    let sql = format!(
        "SELECT DISTINCT id, provider, account, region, uid, name FROM ({} UNION ALL {} UNION ALL {}) AS r",
        of("$2::text[]", "uid"),
        of("$2::text[] || $3::text[]", "name"),
        of("$3::text[]", "tail"),
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .persistent(false)
        .bind(tx.tenant().0)
        .bind(texts)
        .bind(tails)
        .bind(i64::from(most))
        .fetch_all(tx.connection())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Resource {
                id: row.try_get("id")?,
                provider: row.try_get("provider")?,
                account: row.try_get("account")?,
                region: row.try_get("region")?,
                uid: row.try_get("uid")?,
                name: row.try_get("name")?,
            })
        })
        .collect()
}

/// Removes those that no finding is of.
pub(crate) async fn drop_unused(tx: &mut TenantTx, ids: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM resources WHERE tenant_id = $1 AND id = ANY($2) AND NOT EXISTS (
             SELECT FROM findings WHERE findings.tenant_id = $1 AND findings.resource_id = resources.id)",
    )
    .persistent(false)
    .bind(tx.tenant().0)
    .bind(ids)
    .execute(tx.connection())
    .await?;
    Ok(())
}
