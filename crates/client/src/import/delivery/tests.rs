#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{path::Path, sync::Arc};

use super::*;
use crate::import::{items::Item, scanner::Place};

fn delivery(items: u64) -> Delivery {
    let mut batch = Batch::default();
    for line in 1..=items {
        let item = Item { json: b"{}".to_vec(), place: Place { line, byte: 0 } };
        batch.push(&Arc::from(Path::new("f.json")), item);
    }
    Delivery::new(batch)
}

fn answer(statuses: &[&str]) -> Answer {
    let items: Vec<_> =
        statuses.iter().map(|status| serde_json::json!({"status": status, "detail": "d"})).collect();
    serde_json::from_value(serde_json::json!({"items": items})).unwrap()
}

fn statuses(delivery: Delivery) -> Vec<String> {
    delivery.into_items().map(|(_, told)| told.map_or("none".to_owned(), |told| told.status)).collect()
}

#[test]
fn what_is_settled_stays_and_the_rest_is_asked_for_again() {
    let mut delivery = delivery(4);
    assert!(delivery.learn(answer(&["accepted", "retry", "quarantined", "retry"])).unwrap().is_some());
    assert_eq!(delivery.unsettled(), 2);
    assert!(delivery.learn(answer(&["duplicate", "duplicate", "retry", "retry"])).unwrap().is_some());
    assert!(delivery.learn(answer(&["retry", "retry", "retry", "accepted"])).unwrap().is_none());
    assert_eq!(statuses(delivery), ["accepted", "duplicate", "quarantined", "accepted"]);
}

#[test]
fn an_answer_is_for_every_item_or_says_that_the_rest_was_not_read() {
    let mut delivery = delivery(3);
    assert!(delivery.learn(answer(&["accepted", "accepted"])).is_err());
    assert!(delivery.learn(answer(&["accepted"; 4])).is_err());
    assert!(delivery.learn(answer(&[])).is_err());
    assert!(delivery.learn(answer(&["accepted", "retry"])).unwrap().is_some());
    assert_eq!(statuses(delivery), ["accepted", "none", "none"]);
}

#[test]
fn an_item_that_was_sent_three_times_counts_once_and_one_that_never_arrived_does_not() {
    let mut delivery = delivery(4);
    delivery.again();
    assert_eq!(delivery.sent_again(), 0, "the server was not there");
    delivery.learn(answer(&["accepted", "retry", "retry", "accepted"])).unwrap();
    delivery.again();
    delivery.learn(answer(&["duplicate", "retry", "accepted", "duplicate"])).unwrap();
    delivery.again();
    assert_eq!(delivery.sent_again(), 2);
}

/// The halves would have keys of their own, under which the server does not know what it took.
#[test]
fn what_may_have_been_taken_is_not_sent_in_parts() {
    let (first, second) = delivery(5).split().unwrap();
    assert_eq!((first.items.len(), second.items.len()), (2, 3));
    assert_eq!(first.body().len() + second.body().len(), 15);
    assert!(delivery(1).split().is_none());
    let mut begun = delivery(5);
    begun.may_have_begun();
    assert!(begun.split().is_none());
    assert_eq!(begun.unsettled(), 5);
    let mut answered = delivery(2);
    answered.learn(answer(&["accepted", "retry"])).unwrap();
    assert!(answered.split().is_none());
}
