//! Receives tickets.

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName as Attribute};
use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};

use super::{
    Channel, Receipt, SqsError, Ticket,
    client::timeouts,
    foreign::Stranger,
    send::{BATCH_MAX, BATCHES_AT_ONCE},
};

/// The most that one `receive` brings.
pub const RECEIVE_MAX: usize = 100;

/// One message, held for the queue's visibility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub ticket: Ticket,
    /// What extends, releases and deletes it. Of two deliveries of one message the later one's counts.
    pub receipt: Receipt,
    /// How often it was received, this time among them; about, says SQS.
    pub receive_count: u32,
    /// When it was sent, by SQS's clock.
    pub sent_at: Option<DateTime<Utc>>,
}

impl Channel {
    /// Up to `max` messages (and at most [`RECEIVE_MAX`]), as many as there are: waits for the first one,
    /// for the configured wait, and for no more than that. None is an empty queue, or one that held
    /// nothing but foreign messages: ask again at once, the waiting is done here.
    ///
    /// Foreign messages are set aside and not returned.
    ///
    /// Cancel-safe: where this future is dropped, nothing is lost. What SQS had handed out by then is
    /// received again after its visibility, with a receive count that is higher by one.
    pub async fn receive(&self, max: usize) -> Result<Vec<Delivery>, SqsError> {
        let max = max.min(RECEIVE_MAX);
        if max == 0 {
            return Ok(Vec::new());
        }
        let mut messages = self.poll(max.min(BATCH_MAX), true).await?;
        // A full batch says that there is more. Each request brings ten, so the rest is asked for at once
        // and without waiting: what is here already is held, and its time runs.
        if messages.len() == BATCH_MAX && max > BATCH_MAX {
            let sizes = (BATCH_MAX..max).step_by(BATCH_MAX).map(|from| (max - from).min(BATCH_MAX));
            let sizes: Vec<_> = sizes.collect();
            let mut more = stream::iter(sizes).map(|n| self.poll(n, false)).buffer_unordered(BATCHES_AT_ONCE);
            while let Some(batch) = more.next().await {
                // A failure here is the next receive's to tell: these messages are in hand.
                messages.extend(batch.unwrap_or_default());
            }
        }
        let (mut ours, mut foreign) = (Vec::with_capacity(messages.len()), Vec::new());
        for message in messages {
            match self.read(message) {
                Ok(delivery) => ours.push(delivery),
                Err(stranger) => foreign.push(stranger),
            }
        }
        self.set_aside(foreign).await;
        Ok(ours)
    }

    async fn poll(&self, max: usize, may_wait: bool) -> Result<Vec<Message>, SqsError> {
        let wait = if may_wait { self.open.wait } else { std::time::Duration::ZERO };
        let patience = aws_sdk_sqs::config::Builder::new().timeout_config(timeouts(self.open.attempt, wait));
        let request = self.open.client.receive_message().queue_url(&self.open.queue.url);
        let answer = request
            .max_number_of_messages(i32::try_from(max).unwrap_or(1))
            .wait_time_seconds(super::config::seconds(wait))
            .visibility_timeout(self.open.visibility_seconds)
            .message_system_attribute_names(Attribute::ApproximateReceiveCount)
            .message_system_attribute_names(Attribute::SentTimestamp)
            .customize()
            .config_override(patience)
            .send()
            .await;
        let answer = answer.map_err(|error| self.asked("sqs:ReceiveMessage").failed(&error))?;
        Ok(answer.messages.unwrap_or_default())
    }

    fn read(&self, message: Message) -> Result<Delivery, Stranger> {
        let said = |name| message.attributes.as_ref().and_then(|attributes| attributes.get(&name));
        let receive_count =
            said(Attribute::ApproximateReceiveCount).and_then(|n| n.parse().ok()).unwrap_or(1);
        let sent_at = said(Attribute::SentTimestamp).and_then(|n| n.parse().ok());
        let receipt = Receipt(message.receipt_handle.unwrap_or_default());
        let body = message.body.unwrap_or_default();
        match Ticket::read(&body, self.open.installation) {
            Ok(ticket) => Ok(Delivery {
                ticket,
                receipt,
                receive_count,
                sent_at: sent_at.and_then(DateTime::from_timestamp_millis),
            }),
            Err(why) => {
                Err(Stranger { why, body, receipt, message_id: message.message_id.unwrap_or_default() })
            }
        }
    }
}
