#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use custody_domain::{
    TenantId,
    commitment::Salt,
    json::{Object, Value},
};
use custody_store::heads::Head;
use uuid::Uuid;

use super::*;

const NOW: &str = "2026-03-01T12:00:00Z";

fn locked(size: u64, last_id: Option<&str>) -> LockedHead {
    LockedHead {
        tenant: TenantId(Uuid::from_u128(1)),
        head: Head { epoch: 0, size, last_id: last_id.map(|id| id.parse().unwrap()) },
        now: NOW.parse().unwrap(),
    }
}

/// An id of that millisecond with that counter's last bits.
fn id_at(at: &str, rest: &str) -> String {
    let bound = EntryId::lower_bound(at.parse().unwrap()).to_string();
    format!("{}{rest}", &bound[..bound.len() - rest.len()])
}

fn draft(event: Option<(u8, u8)>) -> Draft {
    let mut content = Object::default();
    content.insert("action", Value::String("a".into()));
    let event = event.map(|(key, fp)| EventKey { key16: [key; 16], fp16: [fp; 16] });
    Draft::new(&content, Salt([7; 16]), event).unwrap()
}

#[test]
fn places_follow_the_head_and_the_clock() {
    let drafts = [draft(None), draft(None)];
    let plan = Plan::new(&locked(5, Some(&id_at("2026-02-01T00:00:00Z", ""))), &drafts, vec![]);
    let plan = plan.unwrap();
    let places: Vec<_> = plan.answers.iter().map(|answer| *answer.place()).collect();
    assert_eq!((places[0].seq, places[1].seq), (5, 6));
    assert_eq!(places[0].id.to_string(), id_at(NOW, ""));
    assert!(places[0].id < places[1].id);
    assert_ne!(places[0].leaf_hash, places[1].leaf_hash, "a leaf binds its place");
    assert_eq!(plan.clock_behind, None);
    assert_eq!(plan.count(), 2);
}

#[test]
fn a_batch_that_repeats_itself_or_the_log_writes_each_event_once() {
    let drafts = [draft(Some((1, 1))), draft(Some((2, 2))), draft(Some((2, 2))), draft(Some((2, 3)))];
    let known = EventKeyRow { key16: [1; 16], fp16: [1; 16], id: EntryId(Uuid::from_u128(9)), seq: 3 };
    let plan = Plan::new(&locked(5, None), &drafts, vec![known]).unwrap();
    let [earlier, new, again, conflict] = plan.answers[..] else { panic!("four answers") };
    let of_log = Place { id: known.id, seq: 3, leaf_hash: None };
    assert_eq!(earlier, Answer::Duplicate(of_log));
    assert!(matches!(new, Answer::New(place) if place.seq == 5));
    assert_eq!(again, Answer::Duplicate(*new.place()));
    assert_eq!(conflict, Answer::Conflict(*new.place()));
    assert_eq!((plan.count(), plan.event_keys.len()), (1, 1));
}

#[test]
fn an_entry_without_an_event_id_is_never_a_duplicate() {
    let drafts = [draft(None), draft(None)];
    let plan = Plan::new(&locked(0, None), &drafts, vec![]).unwrap();
    assert_eq!((plan.count(), plan.event_keys.len()), (2, 0));
}

#[test]
fn a_batch_over_midnight_is_two_days() {
    // One before the last id of the day: the counter then carries into the next millisecond.
    let midnight = EntryId::lower_bound("2026-03-02T00:00:00Z".parse().unwrap());
    let millisecond = format!("{:012x}", (midnight.0.as_u128() >> 80) - 1);
    let last = format!("{}-{}-7fff-bfff-fffffffffffe", &millisecond[..8], &millisecond[8..]);
    let drafts = [draft(None), draft(None), draft(None)];
    let plan = Plan::new(&locked(1, Some(&last)), &drafts, vec![]).unwrap();
    let days: Vec<_> = plan.days().map(|(day, rows)| (day.to_string(), rows.len())).collect();
    assert_eq!(days, [("2026-03-01".to_owned(), 1), ("2026-03-02".to_owned(), 2)]);
    assert_eq!(plan.last_id().unwrap().to_string(), id_at("2026-03-02T00:00:00Z", "1"));
}

#[test]
fn a_head_ahead_of_the_clock_goes_on_for_a_day_and_then_refuses() {
    let within = id_at("2026-03-02T11:59:59Z", "");
    let drafts = [draft(None)];
    let plan = Plan::new(&locked(1, Some(&within)), &drafts, vec![]).unwrap();
    assert_eq!(plan.last_id().unwrap().to_string(), id_at("2026-03-02T11:59:59Z", "1"));
    assert_eq!(plan.clock_behind, Some(TimeDelta::seconds(86_399)));
    let beyond = id_at("2026-03-02T12:00:01Z", "");
    let error = Plan::new(&locked(1, Some(&beyond)), &drafts, vec![]).unwrap_err();
    assert!(matches!(error, LedgerError::ClockAhead { .. }), "{error}");
}
