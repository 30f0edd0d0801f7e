//! The relay: claims what waits as fairly as a worker would, sends its ids, and says that it did.

use std::{collections::BTreeMap, time::Duration};

use custody_domain::TenantId;
use custody_store::{
    fault,
    jobs::{self, Claim, JobId, Lane},
};
use tokio::time;
use uuid::Uuid;

use super::{
    Ticket,
    part::{BATCH, Sqs, full_batches},
};
use crate::DispatchError;

/// How the relay works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayConfig {
    /// At most so many messages are out that nobody has taken: beyond them a tenant's turn is decided.
    pub window: usize,
    /// A job whose sending nobody confirmed for so long is sent again: its relay died in between.
    pub unconfirmed: Duration,
    /// … and one whose message nobody has received for so long: it was lost, or is a dead letter.
    pub unseen: Duration,
    /// A message of a job that this worker does not run is given back for another, which may have it
    /// after so long.
    pub not_mine: Duration,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            window: 100,
            unconfirmed: Duration::from_secs(30),
            unseen: Duration::from_mins(10),
            not_mine: Duration::from_secs(1),
        }
    }
}

/// Who hears no hint looks this often.
const POLL: Duration = Duration::from_secs(5);
/// The relay finds the window full: until somebody takes a message, here or elsewhere.
const FULL_POLL: Duration = Duration::from_secs(1);
/// After a message queue's error; the second one waits twice as long, …
const PAUSE_MIN: Duration = Duration::from_millis(250);
/// … and never longer than this.
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// Sends what waits.
pub(super) struct Relay<'a> {
    part: &'a Sqs,
    lanes: Vec<Lane>,
    /// The tenant that had the last turn, by kind.
    turns: BTreeMap<String, TenantId>,
}

/// What comes after a look.
enum Next {
    Again,
    /// Until somebody takes a message.
    Full,
    /// Until something waits.
    Empty,
}

impl<'a> Relay<'a> {
    pub(super) fn new(part: &'a Sqs, lanes: Vec<Lane>) -> Self {
        Self { part, lanes, turns: BTreeMap::new() }
    }

    /// For ever.
    pub(super) async fn run(&mut self) {
        let (mut wake, mut taken) = (self.part.wake.clone(), self.part.taken.subscribe());
        let mut pause = PAUSE_MIN;
        loop {
            wake.mark_unchanged();
            taken.mark_unchanged();
            match self.once().await {
                Ok(Next::Again) => pause = PAUSE_MIN,
                Ok(Next::Full) => {
                    let _ = time::timeout(FULL_POLL, taken.changed()).await;
                }
                Ok(Next::Empty) => {
                    pause = PAUSE_MIN;
                    let _ = time::timeout(POLL, wake.changed()).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "jobs are not sent");
                    time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }

    async fn once(&mut self) -> Result<Next, DispatchError> {
        // Before anything is claimed that could not be sent.
        self.part.channel().await?;
        let store = &self.part.store;
        let out = usize::try_from(jobs::outstanding(store).await?).unwrap_or(usize::MAX);
        let room = self.part.relay.window.saturating_sub(out);
        // A few at a time would be as many requests as a batch each.
        if room < BATCH.min(self.part.relay.window) {
            return Ok(Next::Full);
        }
        let room = full_batches(room);
        for lane in &mut self.lanes {
            lane.room = room;
            lane.after = self.turns.get(lane.kind).copied().unwrap_or(TenantId(Uuid::nil()));
        }
        // Each kind has its turn as the first one.
        let by = 1.min(self.lanes.len());
        self.lanes.rotate_left(by);
        let claims = jobs::claim(store, Uuid::nil(), &self.lanes, room, true).await?;
        for claim in &claims {
            self.turns.insert(claim.kind.clone(), claim.job.tenant);
        }
        if claims.is_empty() {
            return Ok(Next::Empty);
        }
        self.send(&claims).await?;
        Ok(Next::Again)
    }

    /// Those that could not be sent wait again. Where that may have been done after all, a message comes
    /// that finds its job not sent, or sent again.
    async fn send(&self, claims: &[Claim]) -> Result<(), DispatchError> {
        let tickets: Vec<_> =
            claims.iter().map(|claim| Ticket { tenant: Some(claim.job.tenant), job: claim.job.id }).collect();
        let channel = self.part.channel().await?;
        let _ = fault::point("relay.claimed").await;
        let (mut sent, mut unsent, mut failure) = (Vec::new(), Vec::new(), None);
        for (ticket, fate) in channel.send(&tickets).await {
            let Some(tenant) = ticket.tenant else { continue };
            let job = JobId { tenant, id: ticket.job };
            match fate {
                Ok(()) => sent.push(job),
                Err(error) => {
                    unsent.push(job);
                    failure = Some(error);
                }
            }
        }
        let _ = fault::point("relay.sent").await;
        jobs::confirm(&self.part.store, &sent).await?;
        jobs::unsend(&self.part.store, &unsent).await?;
        failure.map_or(Ok(()), |error| Err(error.into()))
    }
}
