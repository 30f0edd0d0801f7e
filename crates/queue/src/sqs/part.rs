//! SQS behind the port. The row of a job that waits is its outbox: a relay claims it as fairly as a worker
//! would, sends its ids, and says that it did. Whoever receives them takes the row, or finds that there is
//! nothing to take: a message that comes twice, late or out of order is nothing more than a look.
//!
//! Only what may run now is ever sent, and not more than there are free slots for: what is delayed, held up
//! by a limit or behind others of its tenant waits in the database, where order and fairness are.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use aws_config::SdkConfig;
use custody_store::{Store, jobs};
use tokio::{
    sync::{OnceCell, mpsc, watch},
    time::{self, Instant},
};

use super::{
    Channel, Receipt, SqsConfig, SqsError,
    receive::RECEIVE_MAX,
    relay::{Relay, RelayConfig},
};
use crate::{Dispatch, DispatchError, Handed, Room, Slots};

/// One request to SQS carries so many messages, and costs as much as for one.
const BATCH: usize = 10;
/// So long is waited for a batch to become full.
const GATHER: Duration = Duration::from_millis(50);
const SWEEP: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Sqs {
    pub(super) store: Store,
    config: SqsConfig,
    /// None: the SDK finds it in the environment.
    sdk: Option<SdkConfig>,
    /// Opened when it is first needed, so that a queue that is away for a while holds up no start.
    channel: OnceCell<Channel>,
    pub(super) relay: RelayConfig,
    /// Rises when something may wait.
    pub(super) wake: watch::Receiver<u64>,
    extended: Mutex<Option<Instant>>,
    /// To be deleted.
    ended: mpsc::UnboundedSender<Receipt>,
    deleting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Receipt>>,
}

impl Sqs {
    /// `wake` rises with each hint ([`crate::hear`]).
    pub fn new(
        store: Store,
        config: SqsConfig,
        sdk: Option<SdkConfig>,
        relay: RelayConfig,
        wake: watch::Receiver<u64>,
    ) -> Self {
        let extended = Mutex::default();
        let (ended, deleting) = mpsc::unbounded_channel();
        let deleting = tokio::sync::Mutex::new(deleting);
        Self { store, config, sdk, channel: OnceCell::new(), relay, wake, extended, ended, deleting }
    }

    /// Opens the queue. What does not pass by itself (no right, no such queue) is for a person to see to.
    pub async fn open(&self) -> Result<(), SqsError> {
        self.channel().await.map(drop)
    }

    pub(super) async fn channel(&self) -> Result<&Channel, SqsError> {
        let open = async || match &self.sdk {
            Some(sdk) => Channel::open_with(self.config.clone(), sdk).await,
            None => Channel::open(self.config.clone()).await,
        };
        self.channel.get_or_try_init(open).await
    }
}

#[async_trait]
impl Dispatch for Sqs {
    fn name(&self) -> &'static str {
        "sqs"
    }

    async fn next(&self, room: &Room) -> Result<Vec<Handed>, DispatchError> {
        let mut freed = room.freed.clone();
        if room.total < BATCH && time::timeout(GATHER, freed.changed()).await.is_ok() {
            // There is more room by now.
            return Ok(Vec::new());
        }
        let deliveries = self.channel().await?.receive(full_batches(room.total.min(RECEIVE_MAX))).await?;
        // None, and the long poll is over: there may be more room by now.
        if deliveries.is_empty() { Ok(Vec::new()) } else { self.sort(room, deliveries).await }
    }

    async fn attend(&self, slots: Arc<dyn Slots>) {
        let mut relay = Relay::new(self, slots);
        tokio::join!(relay.run(), self.sweep(), self.delete_ended());
    }

    async fn keep(&self, receipts: Vec<String>) {
        let Some(channel) = self.channel.get() else { return };
        let visibility = channel.visibility();
        if !self.is_time_to_extend(visibility / 3) {
            return;
        }
        let receipts: Vec<_> = receipts.into_iter().map(Receipt::from_text).collect();
        for (_, fate) in channel.extend(&receipts, visibility).await {
            if let Err(error) = fate {
                tracing::debug!(%error, "a message was not kept; it comes again, and its job is held");
            }
        }
    }

    async fn ended(&self, receipts: Vec<String>) {
        // Nobody waits for it: a message that stays comes again, and finds nothing to do.
        for receipt in receipts {
            let _ = self.ended.send(Receipt::from_text(receipt));
        }
    }

    async fn close(&self) {
        let mut left = Vec::new();
        {
            let mut deleting = self.deleting.lock().await;
            while let Ok(receipt) = deleting.try_recv() {
                left.push(receipt);
            }
        }
        if let Some(channel) = self.channel.get() {
            delete(channel, &left).await;
        }
    }
}

impl Sqs {
    fn is_time_to_extend(&self, pause: Duration) -> bool {
        let mut extended = self.extended.lock().unwrap_or_else(PoisonError::into_inner);
        let due = extended.is_none_or(|at| at.elapsed() >= pause);
        if due {
            *extended = Some(Instant::now());
        }
        due
    }

    /// For ever.
    async fn delete_ended(&self) {
        let mut deleting = self.deleting.lock().await;
        let mut batch = Vec::new();
        while deleting.recv_many(&mut batch, RECEIVE_MAX).await > 0 {
            let gathered = Instant::now() + GATHER;
            while batch.len() < BATCH {
                match time::timeout_at(gathered, deleting.recv()).await {
                    Ok(Some(receipt)) => batch.push(receipt),
                    _ => break,
                }
            }
            if let Ok(channel) = self.channel().await {
                delete(channel, &batch).await;
            }
            batch.clear();
        }
    }

    /// For ever, and at once: finds what was lost on the way. A worker may not live for long.
    async fn sweep(&self) {
        loop {
            match jobs::send_again(&self.store, self.relay.unconfirmed, self.relay.unseen).await {
                Ok(0) => {}
                Ok(again) => {
                    tracing::warn!(jobs = again, "messages were lost on the way; they are sent again");
                }
                Err(error) => tracing::debug!(%error, "lost messages were not looked for"),
            }
            time::sleep(SWEEP.min(self.relay.unconfirmed)).await;
        }
    }
}

/// As many as whole requests carry, where there is room for one.
fn full_batches(room: usize) -> usize {
    if room < BATCH { room } else { room - room % BATCH }
}

pub(super) async fn delete(channel: &Channel, receipts: &[Receipt]) {
    if receipts.is_empty() {
        return;
    }
    for (_, fate) in channel.delete(receipts).await {
        if let Err(error) = fate {
            tracing::debug!(%error, "a message was not deleted; it comes again and finds nothing to do");
        }
    }
}

impl From<SqsError> for DispatchError {
    fn from(error: SqsError) -> Self {
        Self::Queue(error.into())
    }
}
