//! A queue of one's own, and what looks at it from outside.

use std::{collections::HashSet, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::{
    Client,
    config::{Credentials, SharedCredentialsProvider},
    types::Message,
};
use custody_domain::TenantId;
use custody_queue::sqs::{Channel, Delivery, Receipt, SqsConfig, Ticket};
use custody_testkit::eventually;
use uuid::Uuid;

pub(crate) fn aws_url() -> String {
    std::env::var("CUSTODY_TEST_AWS_URL")
        .expect("CUSTODY_TEST_AWS_URL is not set; run the test under scripts/with-aws")
}

/// What the SDK would find in the environment of a server that is configured for this endpoint.
pub(crate) fn shared(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .build()
}

/// A new queue's configuration, short of breath: SQS counts whole seconds.
pub(super) fn config() -> SqsConfig {
    SqsConfig {
        visibility: Duration::from_secs(2),
        wait: Duration::from_secs(1),
        ..SqsConfig::new(&format!("it-{}", Uuid::new_v4()), Uuid::new_v4())
    }
}

pub(super) fn ticket() -> Ticket {
    Ticket { tenant: Some(TenantId(Uuid::new_v4())), job: Uuid::new_v4() }
}

pub(super) fn tickets(count: usize) -> Vec<Ticket> {
    (0..count).map(|_| ticket()).collect()
}

pub(super) struct Fixture {
    pub(super) config: SqsConfig,
    pub(super) channel: Channel,
    /// A plain client of the SDK.
    pub(super) plain: Client,
    pub(super) queue_url: String,
    pub(super) dead_url: String,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        Self::of(config()).await
    }

    /// Its messages come again after this time.
    pub(super) async fn visible_again_after(seconds: u64) -> Self {
        Self::of(SqsConfig { visibility: Duration::from_secs(seconds), ..config() }).await
    }

    pub(super) async fn of(config: SqsConfig) -> Self {
        let shared = shared(&aws_url());
        let channel = Channel::open_with(config.clone(), &shared).await.unwrap();
        let plain = Client::new(&shared);
        let url = async |name: &str| {
            plain.get_queue_url().queue_name(name).send().await.unwrap().queue_url.unwrap()
        };
        let (queue_url, dead_url) = (url(&config.queue).await, url(&config.dead_letters).await);
        Self { config, channel, plain, queue_url, dead_url }
    }

    pub(super) async fn send(&self, tickets: &[Ticket]) {
        for (ticket, fate) in self.channel.send(tickets).await {
            assert_eq!(fate, Ok(()), "{ticket:?}");
        }
    }

    /// The next delivery.
    pub(super) async fn one(&self) -> Delivery {
        self.several(1).await.pop().unwrap()
    }

    /// So many deliveries, of whatever message. One request at a time: of two at once moto may hand out
    /// one message to both, as SQS may.
    pub(super) async fn several(&self, count: usize) -> Vec<Delivery> {
        let mut all = Vec::new();
        while all.len() < count {
            let more = eventually("a message comes", async || {
                Some(self.channel.receive((count - all.len()).min(10)).await.unwrap())
                    .filter(|got| !got.is_empty())
            });
            all.extend(more.await);
        }
        all
    }

    /// Of all kinds.
    pub(super) async fn messages(&self) -> u64 {
        let depth = self.channel.depth().await.unwrap();
        depth.visible + depth.in_flight + depth.delayed
    }

    /// Takes the dead letters out, once there are so many.
    pub(super) async fn dead_letters(&self, count: usize) -> Vec<Message> {
        let mut found = Vec::new();
        while found.len() < count {
            let more = eventually("a dead letter comes", async || {
                let request = self.plain.receive_message().queue_url(&self.dead_url);
                let request = request.max_number_of_messages(10).message_attribute_names("All");
                request.send().await.unwrap().messages.filter(|messages| !messages.is_empty())
            });
            for letter in more.await {
                let request = self.plain.delete_message().queue_url(&self.dead_url);
                request.set_receipt_handle(letter.receipt_handle.clone()).send().await.unwrap();
                found.push(letter);
            }
        }
        found
    }

    /// What somebody else puts into our queue.
    pub(super) async fn put(&self, body: &str) {
        let request = self.plain.send_message().queue_url(&self.queue_url).message_body(body);
        request.send().await.unwrap();
    }
}

pub(super) fn receipts(deliveries: &[Delivery]) -> Vec<Receipt> {
    deliveries.iter().map(|delivery| delivery.receipt.clone()).collect()
}

pub(super) fn set(tickets: impl IntoIterator<Item = Ticket>) -> HashSet<Ticket> {
    tickets.into_iter().collect()
}
