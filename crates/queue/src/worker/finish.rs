//! Writes down how attempts ended: those that ended well and left nothing many at a time.

use std::{collections::HashSet, sync::Arc, time::Duration};

use custody_store::{
    fault,
    jobs::{self, Ending, JobId},
};
use futures::{StreamExt as _, stream};
use tokio::{sync::mpsc, time};

use super::{Shared, attempt::Ended};

const BATCH: usize = 256;
/// Beside each other, for those that are written one by one.
const AT_ONCE: usize = 4;
/// While the database is away.
const PAUSE: Duration = Duration::from_millis(500);

/// Until there is nobody who could end a job.
pub(super) async fn finish(shared: Arc<Shared>, mut endings: mpsc::UnboundedReceiver<Ended>) {
    let mut batch = Vec::with_capacity(BATCH);
    while endings.recv_many(&mut batch, BATCH).await > 0 {
        let _ = fault::point("job.ending").await;
        let (plain, told): (Vec<_>, Vec<_>) = batch
            .drain(..)
            .partition(|ended| matches!(ended.ending, Some(Ending::Succeeded { result: None })));
        let makes_room = plain.iter().any(|ended| shared.is_limited(&ended.claim.kind));
        let plain: Vec<_> = plain.iter().map(|ended| (ended.claim.job, ended.claim.token)).collect();
        let (mut receipts, others) = tokio::join!(
            well(&shared, &plain, makes_room),
            stream::iter(told).map(|ended| one(&shared, ended)).buffer_unordered(AT_ONCE).collect::<Vec<_>>()
        );
        receipts.extend(others.into_iter().flatten());
        let _ = fault::point("job.ended").await;
        if !receipts.is_empty() {
            shared.dispatch.ended(receipts).await;
        }
    }
}

async fn well(shared: &Shared, plain: &[(JobId, i64)], makes_room: bool) -> Vec<String> {
    if plain.is_empty() {
        return Vec::new();
    }
    let own: HashSet<_> = loop {
        match jobs::end_well(&shared.store, shared.row.id, plain, makes_room).await {
            Ok(own) => break own.into_iter().collect(),
            Err(error) if error.is_unavailable() => wait(&error).await,
            Err(error) => {
                tracing::error!(%error, jobs = plain.len(), "that jobs ended well cannot be written down");
                break HashSet::new();
            }
        }
    };
    let lost = plain.iter().filter(|(job, _)| !own.contains(job)).count();
    if lost > 0 {
        tracing::warn!(jobs = lost, "jobs ended that another worker has by now");
    }
    plain.iter().filter_map(|(job, token)| shared.hands.drop(*job, *token)).collect()
}

/// What came with it is given back whether it was ours or not: whoever has the job now has its own.
async fn one(shared: &Shared, ended: Ended) -> Option<String> {
    if let Some(ending) = &ended.ending {
        let makes_room = shared.is_limited(&ended.claim.kind);
        loop {
            match jobs::end(&shared.store, &ended.scope, &ended.claim, ending, makes_room).await {
                Ok(true) => break,
                Ok(false) => {
                    tracing::warn!(job.id = %ended.claim.job.id, "a job ended that another worker has by now");
                    break;
                }
                Err(error) if error.is_unavailable() => wait(&error).await,
                // It is found astray, and tried again or given up.
                Err(error) => {
                    tracing::error!(%error, job.id = %ended.claim.job.id, "how a job ended cannot be written down");
                    break;
                }
            }
        }
    }
    shared.hands.drop(ended.claim.job, ended.claim.token)
}

/// The fence decides whether it counts, however late it is said.
async fn wait(error: &custody_store::StoreError) {
    tracing::warn!(%error, "how jobs ended could not be written down yet");
    time::sleep(PAUSE).await;
}
