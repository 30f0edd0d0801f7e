//! Posts batches, again where that may help, and counts what became of them.

use std::time::Instant;

use reqwest::{Method, header::CONTENT_TYPE};

use super::{
    Format,
    answer::{Answer, Told},
    batch::{Batch, Origin},
    delivery::Delivery,
    progress::Progress,
    read::Read,
    retries::Retries,
    summary::Summary,
};
use crate::{ApiClient, ClientError, text::shown};

/// Lines about single items on standard error; the rest is in the summary's counts.
const NOTES_MAX: usize = 20;

/// Why no further batch is worth sending.
#[derive(Debug)]
struct GaveUp {
    told: String,
    /// Whether the same command may fare better later.
    may_pass: bool,
}

#[derive(Debug)]
pub(super) struct Sender {
    client: ApiClient,
    format: Format,
    retries: Retries,
    progress: Progress,
    summary: Summary,
    notes: usize,
}

impl Sender {
    pub(super) fn new(client: ApiClient, format: Format, retries: Retries, progress: Progress) -> Self {
        Self { client, format, retries, progress, summary: Summary::default(), notes: 0 }
    }

    pub(super) fn into_summary(self) -> Summary {
        self.summary
    }

    /// Takes what the reader found; false where it is time to stop.
    pub(super) async fn take(&mut self, read: Read) -> bool {
        match read {
            Read::File => self.summary.files += 1,
            Read::Fault(fault) => {
                self.note(&fault.to_string());
                self.summary.fault(fault);
            }
            Read::Batch(batch) => {
                self.summary.read += batch.items.len() as u64;
                if let Err(GaveUp { told, may_pass }) = self.send(batch).await {
                    // Said once: the summary has it.
                    self.summary.stopped = Some(told);
                    self.summary.may_pass = may_pass;
                    return false;
                }
                self.progress
                    .say(format!("{} accepted, {} duplicate", self.summary.accepted, self.summary.duplicate));
            }
        }
        true
    }

    /// Sends a batch, in parts where the server finds it too large, until each item is counted.
    async fn send(&mut self, batch: Batch) -> Result<(), GaveUp> {
        let mut waiting = vec![batch];
        while let Some(batch) = waiting.pop() {
            let mut delivery = Delivery::new(batch);
            let Err(error) = self.deliver(&mut delivery).await else {
                self.summary.retry += self.count(delivery);
                continue;
            };
            let halves = if error.status() == Some(413) { delivery.split() } else { None };
            match halves {
                Some((first, second)) => waiting.extend([second, first]),
                None => self.refused(delivery, &waiting, &error)?,
            }
        }
        Ok(())
    }

    /// Sends a request, again while the server is away, busy, or puts items off. Where time is up, what
    /// is not settled was put off; an error is the last try's.
    async fn deliver(&mut self, delivery: &mut Delivery) -> Result<(), ClientError> {
        let (mut tried, mut first_failure) = (0, None);
        loop {
            let failure = match self.post(delivery).await {
                Ok(None) => return Ok(()),
                Ok(Some(put_off)) => {
                    if tried == 0 {
                        let n = delivery.unsettled();
                        self.progress.note(&format!("{n} put off, trying again: {}", shown(&put_off.why())));
                    }
                    None
                }
                Err(error) if error.is_temporary() => {
                    if tried == 0 {
                        self.progress.note(&format!("waiting for the server: {}", chain(&error)));
                    }
                    if !error.is_before_anything() {
                        delivery.may_have_begun();
                    }
                    Some(error)
                }
                Err(error) => return Err(error),
            };
            let since = *first_failure.get_or_insert_with(Instant::now);
            let asked = failure.as_ref().and_then(ClientError::retry_after);
            let Some(wait) = self.retries.wait(tried, since.elapsed(), asked) else {
                return failure.map_or(Ok(()), Err);
            };
            tried += 1;
            delivery.again();
            tokio::time::sleep(wait).await;
        }
    }

    /// One try. Gives the word for what the server put off, if it put off something.
    async fn post(&self, delivery: &mut Delivery) -> Result<Option<Told>, ClientError> {
        let request = self
            .client
            .request(Method::POST, "/api/v1/logs/bulk")
            .query(&[("format", self.format.as_str())])
            .header(CONTENT_TYPE, "application/x-ndjson")
            .header("idempotency-key", &delivery.key)
            .body(delivery.body.clone());
        let answer = self.client.json::<Answer>(request).await?;
        delivery.learn(answer).map_err(|told| ClientError::Unreadable {
            url: self.client.url().to_owned(),
            source: told.into(),
        })
    }

    /// A request that the server does not take: the next may fare better, unless it is our credential
    /// or the server itself.
    fn refused(&mut self, delivery: Delivery, waiting: &[Batch], error: &ClientError) -> Result<(), GaveUp> {
        let told = chain(error);
        let first = delivery.first().cloned();
        let failed = self.count(delivery);
        self.summary.failed += failed;
        if error.is_temporary()
            || matches!(error.status(), Some(401 | 403 | 404 | 405))
            || error.status().is_none()
        {
            let rest: usize = waiting.iter().map(|b| b.items.len()).sum();
            self.summary.failed += rest as u64;
            let may_pass = error.is_temporary() || error.status().is_none();
            return Err(GaveUp { told, may_pass });
        }
        if let Some(origin) = first {
            let file = shown(&origin.file.to_string_lossy());
            self.note(&format!("{file}:{}: {failed} from here on failed: {told}", origin.place.line));
        }
        Ok(())
    }

    /// Counts what is settled, and answers how many items are not.
    fn count(&mut self, delivery: Delivery) -> u64 {
        self.summary.sent_again += delivery.sent_again() as u64;
        let mut unsettled = 0;
        for (origin, told) in delivery.into_items() {
            match told {
                Some(told) => self.count_one(&origin, &told),
                None => unsettled += 1,
            }
        }
        unsettled
    }

    fn count_one(&mut self, origin: &Origin, told: &Told) {
        match told.status.as_str() {
            "accepted" => self.summary.accepted += 1,
            "duplicate" => self.summary.duplicate += 1,
            status => {
                let file = shown(&origin.file.to_string_lossy());
                self.note(&format!("{file}:{}: {status}: {}", origin.place.line, shown(&told.why())));
                if status == "quarantined" {
                    let reason = told.reason.clone().unwrap_or_else(|| "unnamed".to_owned());
                    *self.summary.quarantined.entry(reason).or_default() += 1;
                } else {
                    self.summary.failed += 1;
                }
            }
        }
    }

    fn note(&mut self, line: &str) {
        self.notes += 1;
        match self.notes {
            n if n <= NOTES_MAX => self.progress.note(line),
            n if n == NOTES_MAX + 1 => self.progress.note("… and more; the summary counts them all"),
            _ => {}
        }
    }
}

/// An error and what it came from, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use std::{path::Path, sync::Arc, time::Duration};

    use super::*;
    use crate::import::{items::Item, scanner::Place};

    fn sender() -> Sender {
        let retries = Retries { total_max: Duration::ZERO };
        // Port 9 (discard) of this machine: nobody listens there.
        let client = ApiClient::new("http://127.0.0.1:9", None, None).unwrap();
        Sender::new(client, Format::Auto, retries, Progress::start(0))
    }

    fn batch(n: usize) -> Batch {
        let mut batch = Batch::default();
        for line in 1..=n as u64 {
            let item = Item { json: b"{}".to_vec(), place: Place { line, byte: 0 } };
            batch.push(&Arc::from(Path::new("f.json")), item);
        }
        batch
    }

    #[test]
    fn every_item_of_an_answer_is_counted_once() {
        let answer: Answer = serde_json::from_str(
            r#"{"accepted":1,"duplicate":1,"quarantined":2,"retry":1,"items":[
                {"status":"accepted","id":"x","seq":1,"leaf_hash":"00"},
                {"status":"duplicate","id":"x","seq":0,"leaf_hash":"00"},
                {"status":"quarantined","id":"q","reason":"schema","errors":[{"pointer":"/actor","detail":"is required"}]},
                {"status":"quarantined","id":"q","reason":"time"},
                {"status":"retry","detail":"the quarantine is full"}]}"#,
        )
        .unwrap();
        assert_eq!(answer.items[2].why(), "schema: /actor is required");
        assert_eq!(answer.items[4].why(), "retry: the quarantine is full");
        let mut sender = sender();
        let mut delivery = Delivery::new(batch(5));
        assert!(delivery.learn(answer).unwrap().unwrap().is_put_off());
        assert_eq!(sender.count(delivery), 1);
        let summary = sender.into_summary();
        assert_eq!((summary.accepted, summary.duplicate), (1, 1));
        assert_eq!(summary.quarantined, [("schema".to_owned(), 1), ("time".to_owned(), 1)].into());
    }

    #[tokio::test]
    async fn a_server_that_is_away_stops_the_import_and_the_counts_add_up() {
        let mut sender = sender();
        assert!(!sender.take(Read::Batch(batch(3))).await);
        let summary = sender.into_summary();
        assert_eq!((summary.read, summary.failed), (3, 3));
        assert!(summary.stopped.as_deref().unwrap().contains("cannot reach http://127.0.0.1:9/"));
        assert!(!summary.is_complete());
    }

    #[test]
    fn a_refused_batch_is_counted_and_the_next_may_follow() {
        let mut sender = sender();
        let refusal = |status| ClientError::Problem(Box::new(crate::Problem::read(status, "no", b"")));
        assert!(sender.refused(Delivery::new(batch(2)), &[], &refusal(413)).is_ok());
        assert!(sender.refused(Delivery::new(batch(2)), &[batch(4)], &refusal(401)).is_err());
        assert_eq!(sender.into_summary().failed, 8);
    }
}
