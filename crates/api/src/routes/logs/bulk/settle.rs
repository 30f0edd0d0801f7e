//! The writing half: chunk after chunk into the log, in their order, and what became of each item
//! into the spool.

use std::{borrow::Cow, sync::atomic::Ordering, time::Duration};

use custody_auth::Scope;
use custody_ingest::{Ingest, IngestError, ItemResult};
use tokio::sync::mpsc::Receiver;

use super::{
    chunk::{Chunk, Content, Progress},
    spool::Spool,
};
use crate::problem::Problem;

/// How long a chunk waits for the ledger to have room, once something of the request was taken. The
/// first does not wait: its client is better told to come again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Chunks in a row that the ledger failed, after which the rest of the request is not tried.
const FAILURES_MAX: u32 = 3;

/// Items in a row of which none became an entry, after which the body is not read on: whatever it is,
/// nothing comes of it now. A tenant's quarantine holds no more.
const FRUITLESS_MAX: u64 = 100_000;

pub(super) struct Settling<'r> {
    pub(super) ingest: &'r Ingest,
    pub(super) scope: &'r Scope,
    pub(super) spool: Spool,
    pub(super) progress: &'r Progress,
}

impl Settling<'_> {
    /// Writes all chunks. An error is the request's, and only comes before anything was taken.
    pub(super) async fn run(mut self, mut from: Receiver<Chunk>) -> Result<Spool, Problem> {
        let (mut taken, mut failures) = (false, 0);
        while let Some(Chunk { content, bytes }) = from.recv().await {
            match self.write(content, taken).await {
                Ok(()) => (taken, failures) = (true, 0),
                Err(failure) if !taken => return Err(failure.error.into()),
                Err(failure) => {
                    failures += 1;
                    self.put_off(&failure, failures);
                }
            }
            self.progress.bytes_in_hand.fetch_sub(bytes, Ordering::Relaxed);
            if self.spool.settle().await.is_err() {
                self.progress.stop("the server has no room for the answers to more items");
            }
            if self.spool.fruitless() >= FRUITLESS_MAX {
                self.progress.stop("too many items in a row did not become entries");
            }
        }
        Ok(self.spool)
    }

    async fn write(&mut self, content: Content, taken: bool) -> Result<(), Failure> {
        let results = match content {
            Content::Prepared(prepared) => {
                let items = prepared.len();
                let patience = taken.then_some(PATIENCE);
                let written = self.ingest.commit(self.scope, prepared, patience).await;
                written.map_err(|error| Failure { items, error })?
            }
            Content::Failed(items, error) => return Err(Failure { items, error }),
            Content::Untried(items) => {
                vec![retry("what came before it could not be written; send it again later"); items]
            }
            Content::Unread(told) => vec![ItemResult::Retry { detail: told.into() }],
        };
        for result in &results {
            self.spool.push(result);
        }
        Ok(())
    }

    fn put_off(&mut self, failure: &Failure, failures: u32) {
        let Failure { items, error } = failure;
        tracing::warn!(tenant.id = %self.scope.tenant(), item.count = items, %error, "a part of a bulk request was not taken");
        let result = retry(told(error));
        for _ in 0..*items {
            self.spool.push(&result);
        }
        if failures >= FAILURES_MAX {
            self.progress.give_up();
        }
    }
}

/// Of so many items.
struct Failure {
    items: usize,
    error: IngestError,
}

fn retry(detail: &'static str) -> ItemResult {
    ItemResult::Retry { detail: Cow::Borrowed(detail) }
}

fn told(error: &IngestError) -> &'static str {
    match error {
        IngestError::Full => "more waits to be written than the server holds; send it again later",
        IngestError::Unknown(_) => {
            "the database did not answer, and whether this was recorded is not known; send it again with the same \
             event_id or, as the whole request, under the same Idempotency-Key: without either it may be in the \
             log twice"
        }
        _ => "the log could not take it; send it again later",
    }
}
