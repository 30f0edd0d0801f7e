//! Finds the two queues, or makes them.

use std::{collections::HashMap, time::Duration};

use aws_sdk_sqs::{
    Client,
    error::ProvideErrorMetadata,
    types::QueueAttributeName::{self, QueueArn, RedrivePolicy},
};
use serde_json::json;

use super::{
    SqsError,
    config::{Place, seconds},
    error::Asked,
    sort::GIVEN_BACK_MAX,
};

const RETENTION: Duration = Duration::from_hours(4 * 24);
/// The longest that SQS knows.
const RETENTION_DEAD: Duration = Duration::from_hours(14 * 24);
/// A message that was received so often without being deleted is moved by SQS itself. It loses nothing:
/// the row of its job is still there, and another message will be sent for it.
const RECEIVES_MAX: u32 = 20;
/// Messages in order are received up to [`GIVEN_BACK_MAX`] times, and now and then once more.
const RECEIVES_MIN: u32 = 2 * GIVEN_BACK_MAX;
/// A queue that was just made is not there for everybody at once: SQS asks for a second.
const LOOKS_MAX: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

#[derive(Debug, Clone)]
pub(super) struct Queue {
    pub(super) name: String,
    pub(super) url: String,
    arn: String,
}

type Attributes = HashMap<QueueAttributeName, String>;

/// The queue and its dead letters, in this order. The dead letters come first, so that no queue is ever
/// made without a place for what it cannot handle.
pub(super) async fn open(
    client: &Client,
    place: &Place,
    dead: &Place,
    visibility: Duration,
) -> Result<(Queue, Queue), SqsError> {
    let (dead, _) = find_or_make(client, dead, made_for_dead_letters).await?;
    let (queue, found) = find_or_make(client, place, || made_for_jobs(&dead, visibility)).await?;
    if queue.arn == dead.arn {
        return Err(SqsError::Invalid("the queue and its dead letters are one queue".to_owned()));
    }
    match found.get(&RedrivePolicy).map(|policy| receives_max(policy)) {
        None => {
            tracing::warn!(queue = %queue.name, "the queue has no redrive policy: what nobody can handle stays in it");
        }
        Some(Some(receives)) if receives < RECEIVES_MIN => {
            tracing::warn!(queue = %queue.name, receives, "the queue's redrive policy moves messages to the dead letters that are in order; it should wait for {RECEIVES_MAX} receives");
        }
        Some(_) => {}
    }
    Ok((queue, dead))
}

/// Of a redrive policy; SQS answers with a number or with its digits.
fn receives_max(policy: &str) -> Option<u32> {
    let policy: serde_json::Value = serde_json::from_str(policy).ok()?;
    let count = &policy["maxReceiveCount"];
    count.as_str().map_or_else(|| count.as_u64()?.try_into().ok(), |digits| digits.parse().ok())
}

fn made_for_dead_letters() -> Attributes {
    [
        (QueueAttributeName::MessageRetentionPeriod, seconds(RETENTION_DEAD).to_string()),
        (QueueAttributeName::SqsManagedSseEnabled, "true".to_owned()),
    ]
    .into()
}

fn made_for_jobs(dead: &Queue, visibility: Duration) -> Attributes {
    let redrive = json!({"deadLetterTargetArn": dead.arn, "maxReceiveCount": RECEIVES_MAX});
    [
        (QueueAttributeName::MessageRetentionPeriod, seconds(RETENTION).to_string()),
        (QueueAttributeName::SqsManagedSseEnabled, "true".to_owned()),
        (QueueAttributeName::ReceiveMessageWaitTimeSeconds, "20".to_owned()),
        (QueueAttributeName::VisibilityTimeout, seconds(visibility).to_string()),
        (RedrivePolicy, redrive.to_string()),
    ]
    .into()
}

/// The queue, and those of its attributes that we look at.
async fn find_or_make(
    client: &Client,
    place: &Place,
    made: impl Fn() -> Attributes,
) -> Result<(Queue, Attributes), SqsError> {
    let name = place.name();
    let (url, is_new) = match place {
        Place::At(url) => (url.clone(), false),
        Place::Named(_) => match find(client, name).await {
            Ok(url) => (url, false),
            Err(SqsError::Missing(_)) => (make(client, name, made()).await?, true),
            Err(error) => return Err(error),
        },
    };
    let mut looks = 0;
    loop {
        looks += 1;
        match look(client, name, &url).await {
            Err(SqsError::Missing(_)) if is_new && looks < LOOKS_MAX => {
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
            answer => return answer,
        }
    }
}

async fn find(client: &Client, name: &str) -> Result<String, SqsError> {
    let asked = Asked { action: "sqs:GetQueueUrl", queue: name };
    let answer =
        client.get_queue_url().queue_name(name).send().await.map_err(|error| asked.failed(&error))?;
    answer.queue_url.ok_or_else(|| asked.unavailable("an answer without a URL"))
}

async fn make(client: &Client, name: &str, attributes: Attributes) -> Result<String, SqsError> {
    let asked = Asked { action: "sqs:CreateQueue", queue: name };
    let answer = client.create_queue().queue_name(name).set_attributes(Some(attributes)).send().await;
    match answer {
        Ok(answer) => {
            tracing::info!(queue = name, "the queue was made");
            answer.queue_url.ok_or_else(|| asked.unavailable("an answer without a URL"))
        }
        // Somebody else made it meanwhile, with another visibility.
        Err(error)
            if error.as_service_error().and_then(ProvideErrorMetadata::code).is_some_and(|code| {
                code.ends_with("QueueNameExists") || code.ends_with("QueueAlreadyExists")
            }) =>
        {
            find(client, name).await
        }
        Err(error) => Err(match asked.failed(&error) {
            SqsError::Denied { action, reason } => SqsError::Denied {
                action,
                reason: format!("the queue does not exist and may not be made: {reason}"),
            },
            other => other,
        }),
    }
}

async fn look(client: &Client, name: &str, url: &str) -> Result<(Queue, Attributes), SqsError> {
    let asked = Asked { action: "sqs:GetQueueAttributes", queue: name };
    let request = client.get_queue_attributes().queue_url(url);
    let answer = request.set_attribute_names(Some(vec![QueueArn, RedrivePolicy])).send().await;
    let attributes = answer.map_err(|error| asked.failed(&error))?.attributes.unwrap_or_default();
    let arn = attributes.get(&QueueArn).ok_or_else(|| asked.unavailable("an answer without the ARN"))?;
    let queue = Queue { name: name.to_owned(), url: url.to_owned(), arn: arn.clone() };
    Ok((queue, attributes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redrive_policy_says_after_how_many_receives() {
        assert_eq!(receives_max(r#"{"deadLetterTargetArn":"arn","maxReceiveCount":20}"#), Some(20));
        assert_eq!(receives_max(r#"{"deadLetterTargetArn":"arn","maxReceiveCount":"3"}"#), Some(3));
        assert_eq!(receives_max("{}"), None);
        assert_eq!(receives_max("?"), None);
    }
}
