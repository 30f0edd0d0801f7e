//! Messages a second through SQS: a plain loop of the SDK's, the same through `Channel`, and whole jobs
//! (asked for, relayed, received, run, written down, deleted), one after the other and again, on one server.
//!
//! ```sh
//! CUSTODY_PG_DURABLE=1 scripts/with-postgres scripts/with-aws \
//!     cargo run --release -p custody-queue --example sqs_rate -- 4000 4 4
//! ```
//!
//! The arguments: messages, workers, rounds. Each worker sends ten, receives ten and deletes ten until all
//! were sent; then they receive and delete what is left. Each measurement has a queue of its own.

mod rig;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::{
    Client,
    config::{Credentials, SharedCredentialsProvider},
    types::{DeleteMessageBatchRequestEntry, SendMessageBatchRequestEntry},
};
use custody_domain::TenantId;
use custody_queue::{
    Dispatch,
    hear::Heard,
    sqs::{Channel, RelayConfig, Sqs, SqsConfig, Ticket},
};
use custody_store::Store;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::rig::{Error, Rig, stop};

const BATCH: usize = 10;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let mut next = |default: usize| numbers.next().unwrap_or(Ok(default));
    let (messages, workers, rounds) = (next(4000)?, next(4)?.max(1), next(4)?.max(1));
    let url = std::env::var("CUSTODY_TEST_AWS_URL")
        .map_err(|_| "CUSTODY_TEST_AWS_URL is not set: run it under scripts/with-aws")?;
    let shared = shared(&url);
    println!("{messages} messages, {workers} workers, messages a second:");
    let (mut plain_rates, mut channel_rates, mut job_rates) = (Vec::new(), Vec::new(), Vec::new());
    let mut rig = Rig::new().await?;
    for round in 1..=rounds {
        let plain = rate(messages, workers, Plain::new(&shared).await?).await?;
        let channel = rate(messages, workers, Through::new(&shared).await?).await?;
        let jobs = jobs_rate(messages, workers, &mut rig, &shared).await?;
        println!(
            "round {round}: plain {plain:.0}, channel {channel:.0} ({:.2}), jobs {jobs:.0} ({:.2})",
            channel / plain,
            jobs / plain
        );
        plain_rates.push(plain);
        channel_rates.push(channel);
        job_rates.push(jobs);
    }
    let (plain, channel, jobs) = (median(plain_rates), median(channel_rates), median(job_rates));
    println!(
        "median: plain {plain:.0}, channel {channel:.0} ({:.2}), jobs {jobs:.0} ({:.2})",
        channel / plain,
        jobs / plain
    );
    Ok(())
}

/// Whole jobs, by workers on a queue of their own.
async fn jobs_rate(messages: usize, workers: usize, rig: &mut Rig, shared: &SdkConfig) -> Result<f64, Error> {
    let many = messages / 400 * 400;
    let tenants = rig.tenants(20).await?;
    let config = SqsConfig::new(&format!("rate-{}", Uuid::new_v4()), Uuid::new_v4());
    let sqs = |store: &Store, heard: &Heard| -> Arc<dyn Dispatch> {
        let (config, relay) = (config.clone(), RelayConfig::default());
        Arc::new(Sqs::new(store.clone(), config, Some(shared.clone()), relay, heard.wait.clone()))
    };
    let running = rig.workers(workers, sqs).await?;
    let clock = Instant::now();
    rig.enqueue(&tenants, many).await?;
    rig.until_ended(many).await?;
    let seconds = clock.elapsed().as_secs_f64();
    stop(running).await;
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    Ok(many as f64 / seconds)
}

/// One way to the queue.
trait Lane: Send + Sync + 'static {
    fn send_ten(&self) -> impl Future<Output = Result<(), Error>> + Send;
    /// Receives up to ten and deletes them; says how many.
    fn take_ten(&self) -> impl Future<Output = Result<usize, Error>> + Send;
}

async fn rate<L: Lane>(messages: usize, workers: usize, lane: L) -> Result<f64, Error> {
    let batches = messages.div_ceil(BATCH);
    let (lane, begun, taken) = (Arc::new(lane), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut all = JoinSet::new();
    let clock = Instant::now();
    for _ in 0..workers {
        let (lane, begun, taken) = (Arc::clone(&lane), Arc::clone(&begun), Arc::clone(&taken));
        all.spawn(async move {
            while begun.fetch_add(1, Ordering::Relaxed) < batches {
                lane.send_ten().await?;
                taken.fetch_add(lane.take_ten().await?, Ordering::Relaxed);
            }
            while taken.load(Ordering::Relaxed) < batches * BATCH {
                taken.fetch_add(lane.take_ten().await?, Ordering::Relaxed);
            }
            Ok::<_, Error>(())
        });
    }
    while let Some(worker) = all.join_next().await {
        worker??;
    }
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    Ok((batches * BATCH) as f64 / clock.elapsed().as_secs_f64())
}

/// The SDK as anybody would call it.
struct Plain {
    client: Client,
    url: String,
}

impl Plain {
    async fn new(shared: &SdkConfig) -> Result<Self, Error> {
        let client = Client::new(shared);
        let made = client.create_queue().queue_name(format!("rate-{}", Uuid::new_v4())).send().await?;
        Ok(Self { client, url: made.queue_url.ok_or("a queue without a URL")? })
    }
}

impl Lane for Plain {
    async fn send_ten(&self) -> Result<(), Error> {
        // As long as a ticket.
        let entry = |n: usize| {
            let body = format!("{:0>172}", Uuid::new_v4());
            SendMessageBatchRequestEntry::builder().id(n.to_string()).message_body(body).build()
        };
        let entries = (0..BATCH).map(entry).collect::<Result<_, _>>()?;
        let sent = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send();
        if sent.await?.failed.is_empty() { Ok(()) } else { Err("a message was not sent".into()) }
    }

    async fn take_ten(&self) -> Result<usize, Error> {
        let request = self.client.receive_message().queue_url(&self.url);
        let got = request.max_number_of_messages(10).wait_time_seconds(1).send().await?;
        let messages = got.messages.unwrap_or_default();
        if messages.is_empty() {
            return Ok(0);
        }
        let entry = |(n, message): (usize, &aws_sdk_sqs::types::Message)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(n.to_string());
            entry.set_receipt_handle(message.receipt_handle.clone()).build()
        };
        let entries = messages.iter().enumerate().map(entry).collect::<Result<_, _>>()?;
        let deleted =
            self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries)).send();
        Ok(deleted.await?.successful.len())
    }
}

/// The same by ours.
struct Through(Channel);

impl Through {
    async fn new(shared: &SdkConfig) -> Result<Self, Error> {
        let config = SqsConfig::new(&format!("rate-{}", Uuid::new_v4()), Uuid::new_v4());
        let config = SqsConfig { wait: Duration::from_secs(1), ..config };
        Ok(Self(Channel::open_with(config, shared).await?))
    }
}

impl Lane for Through {
    async fn send_ten(&self) -> Result<(), Error> {
        let ticket = |_| Ticket { tenant: Some(TenantId(Uuid::new_v4())), job: Uuid::new_v4() };
        let tickets: Vec<_> = (0..BATCH).map(ticket).collect();
        for (_, fate) in self.0.send(&tickets).await {
            fate?;
        }
        Ok(())
    }

    async fn take_ten(&self) -> Result<usize, Error> {
        let got = self.0.receive(BATCH).await?;
        let receipts: Vec<_> = got.into_iter().map(|delivery| delivery.receipt).collect();
        for (_, fate) in self.0.delete(&receipts).await {
            fate?;
        }
        Ok(receipts.len())
    }
}

fn shared(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "example");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .build()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}
