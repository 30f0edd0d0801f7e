//! What becomes of messages that were received.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use custody_store::{
    Store, StoreError,
    jobs::{self, Claim, JobId, Look},
};
use uuid::Uuid;

use super::{
    Channel, Delivery, Receipt,
    part::{Sqs, delete},
};
use crate::{DispatchError, Handed, Room, Slots};

/// A job whose message was received so often, and each time where nothing could be done with it, waits in
/// the database again, for a relay that has room for it. Far less than what makes SQS move a message to the
/// dead letters.
pub(super) const GIVEN_BACK_MAX: u32 = 5;
/// So often it is given back for whoever asks next: most likely the right one asks already.
const AT_ONCE_MAX: u32 = 2;

type ByJob = HashMap<JobId, Delivery>;

impl Sqs {
    /// Takes the jobs that there is room for. What is not to be taken any more is deleted, what another
    /// worker should have is given back.
    pub(super) async fn sort(
        &self,
        room: &Room,
        deliveries: Vec<Delivery>,
    ) -> Result<Vec<Handed>, DispatchError> {
        let (mut by_job, mut done) = each_once(deliveries);
        let asked: Vec<_> = by_job.keys().copied().collect();
        let looks = jobs::look(&self.store, &asked).await?;
        // As it is now: while the message was waited for, others have ended.
        let (wanted, others) = choose(&*room.slots, looks);
        let others: Vec<_> = others.iter().filter_map(|job| by_job.remove_entry(job)).collect();
        let claims =
            if wanted.is_empty() { Vec::new() } else { take(&self.store, room.worker, &wanted).await? };
        let handed: Vec<_> = claims
            .into_iter()
            .map(|claim| {
                let receipt = by_job.remove(&claim.job).map(|delivery| delivery.receipt.into_text());
                Handed { claim, receipt }
            })
            .collect();
        // Somebody had the row in hand: another worker that takes it, or the relay that says that it was sent.
        // Deleted for that, the message would be missed until the sweep.
        let busy: Vec<_> = wanted.iter().filter_map(|job| by_job.remove(job)).collect();
        // What is left runs elsewhere, has ended, or is gone.
        done.extend(by_job.into_values().map(|delivery| delivery.receipt));
        let channel = self.channel().await?;
        delete(channel, &done).await;
        let busy: Vec<_> = busy.into_iter().map(|delivery| delivery.receipt).collect();
        let _ = channel.release(&busy, Duration::ZERO).await;
        self.give_back(channel, others).await;
        Ok(handed)
    }

    /// For another worker, or for this one when it has room. Whom a message comes to is chance, so it is not
    /// left to that for long.
    async fn give_back(&self, channel: &Channel, others: Vec<(JobId, Delivery)>) {
        let (often, seldom): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|(_, delivery)| delivery.receive_count >= GIVEN_BACK_MAX);
        let (again, at_once): (Vec<_>, Vec<_>) =
            seldom.into_iter().partition(|(_, delivery)| delivery.receive_count > AT_ONCE_MAX);
        for (some, delay) in [(at_once, Duration::ZERO), (again, self.relay.not_mine)] {
            let _ = channel.release(&receipts(&some), delay).await;
        }
        if often.is_empty() {
            return;
        }
        let waiting: Vec<_> = often.iter().map(|(job, _)| *job).collect();
        match jobs::put_back(&self.store, &waiting).await {
            Ok(()) => delete(channel, &receipts(&often)).await,
            Err(error) => {
                tracing::debug!(%error, "jobs of others were not put back; their messages come again");
            }
        }
    }
}

fn receipts(deliveries: &[(JobId, Delivery)]) -> Vec<Receipt> {
    deliveries.iter().map(|(_, delivery)| delivery.receipt.clone()).collect()
}

/// Of two messages of one job the one is enough.
fn each_once(deliveries: Vec<Delivery>) -> (ByJob, Vec<Receipt>) {
    let (mut by_job, mut done) = (HashMap::new(), Vec::new());
    for delivery in deliveries {
        match delivery.ticket.tenant {
            Some(tenant) => {
                let job = JobId { tenant, id: delivery.ticket.job };
                done.extend(by_job.insert(job, delivery).map(|twin| twin.receipt));
            }
            None => done.push(delivery.receipt),
        }
    }
    (by_job, done)
}

/// Of those that nobody has taken yet, what there is room for, and what there is not.
fn choose(slots: &dyn Slots, looks: Vec<Look>) -> (Vec<JobId>, Vec<JobId>) {
    let lanes = slots.lanes();
    let mut rooms: BTreeMap<&str, usize> = lanes.iter().map(|lane| (lane.kind, lane.room)).collect();
    let (mut wanted, mut others) = (Vec::new(), Vec::new());
    for Look { job, kind, version, .. } in looks.into_iter().filter(|look| look.is_sent) {
        let lane = lanes.iter().find(|lane| lane.kind == kind && lane.version >= version);
        match lane.and_then(|lane| rooms.get_mut(lane.kind)).filter(|free| **free > 0) {
            Some(free) => {
                *free -= 1;
                wanted.push(job);
            }
            None => others.push(job),
        }
    }
    (wanted, others)
}

async fn take(store: &Store, worker: Uuid, jobs: &[JobId]) -> Result<Vec<Claim>, StoreError> {
    let (store, jobs) = (store.clone(), jobs.to_vec());
    // In a task: broken off in the middle it would leave a connection to be closed.
    let taking = tokio::spawn(async move { jobs::take(&store, worker, &jobs).await });
    taking.await.map_err(|error| StoreError::Unexpected(error.into()))?
}
