//! What can be done with a message that was received, ten in a request.

use std::{collections::HashSet, time::Duration};

use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
};
use futures::{StreamExt, stream};

use super::{
    Channel, SqsError,
    config::{VISIBILITY_MAX, seconds},
    error::invalid,
    send::{BATCH_MAX, BATCHES_AT_ONCE, is_at},
};

/// The hold on one delivery of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Receipt(pub(super) String);

impl Receipt {
    /// As it came out of [`Receipt::into_text`].
    pub(super) fn from_text(text: String) -> Self {
        Self(text)
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// What became of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// As asked.
    Done,
    /// The receipt holds nothing any more: its message was deleted, or became visible and is perhaps
    /// another's by now, or has been held for the 12 h that SQS allows.
    TooOld,
}

/// Of each receipt, once and in the order given, what became of it. `Unavailable` may have been done.
pub type Fates = Vec<(Receipt, Result<Held, SqsError>)>;

#[derive(Debug, Clone, Copy)]
enum Change {
    Visibility { seconds: i32 },
    Delete,
}

impl Change {
    fn action(self) -> &'static str {
        match self {
            Self::Visibility { .. } => "sqs:ChangeMessageVisibility",
            Self::Delete => "sqs:DeleteMessage",
        }
    }
}

impl Channel {
    /// Keeps the messages from others for so long from now (rounded up to seconds, at most 12 h).
    pub async fn extend(&self, receipts: &[Receipt], by: Duration) -> Fates {
        self.change(receipts, Change::Visibility { seconds: seconds(by.min(VISIBILITY_MAX)) }).await
    }

    /// Gives the messages back: to be received again after the delay, at once where it is zero.
    pub async fn release(&self, receipts: &[Receipt], delay: Duration) -> Fates {
        self.extend(receipts, delay).await
    }

    /// Takes the messages out of the queue.
    ///
    /// SQS does not always tell that a receipt was too old: it may answer that the message was deleted,
    /// and deliver it again. The job's row knows better.
    pub async fn delete(&self, receipts: &[Receipt]) -> Fates {
        self.change(receipts, Change::Delete).await
    }

    async fn change(&self, receipts: &[Receipt], change: Change) -> Fates {
        let mut seen = HashSet::new();
        // SQS refuses a batch that names one twice.
        let each: Vec<_> = receipts.iter().filter(|receipt| seen.insert(*receipt)).cloned().collect();
        let batches: Vec<_> = each.chunks(BATCH_MAX).map(<[Receipt]>::to_vec).collect();
        let batches = stream::iter(batches).map(|batch| self.change_batch(batch, change));
        batches.buffered(BATCHES_AT_ONCE).concat().await
    }

    async fn change_batch(&self, receipts: Vec<Receipt>, change: Change) -> Fates {
        let asked = self.asked(change.action());
        let answer = match change {
            Change::Visibility { seconds } => self.change_visibility(&receipts, seconds).await,
            Change::Delete => self.delete_batch(&receipts).await,
        };
        let fate = |at: usize| match &answer {
            Err(error) => Err(error.clone()),
            Ok(failed) => match failed.iter().find(|failed| is_at(&failed.id, at)) {
                None => Ok(Held::Done),
                Some(failed) if is_too_old(failed) => Ok(Held::TooOld),
                Some(failed) => Err(asked.item(failed)),
            },
        };
        receipts.into_iter().enumerate().map(|(at, receipt)| (receipt, fate(at))).collect()
    }

    async fn change_visibility(
        &self,
        receipts: &[Receipt],
        seconds: i32,
    ) -> Result<Vec<BatchResultErrorEntry>, SqsError> {
        let entry = |(at, receipt): (usize, &Receipt)| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(at.to_string());
            entry.receipt_handle(&receipt.0).visibility_timeout(seconds).build().map_err(invalid)
        };
        let entries = receipts.iter().enumerate().map(entry).collect::<Result<_, _>>()?;
        let request = self.open.client.change_message_visibility_batch().queue_url(&self.open.queue.url);
        let answer = request.set_entries(Some(entries)).send().await;
        let asked = self.asked("sqs:ChangeMessageVisibility");
        answer.map(|answer| answer.failed).map_err(|error| asked.failed(&error))
    }

    async fn delete_batch(&self, receipts: &[Receipt]) -> Result<Vec<BatchResultErrorEntry>, SqsError> {
        let entry = |(at, receipt): (usize, &Receipt)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(at.to_string());
            entry.receipt_handle(&receipt.0).build().map_err(invalid)
        };
        let entries = receipts.iter().enumerate().map(entry).collect::<Result<_, _>>()?;
        let request = self.open.client.delete_message_batch().queue_url(&self.open.queue.url);
        let answer = request.set_entries(Some(entries)).send().await;
        answer.map(|answer| answer.failed).map_err(|error| self.asked("sqs:DeleteMessage").failed(&error))
    }
}

fn is_too_old(failed: &BatchResultErrorEntry) -> bool {
    let code = failed.code.rsplit(['#', '.']).next().unwrap_or_default();
    // An extension past the 12 h is answered as a wrong parameter. We send no other wrong one.
    matches!(code, "ReceiptHandleIsInvalid" | "MessageNotInflight" | "InvalidParameterValue")
}
