//! Posts batches, again where that may help, and counts what became of them.

use std::time::{Duration, Instant};

use reqwest::{Method, header::CONTENT_TYPE};
use serde::Deserialize;

use super::{Format, batch::Batch, progress::Progress, read::Read, summary::Summary};
use crate::{ApiClient, ClientError, problem::ProblemError, text::shown};

/// Lines about single items on standard error; the rest is in the summary's counts.
const NOTES_MAX: usize = 20;
const WAIT_MIN: Duration = Duration::from_millis(250);
const WAIT_MAX: Duration = Duration::from_secs(10);

/// How long to go on with one batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retries {
    pub(super) total_max: Duration,
}

impl Retries {
    /// How long to wait before try number `tried + 1`, after `elapsed` since the first failed;
    /// none where it is time to give up. The server's own word comes before our doubling.
    fn wait(self, tried: u32, elapsed: Duration, asked: Option<Duration>) -> Option<Duration> {
        let doubled = WAIT_MIN.saturating_mul(1 << tried.min(10)).min(WAIT_MAX);
        let wait = asked.map_or(doubled, |asked| asked.max(WAIT_MIN));
        (elapsed + wait <= self.total_max).then_some(wait)
    }
}

/// The answer to a bulk request.
#[derive(Debug, Deserialize)]
struct Answer {
    items: Vec<Told>,
}

/// What became of one item, in the order sent.
#[derive(Debug, Deserialize)]
struct Told {
    status: String,
    reason: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    errors: Vec<ProblemError>,
}

impl Told {
    /// The first thing that was wrong, in one line.
    fn why(&self) -> String {
        let reason = self.reason.as_deref().unwrap_or(&self.status);
        let first = self.errors.first().map(|e| {
            let pointer = e.pointer.as_deref().unwrap_or_default();
            format!("{pointer} {}", e.detail).trim().to_owned()
        });
        match first.or_else(|| self.detail.clone()) {
            Some(detail) => format!("{reason}: {detail}"),
            None => reason.to_owned(),
        }
    }
}

/// Why no further batch is worth sending.
type GaveUp = String;

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
                if let Err(why) = self.send(batch).await {
                    self.note(&why);
                    self.summary.stopped = Some(why);
                    return false;
                }
                self.progress
                    .say(format!("{} accepted, {} duplicate", self.summary.accepted, self.summary.duplicate));
            }
        }
        true
    }

    /// Sends a batch and what the server put off or found too large, until each item is counted.
    async fn send(&mut self, batch: Batch) -> Result<(), GaveUp> {
        let mut waiting = vec![batch];
        let mut put_off = 0;
        let started = Instant::now();
        while let Some(batch) = waiting.pop() {
            match self.post(&batch).await {
                Ok(told) => {
                    let again = self.count(batch, &told);
                    if again.is_empty() {
                        continue;
                    }
                    match self.retries.wait(put_off, started.elapsed(), None) {
                        Some(wait) => {
                            put_off += 1;
                            self.progress.say(format!("{} put off, trying again", again.items.len()));
                            tokio::time::sleep(wait).await;
                            waiting.push(again);
                        }
                        None => self.summary.retry += again.items.len() as u64,
                    }
                }
                Err(error) if error.status() == Some(413) && batch.items.len() > 1 => {
                    if let Some((first, second)) = batch.split() {
                        waiting.extend([second, first]);
                    }
                }
                Err(error) => self.refused(&batch, &waiting, &error)?,
            }
        }
        Ok(())
    }

    /// A batch that the server does not take: the next may fare better, unless it is our credential
    /// or the server itself.
    fn refused(&mut self, batch: &Batch, waiting: &[Batch], error: &ClientError) -> Result<(), GaveUp> {
        let told = chain(error);
        if error.is_temporary()
            || matches!(error.status(), Some(401 | 403 | 404 | 405))
            || error.status().is_none()
        {
            let rest: usize = waiting.iter().map(|b| b.items.len()).sum();
            self.summary.failed += (batch.items.len() + rest) as u64;
            return Err(told);
        }
        self.summary.failed += batch.items.len() as u64;
        if let Some((origin, _)) = batch.items.first() {
            let n = batch.items.len();
            let file = shown(&origin.file.to_string_lossy());
            self.note(&format!("{file}:{}: {n} from here on failed: {told}", origin.place.line));
        }
        Ok(())
    }

    /// One request, tried again while the server is away or busy.
    async fn post(&mut self, batch: &Batch) -> Result<Vec<Told>, ClientError> {
        let body = bytes::Bytes::from(batch.body());
        // Whatever became of a try, the next adds nothing to it.
        let key = format!("import-{}", uuid::Uuid::new_v4());
        let (mut tried, mut first_failure) = (0, None);
        loop {
            let request = self
                .client
                .request(Method::POST, "/api/v1/logs/bulk")
                .query(&[("format", self.format.as_str())])
                .header(CONTENT_TYPE, "application/x-ndjson")
                .header("idempotency-key", &key)
                .body(body.clone());
            let error = match self.client.json::<Answer>(request).await {
                Ok(answer) if answer.items.len() == batch.items.len() => return Ok(answer.items),
                Ok(answer) => {
                    let told =
                        format!("{} items were sent, {} answered", batch.items.len(), answer.items.len());
                    return Err(ClientError::Unreadable {
                        url: self.client.url().to_owned(),
                        source: told.into(),
                    });
                }
                Err(error) => error,
            };
            let since = *first_failure.get_or_insert_with(Instant::now);
            match self.retries.wait(tried, since.elapsed(), error.retry_after()) {
                Some(wait) if error.is_temporary() => {
                    tried += 1;
                    if !error.is_before_anything() {
                        self.summary.sent_again += batch.items.len() as u64;
                    }
                    if tried == 1 {
                        self.progress.note(&format!("waiting for the server: {}", chain(&error)));
                    }
                    tokio::time::sleep(wait).await;
                }
                _ => return Err(error),
            }
        }
    }

    /// Counts what is settled and answers what the server put off.
    fn count(&mut self, batch: Batch, told: &[Told]) -> Batch {
        let mut again = Vec::new();
        for ((origin, json), told) in batch.items.into_iter().zip(told) {
            match told.status.as_str() {
                "accepted" => self.summary.accepted += 1,
                "duplicate" => self.summary.duplicate += 1,
                "retry" => again.push((origin, json)),
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
        again.into()
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
    use std::{path::Path, sync::Arc};

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
    fn waits_double_up_to_a_bound_and_the_server_may_ask_for_longer() {
        let retries = Retries { total_max: Duration::from_mins(5) };
        let wait = |tried| retries.wait(tried, Duration::ZERO, None).unwrap();
        assert_eq!([wait(0), wait(1), wait(2)].map(|w| w.as_millis()), [250, 500, 1000]);
        assert_eq!(wait(60), WAIT_MAX);
        let asked = Some(Duration::from_secs(30));
        assert_eq!(retries.wait(0, Duration::ZERO, asked), asked);
        assert_eq!(retries.wait(0, Duration::from_secs(290), asked), None);
        assert_eq!(retries.wait(0, Duration::from_mins(5), None), None);
        // «At once» is not taken at its word: a busy server must not be asked in a tight loop.
        assert_eq!(retries.wait(0, Duration::ZERO, Some(Duration::ZERO)), Some(WAIT_MIN));
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
        let again = sender.count(batch(5), &answer.items);
        assert_eq!((again.items.len(), again.items[0].0.place.line), (1, 5));
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
        assert!(sender.refused(&batch(2), &[], &refusal(413)).is_ok());
        assert!(sender.refused(&batch(2), &[batch(4)], &refusal(401)).is_err());
        assert_eq!(sender.into_summary().failed, 8);
    }
}
