//! Messages that are not ours end among the dead letters, and are never handed out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use aws_sdk_sqs::types::{Message, QueueAttributeName};
use custody_queue::sqs::{FOREIGN_MESSAGES, Foreign, SqsConfig};
use custody_testkit::eventually;
use metrics_exporter_prometheus::PrometheusBuilder;
use proptest::{prelude::*, test_runner::TestRunner};
use uuid::Uuid;

use super::fixture::{Fixture, config, ticket};

fn letter(message: Message) -> (String, String) {
    let attributes = message.message_attributes.unwrap_or_default();
    let reason = attributes.get("custody-reason").and_then(|value| value.string_value.clone());
    (message.body.unwrap(), reason.unwrap_or_default())
}

/// A ticket of this installation, as anybody could write it.
fn written(installation: Uuid) -> String {
    format!(r#"{{"custody":1,"installation":"{installation}","tenant":null,"job":"{}"}}"#, Uuid::new_v4())
}

#[tokio::test]
async fn each_kind_is_set_aside_with_its_reason() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // This test's thread is its runtime's.
    let _here = metrics::set_default_local_recorder(&recorder);
    let queue = Fixture::visible_again_after(30).await;
    let good = written(queue.config.installation);
    let bodies = BTreeMap::from([
        ("<order id='7'/>".to_owned(), Foreign::NotJson),
        ("\"custody\"".to_owned(), Foreign::NotOurs),
        (r#"{"Records":[{"eventSource":"aws:s3"}]}"#.to_owned(), Foreign::NotOurs),
        (good.replace("\"custody\":1", "\"custody\":2"), Foreign::OtherVersion),
        (good.replace('}', r#","run":"rm -rf /"}"#), Foreign::Malformed),
        (written(Uuid::new_v4()), Foreign::OtherInstallation),
        ("x".repeat(256 * 1024), Foreign::TooLong),
    ]);
    for body in bodies.keys() {
        queue.put(body).await;
    }
    let ours = ticket();
    queue.send(&[ours]).await;
    let got = eventually("all are set aside, and ours is handed out", async || {
        let got = queue.channel.receive(10).await.unwrap();
        Some(got).filter(|got| !got.is_empty())
    });
    assert_eq!(got.await.iter().map(|delivery| delivery.ticket).collect::<Vec<_>>(), [ours]);
    let letters: BTreeSet<_> = queue.dead_letters(bodies.len()).await.into_iter().map(letter).collect();
    let expected = bodies.iter().map(|(body, why)| (body.clone(), why.as_str().to_owned()));
    assert_eq!(letters, expected.collect());
    assert_eq!(queue.channel.depth().await.unwrap().in_flight, 1, "only ours is left");
    let shown = metrics.render();
    for why in Foreign::ALL {
        let count = bodies.values().filter(|of| **of == why).count();
        let line = format!("{FOREIGN_MESSAGES}{{reason=\"{}\"}} {count}", why.as_str());
        assert!(shown.contains(&line), "{line} in {shown}");
    }
}

#[tokio::test]
async fn what_the_dead_letters_do_not_take_stays_and_is_not_handed_out() {
    let queue = Fixture::visible_again_after(1).await;
    let request = queue.plain.set_queue_attributes().queue_url(&queue.dead_url);
    request.attributes(QueueAttributeName::MaximumMessageSize, "1024").send().await.unwrap();
    queue.put(&"x".repeat(2000)).await;
    assert_eq!(queue.channel.receive(10).await, Ok(Vec::new()));
    assert_eq!(queue.messages().await, 1);
    let request = queue.plain.set_queue_attributes().queue_url(&queue.dead_url);
    request.attributes(QueueAttributeName::MaximumMessageSize, "262144").send().await.unwrap();
    eventually("it is tried again", async || {
        assert_eq!(queue.channel.receive(10).await, Ok(Vec::new()));
        (queue.messages().await == 0).then_some(())
    })
    .await;
    assert_eq!(queue.dead_letters(1).await[0].body.as_deref(), Some("x".repeat(2000).as_str()));
}

/// Anything that SQS takes and that is no ticket of this installation's.
fn bodies(installation: Uuid) -> impl Strategy<Value = String> {
    let good = Arc::new(written(installation));
    let cut = good.clone();
    prop_oneof![
        "[ -~]{1,200}",
        "\\PC{1,100}",
        Just(String::new()).prop_map(move |_| written(Uuid::new_v4())),
        (1usize..good.len()).prop_map(move |end| cut[..end].to_owned()),
        ("[a-z]{1,12}", any::<i32>())
            .prop_map(move |(field, value)| { good.replacen('{', &format!("{{\"{field}\":{value},"), 1) }),
        any::<u64>().prop_filter("another version", |version| *version != 1).prop_map(move |version| {
            written(installation).replace("\"custody\":1", &format!("\"custody\":{version}"))
        }),
    ]
}

#[test]
fn no_foreign_body_is_ever_handed_out_or_lost() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = SqsConfig { visibility: Duration::from_secs(30), ..config() };
    let strategy = prop::collection::vec(bodies(config.installation), 1..10);
    let queue = runtime.block_on(Fixture::of(config));
    let settings = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(settings).run(&strategy, |bodies| {
        runtime.block_on(async {
            for body in &bodies {
                queue.put(body).await;
            }
            eventually("the queue is empty", async || {
                assert_eq!(queue.channel.receive(10).await, Ok(Vec::new()));
                (queue.messages().await == 0).then_some(())
            })
            .await;
            let letters = queue.dead_letters(bodies.len()).await;
            let mut found: Vec<_> = letters.into_iter().map(|letter| letter.body.unwrap()).collect();
            let mut put = bodies.clone();
            found.sort();
            put.sort();
            prop_assert_eq!(found, put);
            Ok(())
        })
    });
    outcome.unwrap();
}
