//! A batch of findings is kept: a few statements, however many they are.

use std::{collections::HashMap, iter::zip};

use chrono::{DateTime, Utc};
use custody_domain::{Delta, FindingId, FindingStatus, ScanId};
use uuid::Uuid;

use super::{
    assign::{self, Assigned},
    body::Packer,
    known::{self, Latest, Place},
    new::{NewBase, NewFinding},
    turn, write,
};
use crate::{StoreError, TenantTx, bases, by_index, resources};

/// So many are written at once; more are as many batches.
pub const BATCH_MAX: usize = 1_000;

/// A scan may have so many different findings of one uid.
pub const ORDINALS_MAX: i16 = 1_000;

/// So many texts are packed before others have their turn.
const PACKED_AT_ONCE: usize = 32;

/// Whose findings they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanRef {
    pub id: ScanId,
    /// The one that they are compared with.
    pub previous: Option<ScanId>,
}

/// What became of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    New {
        id: FindingId,
        /// More than 0: the uid is another finding's as well.
        ordinal: u16,
        delta: Delta,
    },
    /// The scan has it already, to the letter.
    Known { id: FindingId },
    /// The scan has [`ORDINALS_MAX`] others of its uid. Not kept.
    TooMany,
}

/// Keeps a scan's findings, and answers in their order what became of each. The same batch again changes
/// nothing.
///
/// Batches of one tenant wait for each other, up to the end of the transaction: what is the latest of
/// several scans' must not be decided by two at once. The rest of the transaction is planned by indexes.
pub async fn insert(
    tx: &mut TenantTx,
    scan: &ScanRef,
    findings: &[NewFinding],
    now: DateTime<Utc>,
) -> Result<Vec<Inserted>, StoreError> {
    let mut inserted = Vec::with_capacity(findings.len());
    if findings.is_empty() {
        return Ok(inserted);
    }
    by_index::plan(tx.connection()).await?;
    turn::take(tx).await?;
    for batch in findings.chunks(BATCH_MAX) {
        inserted.extend(insert_batch(tx, scan, batch, now).await?);
    }
    Ok(inserted)
}

async fn insert_batch(
    tx: &mut TenantTx,
    scan: &ScanRef,
    batch: &[NewFinding],
    now: DateTime<Utc>,
) -> Result<Vec<Inserted>, StoreError> {
    let keys: Vec<Uuid> = batch.iter().map(NewFinding::key).collect();
    let base_ids: Vec<Uuid> = batch.iter().map(|finding| finding.base.id()).collect();
    let resource_ids: Vec<Uuid> = batch.iter().map(NewFinding::resource_id).collect();
    let mut wanted: HashMap<Uuid, (&NewBase, &str)> = HashMap::new();
    for (finding, id) in zip(batch, &base_ids) {
        wanted.entry(*id).or_insert((&finding.base, &finding.text));
    }
    let bases = bases::keep(tx, &wanted).await?;
    let mut distinct = keys.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let mine = known::mine(tx, scan.id, &distinct).await?;
    let assigned = assign::assign(tx, batch, &keys, mine, now).await?;
    let known = Known {
        bases,
        before: known::before(tx, scan.previous, &distinct).await?,
        latest: known::latest(tx, &distinct).await?,
        names: resources::keep(tx, &zip(batch, resource_ids.iter().copied()).collect::<Vec<_>>()).await?,
    };
    let mut inserted = Vec::with_capacity(batch.len());
    let mut rows = write::Rows::default();
    let mut moves = write::Moves::default();
    let mut packer = Packer::new()?;
    for (at, (finding, assigned)) in zip(batch, assigned).enumerate() {
        let (id, ordinal) = match assigned {
            Assigned::New { id, ordinal } => (id, ordinal),
            Assigned::Known(id) => {
                inserted.push(Inserted::Known { id: FindingId(id) });
                continue;
            }
            Assigned::TooMany => {
                inserted.push(Inserted::TooMany);
                continue;
            }
        };
        if at % PACKED_AT_ONCE == PACKED_AT_ONCE - 1 {
            tokio::task::yield_now().await;
        }
        let ids = Ids { id, base: base_ids[at], resource: resource_ids[at], key: keys[at], ordinal };
        let row = row(finding, &ids, &known, &mut packer, &mut moves, (scan.id, now))?;
        let ordinal = u16::try_from(ordinal).unwrap_or(0);
        inserted.push(Inserted::New { id: FindingId(id), ordinal, delta: row.delta });
        rows.push(row);
    }
    moves.write(tx).await?;
    rows.write(tx, scan.id).await?;
    Ok(inserted)
}

/// What is known of a batch.
struct Known {
    bases: HashMap<Uuid, bases::Base>,
    before: HashMap<Place, FindingStatus>,
    latest: HashMap<Place, Latest>,
    names: HashMap<Uuid, String>,
}

struct Ids {
    id: Uuid,
    base: Uuid,
    resource: Uuid,
    key: Uuid,
    ordinal: i16,
}

fn row<'f, 'k>(
    finding: &'f NewFinding,
    ids: &Ids,
    known: &'k Known,
    packer: &mut Packer<'k>,
    moves: &mut write::Moves,
    (scan, now): (ScanId, DateTime<Utc>),
) -> Result<write::Row<'f>, StoreError> {
    let place = (ids.key, ids.ordinal);
    let base = known.bases.get(&ids.base).ok_or_else(|| StoreError::unexpected("a base was not kept"))?;
    // A clock that was wrong must not make it the latest for ever.
    let seen_at = finding.seen_at.min(now);
    let (first_seen_at, current) = moves.against(known.latest.get(&place), seen_at, scan);
    Ok(write::Row {
        id: ids.id,
        base_id: ids.base,
        resource_id: ids.resource,
        key: ids.key,
        ordinal: ids.ordinal,
        delta: Delta::of(known.before.get(&place).copied(), finding.status),
        current,
        uid: finding.uid_beside(known.names.get(&ids.resource).map_or("", String::as_str)),
        first_seen_at,
        last_seen_at: seen_at,
        body: packer.pack(&finding.text, &base.dictionary)?,
        finding,
    })
}
