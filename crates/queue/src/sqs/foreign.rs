//! Sets aside what is not a ticket of ours: to the dead letters, with the reason, and out of the queue.

use std::time::Duration;

use aws_sdk_sqs::types::MessageAttributeValue;
use futures::{StreamExt, stream};

use super::{
    Channel, Foreign, Receipt, SqsError,
    error::{Asked, invalid},
    send::BATCHES_AT_ONCE,
};

/// Counts what was set aside, by `reason` ([`Foreign::as_str`]).
pub const FOREIGN_MESSAGES: &str = "custody_queue_foreign_messages_total";
/// The message attribute of a dead letter that says why it is one.
const REASON: &str = "custody-reason";
/// Tickets of the same receive wait for this, and their visibility runs. What is not set aside by then
/// comes again.
const SET_ASIDE_MAX: Duration = Duration::from_secs(5);

/// A message that is not ours.
pub(super) struct Stranger {
    pub(super) why: Foreign,
    pub(super) body: String,
    pub(super) receipt: Receipt,
    pub(super) message_id: String,
}

impl Channel {
    /// First sent to the dead letters, then deleted: whoever dies between the two has doubled it there and
    /// lost nothing.
    pub(super) async fn set_aside(&self, foreign: Vec<Stranger>) {
        if foreign.is_empty() {
            return;
        }
        let each = stream::iter(foreign)
            .for_each_concurrent(BATCHES_AT_ONCE, |stranger| self.set_aside_and_tell(stranger));
        if tokio::time::timeout(SET_ASIDE_MAX, each).await.is_err() {
            tracing::error!(
                queue = %self.open.queue.name,
                "foreign messages could not be set aside in time, and stay"
            );
        }
    }

    async fn set_aside_and_tell(&self, stranger: Stranger) {
        let (queue, reason) = (&self.open.queue.name, stranger.why.as_str());
        let message = &stranger.message_id;
        match self.set_one_aside(&stranger).await {
            Ok(()) => {
                metrics::counter!(FOREIGN_MESSAGES, "reason" => reason).increment(1);
                tracing::warn!(%queue, message.id = %message, reason, "a foreign message was set aside");
            }
            Err(error) => tracing::error!(
                %queue, message.id = %message, reason, %error, "a foreign message could not be set aside, and stays"
            ),
        }
    }

    async fn set_one_aside(&self, stranger: &Stranger) -> Result<(), SqsError> {
        let dead = &self.open.dead_letters;
        let asked = Asked { action: "sqs:SendMessage", queue: &dead.name };
        let reason = MessageAttributeValue::builder().data_type("String").string_value(stranger.why.as_str());
        let reason = reason.build().map_err(invalid)?;
        let send = self.open.client.send_message().queue_url(&dead.url).message_body(&stranger.body);
        match send.clone().message_attributes(REASON, reason).send().await.map_err(|e| asked.failed(&e)) {
            Ok(_) => {}
            // The reason counts as part of its size: a body that fills all that SQS takes goes without.
            Err(SqsError::Invalid(_)) => drop(send.send().await.map_err(|e| asked.failed(&e))?),
            Err(error) => return Err(error),
        }
        match self.delete(std::slice::from_ref(&stranger.receipt)).await.pop() {
            Some((_, Err(error))) => Err(error),
            _ => Ok(()),
        }
    }
}
