//! `anchor`: writes the newest checkpoint of a tenant's log to the object store, where the database's owner
//! has no hand in it (docs/tree.md).

use chrono::{DateTime, TimeDelta, Utc};
use custody_domain::Hash;
use custody_ledger::{Ledger, LedgerError, tree::KeptCheckpoint};
use custody_objects::{Key, Objects, ObjectsError, PutOptions, layout};
use custody_proof::Checkpoint;
use custody_queue::{Done, Job, JobError, OpContext};
use custody_store::{
    anchors::{self, NewAnchor},
    checkpoints::CheckpointRow,
};
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// No note is longer.
const NOTE_BYTES_MAX: u64 = 64 * 1024;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Anchor {}

#[derive(Clone, Debug)]
pub(super) struct Services {
    pub(super) ledger: Ledger,
    pub(super) objects: Objects,
    /// 0: no object lock.
    pub(super) lock_days: u16,
}

/// What lies in the object store, now or before.
enum Found {
    /// The checkpoint, as this note says it.
    Same { sha256: Hash, locked_until: Option<DateTime<Utc>> },
    /// Something else; its hash, where it is not too long to be a note.
    Other(Option<Hash>),
}

impl Job for Anchor {
    const KIND: &'static str = "anchor";
    type Services = Services;

    async fn run(&self, context: &OpContext<Services>) -> Result<Done, JobError> {
        let (Services { ledger, objects, lock_days }, scope) = (context.services(), context.scope());
        let KeptCheckpoint { epoch, size, root, note, made_at } =
            ledger.latest_checkpoint(scope).await.map_err(of_ledger)?;
        // An empty log has none that is kept.
        let Some(made_at) = made_at else { return Ok(Done::nothing()) };
        let mut tx = context.begin().await?;
        let newest = anchors::newest(&mut tx).await?;
        tx.commit().await?;
        if newest == Some((epoch, size)) {
            return Ok(Done::nothing());
        }
        let checkpoint = CheckpointRow { epoch, size, root, note, made_at };
        let key = layout::anchor(scope, epoch, size);
        let found = match write(objects, &key, &checkpoint.note, *lock_days).await {
            Err(ObjectsError::AlreadyExists) => {
                let found = compare(context, &key, &checkpoint).await?;
                hold(objects, &key, found, *lock_days).await.map_err(of_objects)?
            }
            written => written.map_err(of_objects)?,
        };
        let mut tx = context.begin().await?;
        let (sha256, locked_until) = match found {
            Found::Same { sha256, locked_until } => (sha256, locked_until),
            Found::Other(hash) => {
                anchors::mismatch(&mut tx, scope, &checkpoint, key.as_str(), hash.as_ref()).await?;
                tx.commit().await?;
                tracing::error!(tenant.id = %scope.tenant(), %key, "an anchor is not the log's checkpoint");
                metrics::counter!("custody_anchor_mismatches_total").increment(1);
                return Err(JobError::fatal(format!("{key} holds something else than the checkpoint")));
            }
        };
        let anchor = NewAnchor { checkpoint, key: key.to_string(), sha256, locked_until };
        anchors::record(&mut tx, &anchor).await?;
        tx.commit().await?;
        metrics::counter!("custody_anchors_total").increment(1);
        Done::with(&json!({"epoch": epoch, "size": size, "locked_until": locked_until}))
    }
}

/// An attempt before this one wrote it and died, or wrote it when no lock was asked for.
async fn hold(objects: &Objects, key: &Key, found: Found, lock_days: u16) -> Result<Found, ObjectsError> {
    Ok(match (found, locked_until(lock_days)) {
        (Found::Same { sha256, .. }, Some(until)) => {
            let locked_until = objects.hold(key, until).await?.then_some(until);
            Found::Same { sha256, locked_until }
        }
        (found, _) => found,
    })
}

fn locked_until(lock_days: u16) -> Option<DateTime<Utc>> {
    (lock_days > 0).then(|| Utc::now() + TimeDelta::days(lock_days.into()))
}

async fn write(objects: &Objects, key: &Key, note: &str, lock_days: u16) -> Result<Found, ObjectsError> {
    let locked_until = locked_until(lock_days);
    let options = PutOptions {
        content_type: Some("text/plain; charset=utf-8".to_owned()),
        create_only: true,
        locked_until,
    };
    let stored = objects.put(key, note.to_owned().into_bytes().into(), options).await?;
    if lock_days > 0 && !stored.locked {
        tracing::debug!(%key, "the object store holds no object");
    }
    Ok(Found::Same { sha256: stored.sha256, locked_until: locked_until.filter(|_| stored.locked) })
}

/// Holds what lies there against the checkpoint: an attempt before this one wrote it, or somebody else
/// did. The same checkpoint may have been signed by an older key of the log's.
async fn compare(
    context: &OpContext<Services>,
    key: &Key,
    checkpoint: &CheckpointRow,
) -> Result<Found, JobError> {
    let Services { ledger, objects, .. } = context.services();
    let download = objects.get(key, None).await.map_err(of_objects)?;
    if download.bytes > NOTE_BYTES_MAX {
        return Ok(Found::Other(None));
    }
    let bytes = download.stream.try_collect::<Vec<_>>().await.map_err(of_objects)?.concat();
    let sha256: Hash = Sha256::digest(&bytes).into();
    let same = Found::Same { sha256, locked_until: None };
    if bytes == checkpoint.note.as_bytes() {
        return Ok(same);
    }
    let keys = ledger.log_keys(context.scope()).await.map_err(of_ledger)?;
    let keys: Vec<_> = keys.into_iter().map(|key| key.key).collect();
    let expected = Checkpoint::open(checkpoint.note.as_bytes(), &keys).map_err(JobError::defect)?;
    match Checkpoint::open(&bytes, &keys) {
        Ok(found) if found == expected => Ok(same),
        _ => Ok(Found::Other(Some(sha256))),
    }
}

fn of_ledger(error: LedgerError) -> JobError {
    match error {
        LedgerError::Unavailable(_) => JobError::again("the database was not available"),
        error => JobError::defect(error),
    }
}

fn of_objects(error: ObjectsError) -> JobError {
    match error {
        ObjectsError::Refused { .. } => JobError::fatal(error.to_string()),
        error => JobError::again(error.to_string()),
    }
}
