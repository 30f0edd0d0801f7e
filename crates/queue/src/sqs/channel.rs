//! One open queue and its dead letters.

use std::{sync::Arc, time::Duration};

use aws_config::SdkConfig;
use aws_sdk_sqs::{
    Client,
    types::QueueAttributeName::{
        ApproximateNumberOfMessages as Visible, ApproximateNumberOfMessagesDelayed as Delayed,
        ApproximateNumberOfMessagesNotVisible as InFlight, QueueArn,
    },
};
use uuid::Uuid;

use super::{
    SqsConfig, SqsError, client,
    config::{Place, seconds},
    error::Asked,
    queues::{self, Queue},
};

/// Finding or making the two queues, with the SDK's own search for credentials and region.
const OPEN_MAX: Duration = Duration::from_mins(1);
/// Whoever asks for health does not wait for repetitions.
const CHECK_MAX: Duration = Duration::from_secs(5);

/// An open queue. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Channel {
    pub(super) open: Arc<Open>,
}

#[derive(Debug)]
pub(super) struct Open {
    pub(super) client: Client,
    pub(super) queue: Queue,
    pub(super) dead_letters: Queue,
    pub(super) installation: Uuid,
    pub(super) visibility_seconds: i32,
    pub(super) wait: Duration,
    pub(super) attempt: Duration,
}

/// How many messages there are, about: SQS counts with a delay of up to a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// That a receive could have now.
    pub visible: u64,
    /// That were received, and are neither deleted nor visible again.
    pub in_flight: u64,
    /// That were sent with a delay. We send none so.
    pub delayed: u64,
}

impl Channel {
    /// Opens the queue by the SDK's own configuration, and makes it and its dead letters where they do
    /// not exist. Two may do so at once. Takes at most a minute.
    ///
    /// `Missing` and `Denied` name the queue or the permission that a person has to see to.
    pub async fn open(config: SqsConfig) -> Result<Self, SqsError> {
        config.check()?;
        let open = async { Self::open_with(config, &client::from_environment().await).await };
        tokio::time::timeout(OPEN_MAX, open)
            .await
            .unwrap_or_else(|_| Err(SqsError::Unavailable("the queue was not open in a minute".to_owned())))
    }

    /// The same, by this configuration of the SDK's.
    pub async fn open_with(config: SqsConfig, shared: &SdkConfig) -> Result<Self, SqsError> {
        config.check()?;
        let (place, dead) = (Place::parse(&config.queue)?, Place::parse(&config.dead_letters)?);
        if shared.region().is_none() {
            return Err(SqsError::Invalid("no region is configured: set AWS_REGION".to_owned()));
        }
        let client = client::client(shared, config.attempt);
        let (queue, dead_letters) = queues::open(&client, &place, &dead, config.visibility).await?;
        Ok(Self {
            open: Arc::new(Open {
                client,
                queue,
                dead_letters,
                installation: config.installation,
                visibility_seconds: seconds(config.visibility),
                wait: config.wait,
                attempt: config.attempt,
            }),
        })
    }

    /// For how long a received message is kept from others.
    pub(super) fn visibility(&self) -> Duration {
        Duration::from_secs(u64::from(self.open.visibility_seconds.unsigned_abs()))
    }

    /// About how many messages the queue holds.
    pub async fn depth(&self) -> Result<Depth, SqsError> {
        depth(&self.open.client, &self.open.queue).await
    }

    /// About how many dead letters there are.
    pub async fn dead_letters(&self) -> Result<Depth, SqsError> {
        depth(&self.open.client, &self.open.dead_letters).await
    }

    /// Whether the queue is there and answers us; at most 5 s.
    pub async fn check(&self) -> Result<(), SqsError> {
        let asked = self.asked("sqs:GetQueueAttributes");
        let request =
            self.open.client.get_queue_attributes().queue_url(&self.open.queue.url).attribute_names(QueueArn);
        match tokio::time::timeout(CHECK_MAX, request.send()).await {
            Ok(answer) => answer.map(drop).map_err(|error| asked.failed(&error)),
            Err(_) => Err(asked.unavailable("no answer in time")),
        }
    }

    pub(super) fn asked(&self, action: &'static str) -> Asked<'_> {
        Asked { action, queue: &self.open.queue.name }
    }
}

async fn depth(client: &Client, queue: &Queue) -> Result<Depth, SqsError> {
    let asked = Asked { action: "sqs:GetQueueAttributes", queue: &queue.name };
    let request = client.get_queue_attributes().queue_url(&queue.url);
    let answer = request.set_attribute_names(Some(vec![Visible, InFlight, Delayed])).send().await;
    let answer = answer.map_err(|error| asked.failed(&error))?;
    let count = |name| {
        let said = answer.attributes().and_then(|attributes| attributes.get(&name)).map(|n| n.parse());
        said.and_then(Result::ok).ok_or_else(|| asked.unavailable("an answer without the counts"))
    };
    Ok(Depth { visible: count(Visible)?, in_flight: count(InFlight)?, delayed: count(Delayed)? })
}
