//! Queues are found, or made.

use std::{process::Command, time::Duration};

use aws_sdk_sqs::types::QueueAttributeName;
use custody_queue::sqs::{Channel, SqsConfig, SqsError};
use serde_json::json;
use uuid::Uuid;

use super::fixture::{Fixture, aws_url, config, shared, ticket};

#[tokio::test]
async fn queues_that_do_not_exist_are_made() {
    let queue = Fixture::of(SqsConfig { visibility: Duration::from_secs(30), ..config() }).await;
    let attributes = async |url: &str| {
        let request = queue.plain.get_queue_attributes().queue_url(url);
        let answer = request.attribute_names(QueueAttributeName::All).send().await.unwrap();
        let attribute = move |name| answer.attributes().unwrap().get(&name).cloned();
        json!({
            "retention_seconds": attribute(QueueAttributeName::MessageRetentionPeriod),
            "encrypted": attribute(QueueAttributeName::SqsManagedSseEnabled),
            "long_poll_seconds": attribute(QueueAttributeName::ReceiveMessageWaitTimeSeconds),
            "visibility_seconds": attribute(QueueAttributeName::VisibilityTimeout),
            "redrive": attribute(QueueAttributeName::RedrivePolicy)
                .map(|policy| policy.replace(&queue.config.queue, "QUEUE")),
        })
    };
    insta::assert_json_snapshot!(attributes(&queue.queue_url).await, @r#"
    {
      "encrypted": "true",
      "long_poll_seconds": "20",
      "redrive": "{\"deadLetterTargetArn\": \"arn:aws:sqs:eu-west-1:123456789012:QUEUE-dead\", \"maxReceiveCount\": 20}",
      "retention_seconds": "345600",
      "visibility_seconds": "30"
    }
    "#);
    insta::assert_json_snapshot!(attributes(&queue.dead_url).await, @r#"
    {
      "encrypted": "true",
      "long_poll_seconds": "0",
      "redrive": null,
      "retention_seconds": "1209600",
      "visibility_seconds": "30"
    }
    "#);
    queue.channel.check().await.unwrap();
}

#[tokio::test]
async fn a_queue_that_exists_is_used_as_it_is() {
    let queue = Fixture::visible_again_after(30).await;
    let sent = ticket();
    queue.send(&[sent]).await;
    // With other wishes, as during an update.
    let config = SqsConfig { visibility: Duration::from_mins(1), ..queue.config.clone() };
    let other = Channel::open_with(config, &shared(&aws_url())).await.unwrap();
    assert_eq!(other.receive(10).await.unwrap()[0].ticket, sent);
}

#[tokio::test]
async fn two_may_open_a_new_queue_at_once() {
    let (config, shared) = (config(), shared(&aws_url()));
    let opening = (0..4).map(|_| Channel::open_with(config.clone(), &shared));
    let channels = futures::future::try_join_all(opening).await.unwrap();
    let sent = ticket();
    assert_eq!(channels[0].send(&[sent]).await, [(sent, Ok(()))]);
    assert_eq!(channels[3].receive(10).await.unwrap()[0].ticket, sent);
}

#[tokio::test]
async fn a_queue_can_be_named_by_its_url() {
    let queue = Fixture::new().await;
    let config =
        SqsConfig { queue: queue.queue_url.clone(), dead_letters: queue.dead_url.clone(), ..queue.config };
    assert_eq!(SqsConfig::new(&queue.queue_url, Uuid::nil()).dead_letters, queue.dead_url);
    let channel = Channel::open_with(config, &shared(&aws_url())).await.unwrap();
    let sent = ticket();
    channel.send(&[sent]).await;
    assert_eq!(queue.channel.receive(10).await.unwrap()[0].ticket, sent);
}

#[tokio::test]
async fn a_url_is_of_a_queue_that_exists() {
    let name = format!("it-{}", Uuid::new_v4());
    let config = SqsConfig::new(&format!("{}/123456789012/{name}", aws_url()), Uuid::new_v4());
    let refused = Channel::open_with(config, &shared(&aws_url())).await.unwrap_err();
    assert_eq!(refused, SqsError::Missing(format!("{name}-dead")));
}

#[tokio::test]
async fn a_queue_that_was_deleted_is_missing() {
    let queue = Fixture::new().await;
    queue.plain.delete_queue().queue_url(&queue.queue_url).send().await.unwrap();
    let missing = SqsError::Missing(queue.config.queue.clone());
    assert_eq!(queue.channel.check().await, Err(missing.clone()));
    assert_eq!(queue.channel.depth().await, Err(missing.clone()));
    assert_eq!(queue.channel.receive(1).await, Err(missing.clone()));
    let sent = ticket();
    assert_eq!(queue.channel.send(&[sent]).await, [(sent, Err(missing))]);
}

#[tokio::test]
async fn without_a_region_it_says_so() {
    let nowhere = shared(&aws_url()).into_builder().region(None).build();
    let refused = Channel::open_with(config(), &nowhere).await.unwrap_err();
    assert_eq!(refused.to_string(), "Amazon SQS cannot do that: no region is configured: set AWS_REGION");
}

#[tokio::test]
async fn without_credentials_it_says_so() {
    let mut nobody = shared(&aws_url()).into_builder();
    nobody.set_credentials_provider(None);
    let nobody = nobody.build();
    let refused = Channel::open_with(config(), &nobody).await.unwrap_err();
    assert!(matches!(refused, SqsError::Denied { .. }), "{refused}");
    assert!(refused.to_string().contains("no credentials"), "{refused}");
}

#[test]
fn credentials_region_and_endpoint_are_found_in_the_environment() {
    for endpoint in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"] {
        // Of a process of its own: the environment of this one is everybody's.
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sqs::opening::opens_by_the_environment", "--ignored", "--nocapture"])
            .envs([
                ("AWS_REGION", "eu-west-1"),
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
            ])
            .env(endpoint, aws_url())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{endpoint}: {text}");
    }
}

#[tokio::test]
#[ignore = "the test above runs it, with an environment"]
async fn opens_by_the_environment() {
    Channel::open(config()).await.unwrap().check().await.unwrap();
}
