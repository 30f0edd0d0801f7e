//! Sends tickets, ten in a request.

use aws_sdk_sqs::{
    operation::send_message_batch::SendMessageBatchOutput as Answer,
    types::SendMessageBatchRequestEntry as Entry,
};
use futures::{StreamExt, stream};

use super::{
    Channel, SqsError, Ticket,
    error::{Asked, invalid},
};

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
        tickets.into_iter().enumerate().map(|(at, ticket)| (ticket, fate(asked, &answer, at))).collect()
    }
}

/// What became of the message that was sent in this place.
fn fate(asked: Asked<'_>, answer: &Result<Answer, SqsError>, at: usize) -> Result<(), SqsError> {
    let answer = answer.as_ref().map_err(Clone::clone)?;
    if answer.successful.iter().any(|sent| is_at(&sent.id, at)) {
        return Ok(());
    }
    Err(answer.failed.iter().find(|failed| is_at(&failed.id, at)).map_or_else(
        || asked.unavailable("an answer that leaves a message out"),
        |failed| asked.item(failed),
    ))
}

/// Whether an item of an answer is the one that was sent in this place.
pub(super) fn is_at(id: &str, at: usize) -> bool {
    id.parse() == Ok(at)
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchResultEntry};

    use super::*;

    fn failed(id: &str, code: &str, sender_fault: bool) -> BatchResultErrorEntry {
        BatchResultErrorEntry::builder().id(id).code(code).sender_fault(sender_fault).build().unwrap()
    }

    #[test]
    fn each_message_of_a_batch_has_its_own_fate() {
        let sent = SendMessageBatchResultEntry::builder().id("1").message_id("m").md5_of_message_body("5");
        let answer = Answer::builder()
            .successful(sent.build().unwrap())
            .failed(failed("0", "InternalError", false))
            .failed(failed("3", "InvalidMessageContents", true))
            .failed(failed("4", "SomethingNew", false))
            .build();
        let answer = Ok(answer.unwrap());
        let asked = Asked { action: "sqs:SendMessage", queue: "jobs" };
        let fates: Vec<_> = (0..5).map(|at| fate(asked, &answer, at)).collect();
        assert!(matches!(fates[0], Err(SqsError::Unavailable(_))), "{fates:?}");
        assert_eq!(fates[1], Ok(()));
        assert!(matches!(fates[2], Err(SqsError::Unavailable(_))), "it was not mentioned: {fates:?}");
        assert!(matches!(fates[3], Err(SqsError::Invalid(_))), "{fates:?}");
        assert!(matches!(fates[4], Err(SqsError::Unavailable(_))), "not our fault: {fates:?}");
    }
}
