//! What is looked at, and from when on it is not well.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use chrono::{TimeDelta, Utc};
use custody_auth::Scope;
use custody_ledger::follow;
use custody_objects::Objects;
use custody_queue::Kinds;
use custody_search::opensearch::{self, OpenSearch};
use custody_store::{Store, StoreError, audit_outbox, followers, health::Checked, jobs, partitions};
use nix::sys::statvfs::statvfs;

use super::Services;
use crate::jobs::reconcile;

const DATABASE_ANSWER_MAX: Duration = Duration::from_secs(2);
const FOLLOWER_LAG_MAX: TimeDelta = TimeDelta::minutes(5);
const OUTBOX_AGE_MAX: TimeDelta = TimeDelta::minutes(1);
const DISK_FREE_BYTES_MIN: u64 = 1 << 30;

/// What was found, or why it is not well.
type Found = Result<String, String>;

pub(super) async fn all(services: &Services, scope: &Scope) -> Vec<Checked> {
    let Services { store, objects, data_dir, kinds, index } = services;
    let checked = |name, found: Found| {
        let is_well = found.is_ok();
        Checked { name, is_well, detail: found.unwrap_or_else(|reason| reason) }
    };
    let mut all = vec![
        checked("database", database(store).await),
        checked("partitions", days(store).await),
        checked("followers", lag(store, index.is_some()).await),
        checked("audit_outbox", outbox(store).await),
        checked("queue", queue(store, kinds).await),
        checked("objects", place(objects).await),
        checked("disk", disk(data_dir)),
    ];
    if let Some(index) = index {
        all.push(checked("search", node(index, store, scope).await));
    }
    all
}

/// Whether it is there. That it differs from the ledger is told by the job that found it.
async fn node(index: &OpenSearch, store: &Store, scope: &Scope) -> Found {
    let said = index.check().await.map_err(|error| error.to_string())?;
    let last = reconcile::last(store, scope).await.map_err(|error| unread(&error))?;
    Ok(format!("{said}; held against the ledger: {last}"))
}

fn unread(error: &StoreError) -> String {
    tracing::warn!(%error, "a health check could not read the database");
    "could not be read".to_owned()
}

async fn database(store: &Store) -> Found {
    let begun = Instant::now();
    async { store.system_tx().await?.commit().await }.await.map_err(|error| unread(&error))?;
    let took = begun.elapsed();
    let said = format!("answers in {} ms", took.as_millis());
    if took <= DATABASE_ANSWER_MAX { Ok(said) } else { Err(said) }
}

async fn days(store: &Store) -> Found {
    let coverage = partitions::coverage(store).await.map_err(|error| unread(&error))?;
    let said = format!("{} days ahead", coverage.ahead);
    if coverage.is_writable() { Ok(said) } else { Err(format!("{said}; missing: {:?}", coverage.missing)) }
}

async fn lag(store: &Store, by_node: bool) -> Found {
    let (mut said, mut is_well) = (Vec::new(), true);
    let names: Vec<_> = follow::NAMES.into_iter().chain(by_node.then_some(opensearch::NAME)).collect();
    for lag in followers::lag(store, &names).await.map_err(|error| unread(&error))? {
        is_well &= lag.failing == 0 && lag.waits <= FOLLOWER_LAG_MAX;
        let seconds = lag.waits.num_seconds();
        said.push(format!(
            "{}: {} logs behind, {seconds} s at most, {} failing",
            lag.follower, lag.logs, lag.failing
        ));
    }
    let said = if said.is_empty() { "none is behind".to_owned() } else { said.join("; ") };
    if is_well { Ok(said) } else { Err(said) }
}

async fn outbox(store: &Store) -> Found {
    let (waiting, oldest) = audit_outbox::waiting(store).await.map_err(|error| unread(&error))?;
    let age = oldest.map_or(TimeDelta::zero(), |at| Utc::now() - at);
    let said = format!("{waiting} wait, the oldest for {} s", age.num_seconds().max(0));
    if age <= OUTBOX_AGE_MAX { Ok(said) } else { Err(said) }
}

async fn queue(store: &Store, kinds: &Kinds) -> Found {
    let looked = async {
        let depths = jobs::depths(store).await?;
        let patience = kinds.patience(depths.iter().map(|depth| depth.kind.as_str()));
        Ok::<_, StoreError>((depths, jobs::overdue(store, &patience).await?))
    };
    let (depths, overdue) = looked.await.map_err(|error| unread(&error))?;
    let waiting: u64 = depths.iter().map(|depth| depth.waiting).sum();
    let late: Vec<_> = overdue
        .iter()
        .map(|late| {
            let why = if late.has_worker { "" } else { ", no worker for it is alive" };
            format!("{} for {:.0} s{why}", late.kind, late.seconds)
        })
        .collect();
    if late.is_empty() { Ok(format!("{waiting} wait")) } else { Err(format!("waiting: {}", late.join("; "))) }
}

async fn place(objects: &Objects) -> Found {
    objects.check().await.map(|()| "written, read and removed".to_owned()).map_err(|error| error.to_string())
}

/// Of this worker's machine.
fn disk(data_dir: &Path) -> Found {
    let disk = statvfs(data_dir).map_err(|error| error.desc().to_owned())?;
    let free = disk.blocks_available().saturating_mul(disk.fragment_size());
    let said = format!("{} MiB free", free >> 20);
    if free >= DISK_FREE_BYTES_MIN { Ok(said) } else { Err(said) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_not_well() {
        let folder = tempfile::tempdir().unwrap();
        assert!(disk(folder.path()).is_ok_and(|said| said.ends_with("MiB free")));
        assert!(disk(&folder.path().join("none")).is_err());
    }
}
