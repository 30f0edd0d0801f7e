//! What a receipt can do, and what an old one cannot.

use std::time::{Duration, Instant};

use custody_queue::sqs::Held;

use super::fixture::{Fixture, receipts, ticket, tickets};

#[tokio::test]
async fn an_extension_keeps_it_from_others_for_longer() {
    let queue = Fixture::visible_again_after(3).await;
    queue.send(&[ticket()]).await;
    let held = queue.one().await;
    let extended = Instant::now();
    let fates = queue.channel.extend(std::slice::from_ref(&held.receipt), Duration::from_secs(6)).await;
    assert_eq!(fates, [(held.receipt, Ok(Held::Done))]);
    let again = queue.one().await;
    assert!(extended.elapsed() >= Duration::from_secs(6), "{:?}", extended.elapsed());
    assert_eq!(again.receive_count, 2, "nobody had it meanwhile");
}

#[tokio::test]
async fn a_heartbeat_of_extensions_keeps_it_for_as_long_as_it_beats() {
    let queue = Fixture::visible_again_after(6).await;
    queue.send(&tickets(12)).await;
    let held = receipts(&queue.several(12).await);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(9) {
        let fates = queue.channel.extend(&held, Duration::from_secs(6)).await;
        assert!(fates.iter().all(|(_, fate)| *fate == Ok(Held::Done)), "{fates:?}");
        assert_eq!(queue.channel.receive(10).await, Ok(Vec::new()));
    }
    let again = queue.several(12).await;
    assert!(again.iter().all(|delivery| delivery.receive_count == 2), "{again:?}");
}

#[tokio::test]
async fn a_released_one_comes_again_at_once() {
    let queue = Fixture::visible_again_after(600).await;
    queue.send(&[ticket()]).await;
    let held = queue.one().await;
    let fates = queue.channel.release(&[held.receipt], Duration::ZERO).await;
    assert_eq!(fates[0].1, Ok(Held::Done));
    assert_eq!(queue.one().await.receive_count, 2);
}

#[tokio::test]
async fn an_old_receipt_is_told_as_such_and_the_others_hold() {
    let queue = Fixture::visible_again_after(30).await;
    queue.send(&tickets(12)).await;
    let held = receipts(&queue.several(12).await);
    assert_eq!(queue.channel.delete(&held[3..4]).await[0].1, Ok(Held::Done));
    let fates = queue.channel.extend(&held, Duration::from_mins(1)).await;
    for (at, (receipt, fate)) in fates.iter().enumerate() {
        assert_eq!(receipt, &held[at]);
        assert_eq!(*fate, Ok(if at == 3 { Held::TooOld } else { Held::Done }), "{at}");
    }
    let fates = queue.channel.delete(&held).await;
    assert!(fates.iter().all(|(_, fate)| fate.is_ok()), "{fates:?}");
    assert_eq!(queue.messages().await, 0);
}

#[tokio::test]
async fn a_receipt_that_is_named_twice_is_one() {
    let queue = Fixture::visible_again_after(30).await;
    queue.send(&[ticket()]).await;
    let held = queue.one().await.receipt;
    let fates = queue.channel.delete(&[held.clone(), held.clone()]).await;
    assert_eq!(fates, [(held, Ok(Held::Done))]);
}
