//! Sends tickets, ten in a request.

use aws_sdk_sqs::types::SendMessageBatchRequestEntry as Entry;
use futures::{StreamExt, stream};

use super::{Channel, SqsError, Ticket, error::invalid};

/// SQS's own limit.
pub(super) const BATCH_MAX: usize = 10;
/// Requests of one call under way at once.
pub(super) const BATCHES_AT_ONCE: usize = 4;

impl Channel {
    /// Sends tickets, and tells of each what became of it, in the order given. An `Unavailable` one may
    /// have been sent all the same.
    pub async fn send(&self, tickets: &[Ticket]) -> Vec<(Ticket, Result<(), SqsError>)> {
        let batches: Vec<_> = tickets.chunks(BATCH_MAX).map(<[Ticket]>::to_vec).collect();
        stream::iter(batches).map(|batch| self.send_batch(batch)).buffered(BATCHES_AT_ONCE).concat().await
    }

    async fn send_batch(&self, tickets: Vec<Ticket>) -> Vec<(Ticket, Result<(), SqsError>)> {
        let asked = self.asked("sqs:SendMessage");
        let entry = |(at, ticket): (usize, &Ticket)| {
            Entry::builder().id(at.to_string()).message_body(ticket.body(self.open.installation)).build()
        };
        let entries = tickets.iter().enumerate().map(entry).collect::<Result<_, _>>();
        let answer = match entries {
            Ok(entries) => {
                let request = self.open.client.send_message_batch().queue_url(&self.open.queue.url);
                request.set_entries(Some(entries)).send().await.map_err(|error| asked.failed(&error))
            }
            Err(error) => Err(invalid(error)),
        };
        let fate = |at: usize| match &answer {
            Err(error) => Err(error.clone()),
            Ok(answer) if answer.successful.iter().any(|sent| is_at(&sent.id, at)) => Ok(()),
            Ok(answer) => Err(answer.failed.iter().find(|failed| is_at(&failed.id, at)).map_or_else(
                || asked.unavailable("an answer that leaves a message out"),
                |failed| asked.item(failed),
            )),
        };
        tickets.iter().enumerate().map(|(at, ticket)| (*ticket, fate(at))).collect()
    }
}

/// Whether an item of an answer is the one that was sent in this place.
pub(super) fn is_at(id: &str, at: usize) -> bool {
    id.parse() == Ok(at)
}
