//! The port: what hands jobs to workers. Every job's state is in the database, whatever does.

use std::sync::Arc;

use async_trait::async_trait;
use custody_store::{
    StoreError,
    jobs::{Claim, Lane},
};
use tokio::sync::watch;
use uuid::Uuid;

/// A worker's slots, as they are at the moment of asking.
pub trait Slots: std::fmt::Debug + Send + Sync + 'static {
    /// Of each kind that it runs, how many more it could begin now. None once it has been told to stop.
    fn lanes(&self) -> Vec<Lane>;

    /// How many more of all kinds.
    fn free(&self) -> usize;

    /// Rises with each job that is begun, and with each that has ended.
    fn changed(&self) -> watch::Receiver<u64>;
}

/// Where a worker has room.
#[derive(Clone, Debug)]
pub struct Room {
    /// Of this start of the worker.
    pub worker: Uuid,
    /// For so many jobs in all.
    pub total: usize,
    /// In the order in which kinds have their turn.
    pub lanes: Vec<Lane>,
    /// Changes when there is more room than is said here.
    pub freed: watch::Receiver<u64>,
    /// Who waits for long looks again: there may be more room by then, and never less.
    pub slots: Arc<dyn Slots>,
}

/// A job that was handed to this worker: its row says so.
#[derive(Clone, Debug)]
pub struct Handed {
    pub claim: Claim,
    /// What came with it, to be given back when it has ended.
    pub receipt: Option<String>,
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DispatchError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the message queue: {0}")]
    Queue(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A part behind the port. At-least-once: a job is handed out again when its worker is not heard of.
#[async_trait]
pub trait Dispatch: Send + Sync + 'static {
    /// `postgres`, `sqs`.
    fn name(&self) -> &'static str;

    /// Waits until something can be run, and hands it out, within the room; nothing where there is more
    /// room by now. May be dropped: what it took by then is found astray and handed back later.
    async fn next(&self, room: &Room) -> Result<Vec<Handed>, DispatchError>;

    /// Called by every worker as long as it runs: what the part needs done beside. Ends never.
    async fn attend(&self, slots: Arc<dyn Slots>);

    /// The worker still has these.
    async fn keep(&self, receipts: Vec<String>);

    /// These have ended, and the database knows.
    async fn ended(&self, receipts: Vec<String>);

    /// The worker has ended: what is left to be said is said.
    async fn close(&self) {}
}
