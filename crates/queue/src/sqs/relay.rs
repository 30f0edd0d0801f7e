//! The relay: claims what waits as fairly as a worker would, sends its ids, and says that it did.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use custody_domain::TenantId;
use custody_store::{
    fault,
    jobs::{self, Claim, JobId, Lane},
};
use tokio::time;
use uuid::Uuid;

use super::{Ticket, part::Sqs};
use crate::{DispatchError, Slots};

/// How the relay works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayConfig {
    /// At most so many messages of one relay are out that nobody has taken, however many slots its worker
    /// has: beyond them a tenant's turn is decided.
    pub window: usize,
    /// A job whose sending nobody confirmed for so long is sent again: its relay died in between.
    pub unconfirmed: Duration,
    /// … and one whose message nobody has received for so long: it was lost, or is a dead letter.
    pub unseen: Duration,
    /// A message of a job that this worker does not run, or has no slot for, is given back for another:
    /// at once, and after so long where it came back.
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
/// … and this often whether others have taken what it has sent.
const POLL_OUT: Duration = Duration::from_secs(1);
/// Where there was no room: one slot at a time would be a request each.
const GATHER: Duration = Duration::from_millis(20);
/// After a message queue's error; the second one waits twice as long, …
const PAUSE_MIN: Duration = Duration::from_millis(250);
/// … and never longer than this.
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// Sends what waits, as far as its worker has room.
///
/// Each worker's relay sends for that worker's free slots. Whoever receives it, there is one for each
/// message: sent for no slot, it would come again and again to workers that have none.
pub(super) struct Relay<'a> {
    part: &'a Sqs,
    slots: Arc<dyn Slots>,
    /// What it has sent and nobody had taken when it last looked.
    out: Vec<(JobId, String)>,
    /// The tenant that had the last turn, by kind.
    turns: BTreeMap<String, TenantId>,
    /// The kind that is asked for first.
    first: usize,
}

/// What comes after a look.
enum Next {
    Again,
    /// Until there is room, or something waits.
    Full,
    /// Until something waits.
    Empty,
}

impl<'a> Relay<'a> {
    pub(super) fn new(part: &'a Sqs, slots: Arc<dyn Slots>) -> Self {
        Self { part, slots, out: Vec::new(), turns: BTreeMap::new(), first: 0 }
    }

    /// For ever.
    pub(super) async fn run(&mut self) {
        let (mut wake, mut changed) = (self.part.wake.clone(), self.slots.changed());
        let mut pause = PAUSE_MIN;
        loop {
            wake.mark_unchanged();
            changed.mark_unchanged();
            match self.once().await {
                Ok(Next::Again) => pause = PAUSE_MIN,
                Ok(Next::Full) => {
                    pause = PAUSE_MIN;
                    let poll = if self.out.is_empty() { POLL } else { POLL_OUT };
                    tokio::select! {
                        () = time::sleep(poll) => {}
                        _ = wake.changed() => {}
                        _ = changed.changed() => {}
                    }
                    time::sleep(GATHER).await;
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
        self.forget_taken().await?;
        let (lanes, total, is_held_up) = self.room();
        let claims = if lanes.is_empty() {
            Vec::new()
        } else {
            jobs::claim(&self.part.store, Uuid::nil(), &lanes, total, true).await?
        };
        for claim in &claims {
            self.turns.insert(claim.kind.clone(), claim.job.tenant);
            self.out.push((claim.job, claim.kind.clone()));
        }
        if claims.is_empty() {
            return Ok(if is_held_up { Next::Full } else { Next::Empty });
        }
        self.send(&claims).await?;
        Ok(Next::Again)
    }

    async fn forget_taken(&mut self) -> Result<(), DispatchError> {
        if self.out.is_empty() {
            return Ok(());
        }
        let asked: Vec<_> = self.out.iter().map(|(job, _)| *job).collect();
        let looks = jobs::look(&self.part.store, &asked).await?;
        self.out = looks.into_iter().filter(|look| look.is_sent).map(|look| (look.job, look.kind)).collect();
        Ok(())
    }

    /// Where there are slots for which nothing is out, for how many in all, and whether a kind has none.
    fn room(&mut self) -> (Vec<Lane>, usize, bool) {
        let total = self.slots.free().min(self.part.relay.window).saturating_sub(self.out.len());
        let mut lanes = self.slots.lanes();
        for lane in &mut lanes {
            let out = self.out.iter().filter(|(_, kind)| kind == lane.kind).count();
            lane.room = lane.room.saturating_sub(out).min(total);
            lane.after = self.turns.get(lane.kind).copied().unwrap_or(TenantId(Uuid::nil()));
        }
        let kinds = lanes.len();
        lanes.retain(|lane| lane.room > 0);
        let is_held_up = lanes.len() < kinds;
        if !lanes.is_empty() {
            // Each kind has its turn as the first one.
            self.first = (self.first + 1) % lanes.len();
            lanes.rotate_left(self.first);
        }
        (lanes, total, is_held_up)
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
