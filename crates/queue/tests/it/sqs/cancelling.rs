//! A receive that nobody waits for any more.

use std::time::Duration;

use super::fixture::{Fixture, set, tickets};

#[tokio::test]
async fn a_dropped_receive_loses_nothing() {
    let queue = Fixture::visible_again_after(2).await;
    let sent = tickets(20);
    queue.send(&sent).await;
    for patience_ms in [0, 1, 2, 4, 8, 16, 32] {
        // Somewhere between asking and having the answer.
        let _ = tokio::time::timeout(Duration::from_millis(patience_ms), queue.channel.receive(1)).await;
    }
    let mut got = set([]);
    while got.len() < sent.len() {
        let deliveries = queue.several(1).await;
        queue.channel.delete(&super::fixture::receipts(&deliveries)).await;
        got.extend(deliveries.iter().map(|delivery| delivery.ticket));
    }
    assert_eq!(got, set(sent));
}
