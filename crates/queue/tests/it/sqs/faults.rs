//! SQS that answers 500, 503, slowly, never, and not what it did: the right error in bounded time, and
//! everything as before when it is over.

use std::time::{Duration, Instant};

use custody_queue::sqs::{Channel, Held, SqsConfig, SqsError};
use custody_testkit::{Fault, HttpFaults, eventually};

use super::fixture::{Fixture, aws_url, set, shared, ticket, tickets};

/// A queue, and a channel to it over a wire that can be broken. Three attempts take at most 3 s there.
struct Broken {
    queue: Fixture,
    wire: HttpFaults,
    channel: Channel,
}

impl Broken {
    async fn new() -> Self {
        Self::with_attempts_of(Duration::from_secs(1)).await
    }

    async fn with_attempts_of(attempt: Duration) -> Self {
        let queue = Fixture::visible_again_after(2).await;
        let wire = HttpFaults::start(&aws_url()).await;
        let config = SqsConfig { attempt, ..queue.config.clone() };
        let channel = Channel::open_with(config, &shared(wire.url())).await.unwrap();
        Self { queue, wire, channel }
    }

    /// Whatever it is that fails, all of it says so in bounded time.
    async fn is_unavailable(&self) {
        let sent = tickets(11);
        let all =
            async { tokio::join!(self.channel.send(&sent), self.channel.receive(10), self.channel.check()) };
        // Three seconds; six where it may wait for messages besides; and a machine may be busy.
        let told = tokio::time::timeout(Duration::from_secs(12), all).await;
        let (fates, received, checked) = told.expect("all of them end");
        for (_, fate) in fates {
            assert!(matches!(fate, Err(SqsError::Unavailable(_))), "{fate:?}");
        }
        assert!(matches!(received, Err(SqsError::Unavailable(_))), "{received:?}");
        assert!(matches!(checked, Err(SqsError::Unavailable(_))), "{checked:?}");
    }

    async fn works(&self) {
        self.wire.set(Fault::None, 0);
        let sent = ticket();
        let fate = self.channel.send(&[sent]).await.pop().unwrap().1;
        assert_eq!(fate, Ok(()));
        let got = eventually("it works again", async || {
            self.channel.receive(10).await.unwrap().into_iter().find(|delivery| delivery.ticket == sent)
        });
        let receipt = got.await.receipt;
        assert_eq!(self.channel.delete(std::slice::from_ref(&receipt)).await, [(receipt, Ok(Held::Done))]);
        self.channel.check().await.unwrap();
    }
}

#[tokio::test]
async fn one_that_answers_5xx() {
    let broken = Broken::new().await;
    for status in [500, 503] {
        broken.wire.set(Fault::Status(status), usize::MAX);
        broken.is_unavailable().await;
        broken.works().await;
    }
}

#[tokio::test]
async fn one_that_never_answers() {
    let broken = Broken::new().await;
    broken.wire.set(Fault::Never, usize::MAX);
    broken.is_unavailable().await;
    broken.works().await;
}

#[tokio::test]
async fn one_that_is_too_slow() {
    let broken = Broken::new().await;
    broken.wire.set(Fault::Slow(Duration::from_secs(10)), usize::MAX);
    broken.is_unavailable().await;
    broken.works().await;
}

#[tokio::test]
async fn one_that_is_slow_is_waited_for() {
    let broken = Broken::new().await;
    broken.wire.set(Fault::Slow(Duration::from_millis(300)), usize::MAX);
    let sent = ticket();
    assert_eq!(broken.channel.send(&[sent]).await, [(sent, Ok(()))]);
    assert_eq!(broken.queue.one().await.ticket, sent);
}

#[tokio::test]
async fn one_that_is_gone() {
    let broken = Broken::new().await;
    let Broken { wire, channel, .. } = broken;
    let url = wire.url().to_owned();
    drop(wire);
    let failed = eventually("the wire is gone", async || channel.check().await.err()).await;
    assert!(matches!(failed, SqsError::Unavailable(_)), "{failed:?}");
    assert!(!failed.to_string().contains("127.0.0.1"), "{failed} names {url}");
}

#[tokio::test]
async fn a_short_trouble_is_not_even_noticed() {
    let broken = Broken::new().await;
    for fault in [Fault::Status(500), Fault::Status(503), Fault::Never] {
        let sent = ticket();
        broken.wire.set(fault, 1);
        assert_eq!(broken.channel.send(&[sent]).await, [(sent, Ok(()))], "{fault:?}");
        broken.wire.set(fault, 1);
        let got = broken.channel.receive(1).await.unwrap();
        assert_eq!(got[0].ticket, sent, "{fault:?}");
        broken.channel.delete(&[got[0].receipt.clone()]).await;
    }
}

#[tokio::test]
async fn one_that_asks_for_fewer_requests() {
    let broken = Broken::new().await;
    broken.wire.set(Fault::Status(429), usize::MAX);
    let failed = broken.channel.receive(10).await;
    assert!(matches!(failed, Err(SqsError::Throttled(_))), "{failed:?}");
    broken.works().await;
}

#[tokio::test]
async fn of_several_batches_one_may_fail() {
    let broken = Broken::new().await;
    let sent = tickets(25);
    // Which the SDK does not try again.
    broken.wire.set(Fault::Status(400), 1);
    let told = broken.channel.send(&sent).await;
    assert_eq!(told.iter().map(|(ticket, _)| *ticket).collect::<Vec<_>>(), sent);
    let (went, stayed): (Vec<_>, Vec<_>) = told.into_iter().partition(|(_, fate)| fate.is_ok());
    assert!(matches!(stayed.len(), 5 | 10), "{stayed:?}");
    let got = broken.queue.several(went.len()).await;
    assert_eq!(set(got.into_iter().map(|delivery| delivery.ticket)), set(went.into_iter().map(|(t, _)| t)));
}

#[tokio::test]
async fn a_lost_answer_to_a_send_doubles_and_loses_nothing() {
    let broken = Broken::new().await;
    let sent = ticket();
    broken.wire.set(Fault::DropAnswer, 1);
    let _ = broken.channel.send(&[sent]).await;
    let got = broken.queue.one().await;
    assert_eq!(got.ticket, sent);
}

#[tokio::test]
async fn a_lost_answer_to_a_receive_brings_its_messages_later() {
    let broken = Broken::new().await;
    let sent = tickets(5);
    broken.queue.send(&sent).await;
    broken.wire.set(Fault::DropAnswer, usize::MAX);
    let failed = broken.channel.receive(10).await;
    assert!(matches!(failed, Err(SqsError::Unavailable(_))), "{failed:?}");
    broken.wire.set(Fault::None, 0);
    let got = broken.queue.several(5).await;
    assert!(got.iter().all(|delivery| delivery.receive_count > 1), "{got:?}");
    assert_eq!(set(got.into_iter().map(|delivery| delivery.ticket)), set(sent));
}

#[tokio::test]
async fn a_crash_between_the_dead_letters_and_the_deletion_doubles_and_loses_nothing() {
    let broken = Broken::new().await;
    broken.queue.put("not a ticket").await;
    broken.wire.set_where(Fault::Status(500), usize::MAX, |seen| {
        seen.operation.as_deref().is_some_and(|operation| operation.contains("DeleteMessage"))
    });
    assert_eq!(broken.channel.receive(10).await, Ok(Vec::new()));
    assert_eq!(broken.queue.messages().await, 1, "it is still there");
    broken.wire.set(Fault::None, 0);
    eventually("it is set aside again", async || {
        assert_eq!(broken.channel.receive(10).await, Ok(Vec::new()));
        (broken.queue.messages().await == 0).then_some(())
    })
    .await;
    let letters = broken.queue.dead_letters(2).await;
    assert!(letters.iter().all(|letter| letter.body.as_deref() == Some("not a ticket")), "{letters:?}");
}

#[tokio::test]
async fn tickets_do_not_wait_for_foreign_messages_that_cannot_be_set_aside() {
    let broken = Broken::with_attempts_of(Duration::from_secs(10)).await;
    broken.queue.put("not a ticket").await;
    let sent = ticket();
    broken.queue.send(&[sent]).await;
    broken.wire.set_where(Fault::Never, usize::MAX, |seen| {
        seen.operation.as_deref().is_some_and(|operation| operation.ends_with("SendMessage"))
    });
    let began = Instant::now();
    let mut got = Vec::new();
    while got.is_empty() {
        got = broken.channel.receive(10).await.unwrap();
    }
    assert_eq!(got[0].ticket, sent);
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    assert!(broken.queue.messages().await >= 2, "the foreign one stays");
}

#[tokio::test]
async fn an_open_that_is_refused_says_what_is_missing() {
    let wire = HttpFaults::start(&aws_url()).await;
    for (operation, action) in [
        ("GetQueueUrl", "sqs:GetQueueUrl"),
        ("CreateQueue", "sqs:CreateQueue"),
        ("GetQueueAttributes", "sqs:GetQueueAttributes"),
    ] {
        wire.set_where(Fault::Status(403), usize::MAX, move |seen| {
            seen.operation.as_deref().is_some_and(|asked| asked.ends_with(operation))
        });
        let config = super::fixture::config();
        let name = config.dead_letters.clone();
        let refused = Channel::open_with(config, &shared(wire.url())).await.unwrap_err();
        assert!(matches!(refused, SqsError::Denied { action: told, .. } if told == action), "{refused}");
        assert!(refused.to_string().contains(&name), "{refused}");
    }
}
