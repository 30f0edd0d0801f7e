//! Jobs whose kind or version no worker knows.

use std::{collections::BTreeMap, time::Duration};

use custody_domain::TenantId;
use sqlx::Row as _;

use super::{
    JobId, Status, milliseconds,
    strays::{BATCH, Stray, dead_letter},
    unblock,
};
use crate::{Store, StoreError, SystemTx, program};

/// What the workers that are heard of know.
#[derive(Default)]
struct Known {
    /// Of each kind the newest version, and the newest program that knows the kind.
    kinds: BTreeMap<String, (i32, String)>,
    newest_program: String,
}

/// Makes dead letters of jobs that wait for longer than `patience` and that no worker can read: its kind
/// or its version is newer than every worker that is heard of.
pub async fn unknown_to_all(store: &Store, patience: Duration) -> Result<Vec<Stray>, StoreError> {
    let mut tx = store.system_tx_by_key().await?;
    let Some(Known { kinds, newest_program }) = known(&mut tx).await? else {
        tx.rollback().await?;
        return Ok(Vec::new());
    };
    let rows = sqlx::query(
        "WITH unknown AS (
             SELECT j.tenant_id, j.id, format(
                 'no worker knows version %s of %s, which custody %s asked for; %s. Start a worker of custody %s or later, and retry this job',
                 j.payload_version, j.kind, j.program,
                 CASE WHEN known.version IS NULL THEN format('the newest worker is custody %s, which does not know the kind', $6::text)
                      ELSE format('the newest worker is custody %s, which knows version %s', known.program, known.version) END,
                 j.program) AS why
             FROM jobs AS j
             LEFT JOIN unnest($3::text[], $4::int[], $5::text[]) AS known (kind, version, program) ON known.kind = j.kind
             WHERE j.state = 'waiting' AND j.since < clock_timestamp() - $1 * interval '1 millisecond'
               AND coalesce(known.version, 0) < j.payload_version
             LIMIT $2 FOR UPDATE OF j SKIP LOCKED
         )
         UPDATE jobs SET state = 'failed', since = clock_timestamp(), ended_at = clock_timestamp(),
             version = jobs.version + 1, failed_at = clock_timestamp(),
             failure = why
         FROM unknown
         WHERE jobs.tenant_id = unknown.tenant_id AND jobs.id = unknown.id
         RETURNING jobs.tenant_id, jobs.id, kind, attempts, unique_key, why",
    )
    .bind(milliseconds(patience))
    .bind(BATCH)
    .bind(kinds.keys().collect::<Vec<_>>())
    .bind(kinds.values().map(|(version, _)| *version).collect::<Vec<_>>())
    .bind(kinds.values().map(|(_, program)| program).collect::<Vec<_>>())
    .bind(newest_program)
    .fetch_all(tx.connection())
    .await?;
    let mut strays = Vec::with_capacity(rows.len());
    for row in &rows {
        let job = JobId { tenant: TenantId(row.try_get("tenant_id")?), id: row.try_get("id")? };
        let (kind, failure): (String, String) = (row.try_get("kind")?, row.try_get("why")?);
        if let Some(key) = row.try_get::<Option<String>, _>("unique_key")? {
            unblock::next_of(tx.connection(), job.tenant, &kind, &key).await?;
        }
        dead_letter(&mut tx, job, &kind, row.try_get("attempts")?, &failure).await?;
        strays.push(Stray { kind, status: Status::Failed });
    }
    if strays.is_empty() {
        tx.rollback().await?;
    } else {
        tx.jobs_changed();
        tx.commit().await?;
    }
    Ok(strays)
}

/// None where no worker is heard of: then nobody can say what is unknown.
async fn known(tx: &mut SystemTx) -> Result<Option<Known>, StoreError> {
    let rows = sqlx::query(
        "SELECT program, kinds FROM job_workers
         WHERE expires_at BETWEEN clock_timestamp() AND clock_timestamp() + interval '2 minutes'",
    )
    .fetch_all(tx.connection())
    .await?;
    let mut known = Known::default();
    for row in &rows {
        let (program, offers): (String, Vec<String>) = (row.try_get("program")?, row.try_get("kinds")?);
        for (kind, version) in offers.iter().filter_map(|offer| offer.split_once('/')) {
            let (newest, by) = known.kinds.entry(kind.to_owned()).or_default();
            *newest = version.parse().map_or(*newest, |version: i32| version.max(*newest));
            keep_newest(by, &program);
        }
        keep_newest(&mut known.newest_program, &program);
    }
    Ok(Some(known).filter(|_| !rows.is_empty()))
}

fn keep_newest(newest: &mut String, program: &str) {
    if newest.is_empty() || program::version(program) > program::version(newest) {
        program.clone_into(newest);
    }
}
