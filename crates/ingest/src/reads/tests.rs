#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use std::time::{Duration, Instant};

use custody_auth::SystemAuthority;
use custody_domain::{TenantId, query::parse};
use uuid::Uuid;

use super::{
    gathered::{AGAIN_AFTER, TOLD_AGAIN_AFTER},
    told::Told,
    *,
};

const ACME: TenantId = TenantId(Uuid::from_u128(1));

fn scope(name: &'static str) -> Scope {
    SystemAuthority::assume().scope(ACME, name)
}

fn search(reads: &Reads, name: &'static str, query: &str, rows: u64) {
    let query = parse(query).unwrap();
    reads.tell(&scope(name), Operation::ListEntries, What::Query(&query), Amount { times: 1, rows });
}

fn get(reads: &Reads, id: u128) {
    let what = What::entry(EntryId(Uuid::from_u128(id)), Some("a.b"));
    reads.tell(&scope("ann"), Operation::GetEntry, what, Amount { times: 1, rows: 1 });
}

/// What is told at that time: action, times, rows.
fn told(reads: &Reads, now: Option<Instant>) -> Vec<(String, u64, u64)> {
    let one = |told: Told| (told.row.change.action, told.tally.amount.times, told.tally.amount.rows);
    let mut told: Vec<_> = reads.lock().take(now, |_| false).into_iter().map(one).collect();
    told.sort();
    told
}

fn of(action: &str, times: u64, rows: u64) -> (String, u64, u64) {
    (format!("custody.log.{action}"), times, rows)
}

#[test]
fn the_same_again_is_counted_and_told_once_the_minute_is_over() {
    let (reads, start) = (Reads::default(), Instant::now());
    search(&reads, "ann", "actor:x", 5);
    search(&reads, "ann", "actor:x", 6);
    assert_eq!(told(&reads, Some(start)), [of("searched", 2, 11)]);
    search(&reads, "ann", " actor:\"x\"", 1);
    search(&reads, "bob", "actor:x", 1);
    search(&reads, "ann", "actor:y", 0);
    let second = start + Duration::from_secs(1);
    assert_eq!(told(&reads, Some(second)), [of("searched", 1, 0), of("searched", 1, 1)]);
    assert_eq!(told(&reads, Some(start + AGAIN_AFTER)), [of("searched", 1, 1)], "ann's, in other words");
    assert_eq!(told(&reads, Some(start + AGAIN_AFTER * 9)), []);
    search(&reads, "ann", "actor:x", 5);
    assert_eq!(told(&reads, Some(start + AGAIN_AFTER * 9)), [of("searched", 1, 5)], "at once again");
}

#[test]
fn reads_of_what_is_told_are_one_an_hour_for_each() {
    let (reads, start) = (Reads::default(), Instant::now());
    for query in [
        "action:custody.log.*",
        "action:custody.log.searched actor:x",
        "action:custody.log.a OR action:custody.log.b*",
    ] {
        search(&reads, "ann", query, 1);
    }
    let what = What::entry(EntryId(Uuid::from_u128(7)), Some("custody.log.read"));
    reads.tell(&scope("ann"), Operation::GetEntry, what, Amount { times: 1, rows: 1 });
    search(&reads, "bob", "action:custody.log.*", 1);
    assert_eq!(told(&reads, Some(start)), [of("reviewed", 1, 1), of("reviewed", 4, 4)]);
    search(&reads, "ann", "action:custody.log.*", 1);
    assert_eq!(told(&reads, Some(start + AGAIN_AFTER * 2)), []);
    assert_eq!(told(&reads, Some(start + TOLD_AGAIN_AFTER)), [of("reviewed", 1, 1)]);
}

#[test]
fn what_can_match_anything_else_is_told_like_anything_else() {
    for query in [
        "",
        "action:custody.*",
        "action:custody.log.* OR actor:x",
        "-action:custody.log.*",
        "action:*custody.log.x",
    ] {
        assert!(!asks_for_told_alone(&parse(query).unwrap()), "{query}");
    }
}

#[test]
fn entries_that_are_read_one_by_one_stand_together() {
    let reads = Reads::default();
    for id in (0..250).chain(0..250) {
        get(&reads, id);
    }
    let entries = reads.lock().take(None, |_| false);
    let mut ids = Vec::new();
    for told in &entries {
        let metadata = told.row.change.metadata.as_ref().unwrap();
        ids.extend(metadata["entries"].as_array().unwrap().iter().map(ToString::to_string));
    }
    ids.sort();
    ids.dedup();
    assert_eq!((entries.len(), ids.len()), (3, 250));
    assert_eq!(entries.iter().map(|told| told.tally.amount.times).sum::<u64>(), 500);
}

#[test]
fn what_has_no_room_is_counted() {
    let reads = Reads::default();
    let word = "x".repeat(2_000);
    for n in 0..3_000 {
        search(&reads, "ann", &format!("actor:{word}{n}"), 2);
    }
    let told = told(&reads, Some(Instant::now()));
    let (others, rest): (Vec<_>, Vec<_>) = told.iter().partition(|told| told.0 == "custody.log.others");
    assert!(rest.len() > 500 && others.len() == 1, "{} {}", rest.len(), others.len());
    assert_eq!(rest.len() as u64 + others[0].1, 3_000);
    assert_eq!(others[0].2, others[0].1 * 2);
    // Once the minute is over there is room again.
    assert_eq!(reads.lock().take(Some(Instant::now() + AGAIN_AFTER), |_| false).len(), 0);
    search(&reads, "ann", "a", 0);
    assert_eq!(reads.lock().take(None, |_| false)[0].row.change.action, "custody.log.searched");
}

#[test]
fn a_log_that_takes_nothing_holds_up_no_other() {
    let reads = Reads::default();
    search(&reads, "ann", "a", 1);
    assert!(reads.lock().take(None, |tenant| tenant == ACME).is_empty());
    assert_eq!(told(&reads, None), [of("searched", 1, 1)]);
}
