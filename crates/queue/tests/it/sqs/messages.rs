//! Tickets go through: at least once, in no order.

use std::time::Duration;

use chrono::Utc;
use custody_domain::TenantId;
use custody_queue::sqs::{Depth, Held, RECEIVE_MAX, SqsConfig, Ticket};
use uuid::Uuid;

use super::fixture::{Fixture, config, receipts, set, ticket, tickets};

#[tokio::test]
async fn a_ticket_is_received_and_deleted() {
    let queue = Fixture::new().await;
    let sent = ticket();
    queue.send(&[sent]).await;
    let got = queue.one().await;
    assert_eq!((got.ticket, got.receive_count), (sent, 1));
    let age = Utc::now() - got.sent_at.unwrap();
    assert!(age.abs() < chrono::Duration::seconds(30), "{age}");
    assert_eq!(queue.channel.depth().await, Ok(Depth { visible: 0, in_flight: 1, delayed: 0 }));
    let deleted = queue.channel.delete(&receipts(std::slice::from_ref(&got))).await;
    assert_eq!(deleted, [(got.receipt, Ok(Held::Done))]);
    assert_eq!(queue.messages().await, 0);
    assert_eq!(queue.channel.receive(10).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_message_holds_ids_and_nothing_else() {
    let installation = Uuid::from_u128(0xc0_57_0d);
    let queue = Fixture::of(SqsConfig { installation, ..config() }).await;
    let tenant = Some(TenantId(Uuid::from_u128(1)));
    queue.send(&[Ticket { tenant, job: Uuid::from_u128(2) }]).await;
    let request = queue.plain.receive_message().queue_url(&queue.queue_url).message_attribute_names("All");
    let message = request.send().await.unwrap().messages.unwrap().remove(0);
    insta::assert_snapshot!(message.body.unwrap(), @r#"{"custody":1,"installation":"00000000-0000-0000-0000-000000c0570d","tenant":"00000000-0000-0000-0000-000000000001","job":"00000000-0000-0000-0000-000000000002"}"#);
    assert_eq!(message.message_attributes, None);
    queue.send(&[Ticket { tenant: None, job: Uuid::from_u128(2) }]).await;
    let message = queue.plain.receive_message().queue_url(&queue.queue_url).send().await.unwrap();
    insta::assert_snapshot!(message.messages.unwrap().remove(0).body.unwrap(), @r#"{"custody":1,"installation":"00000000-0000-0000-0000-000000c0570d","tenant":null,"job":"00000000-0000-0000-0000-000000000002"}"#);
}

#[tokio::test]
async fn many_are_sent_and_received_in_batches() {
    let queue = Fixture::visible_again_after(30).await;
    for count in [0, 1, 10, 11, 25] {
        let sent = tickets(count);
        let told = queue.channel.send(&sent).await;
        assert!(told.iter().all(|(_, fate)| fate.is_ok()), "{told:?}");
        assert_eq!(told.iter().map(|(ticket, _)| *ticket).collect::<Vec<_>>(), sent, "in the order given");
        let got = queue.several(count).await;
        assert_eq!(got.len(), count, "none is doubled");
        assert_eq!(set(got.iter().map(|delivery| delivery.ticket)), set(sent));
        let fates = queue.channel.delete(&receipts(&got)).await;
        assert_eq!(fates.len(), count);
        assert!(fates.iter().all(|(_, fate)| *fate == Ok(Held::Done)), "{fates:?}");
        assert_eq!(queue.messages().await, 0);
    }
}

#[tokio::test]
async fn one_receive_brings_as_many_as_were_asked_for() {
    let queue = Fixture::visible_again_after(30).await;
    let sent = tickets(60);
    queue.send(&sent).await;
    assert_eq!(queue.channel.receive(0).await.unwrap().len(), 0);
    let few = queue.channel.receive(7).await.unwrap();
    assert_eq!(few.len(), 7);
    let more = queue.channel.receive(24).await.unwrap();
    assert_eq!(more.len(), 24);
    let rest = queue.channel.receive(usize::MAX).await.unwrap();
    // Perhaps some of them twice: several requests were under way at once.
    assert!((29..=RECEIVE_MAX).contains(&rest.len()), "{}", rest.len());
    let got = [few, more, rest].concat().into_iter().map(|delivery| delivery.ticket);
    assert_eq!(set(got), set(sent));
}

#[tokio::test]
async fn what_nobody_deletes_comes_again() {
    let queue = Fixture::visible_again_after(1).await;
    let sent = ticket();
    queue.send(&[sent]).await;
    let first = queue.one().await;
    let again = queue.one().await;
    assert_eq!((again.ticket, again.receive_count), (sent, 2));
    assert_ne!(again.receipt, first.receipt);
    assert_eq!(again.sent_at, first.sent_at);
}

#[tokio::test]
async fn a_ticket_that_was_sent_twice_comes_twice() {
    let queue = Fixture::visible_again_after(30).await;
    let sent = ticket();
    queue.send(&[sent, sent]).await;
    let got = queue.several(2).await;
    assert_eq!([got[0].ticket, got[1].ticket], [sent, sent]);
    assert_ne!(got[0].receipt, got[1].receipt);
}

#[tokio::test]
async fn tickets_come_out_of_order_and_late() {
    let queue = Fixture::visible_again_after(30).await;
    let (early, late) = (ticket(), ticket());
    queue.send(&[early]).await;
    let held = queue.one().await;
    queue.channel.release(&[held.receipt], Duration::from_secs(2)).await;
    queue.send(&[late]).await;
    let came = queue.several(2).await;
    assert_eq!([came[0].ticket, came[1].ticket], [late, early]);
    assert!(came[1].sent_at < came[0].sent_at, "it was sent before, and came after");
}

#[tokio::test]
async fn a_wait_ends_when_a_message_comes() {
    let queue = Fixture::of(SqsConfig { wait: Duration::from_secs(20), ..config() }).await;
    let waiting = tokio::spawn({
        let channel = queue.channel.clone();
        async move { (channel.receive(10).await.unwrap(), std::time::Instant::now()) }
    });
    let sent = ticket();
    queue.send(&[sent]).await;
    let sent_at = std::time::Instant::now();
    let (got, at) = waiting.await.unwrap();
    assert_eq!(got[0].ticket, sent);
    assert!(at.saturating_duration_since(sent_at) < Duration::from_secs(10), "it waited on");
}
