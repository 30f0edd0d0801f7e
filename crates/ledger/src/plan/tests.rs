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
    let key = |kind, (key, fp)| EventKey { kind, key16: [key; 16], fp16: [fp; 16] };
    draft_of(event.map(|event| key(EventKind::Event, event)))
}

fn draft_of(event: Option<EventKey>) -> Draft {
    let mut content = Object::default();
    content.insert("action", Value::String("a".into()));
    Draft::new(&content, Salt([7; 16]), event).unwrap()
}

fn plan<'d>(size: u64, last_id: Option<&str>, drafts: &'d [Draft], known: Known) -> Plan<'d> {
    Plan::new(locked(size, last_id), drafts.iter(), known).unwrap()
}

fn new(answer: Answer) -> NewLeaf {
    let Answer::New(leaf) = answer else { panic!("{answer:?}") };
    leaf
}

fn last_id(plan: &Plan<'_>) -> String {
    plan.advance().unwrap().last_id.to_string()
}

#[test]
fn places_follow_the_head_and_the_clock() {
    let drafts = [draft(None), draft(None)];
    let plan = plan(5, Some(&id_at("2026-02-01T00:00:00Z", "")), &drafts, Known::new());
    let [first, second] = [new(plan.answers[0]), new(plan.answers[1])];
    assert_eq!((first.seq, second.seq), (5, 6));
    assert_eq!(first.id.to_string(), id_at(NOW, ""));
    assert!(first.id < second.id);
    assert_ne!(first.leaf_hash, second.leaf_hash, "a leaf binds its place");
    assert_eq!(plan.clock_behind, None);
    let advance = plan.advance().unwrap();
    assert_eq!((advance.size, advance.count, advance.last_id), (5, 2, second.id));
    let (first_seq, leaves) = plan.leaves();
    let leaves: Vec<_> = leaves.map(|leaf| (leaf.id, leaf.leaf_hash)).collect();
    assert_eq!(first_seq, 5);
    assert_eq!(leaves, [(first.id, first.leaf_hash), (second.id, second.leaf_hash)]);
}

#[test]
fn a_batch_that_repeats_itself_or_the_log_writes_each_event_once() {
    let drafts = [draft(Some((1, 1))), draft(Some((2, 2))), draft(Some((2, 2))), draft(Some((2, 3)))];
    let tenant = TenantId(Uuid::from_u128(1));
    let known = EventKeyRow { tenant, id: EntryId(Uuid::from_u128(9)), key16: [1; 16], fp8: [1; 8] };
    let known_here = Known::from([((EventKind::Event, known.key16), known)]);
    let plan = plan(5, None, &drafts, known_here);
    let [earlier, first, again, conflict] = plan.answers[..] else { panic!("four answers") };
    assert_eq!(earlier, Answer::Duplicate(Place::Earlier(known.id)));
    let here = Place::Here(new(first));
    assert_eq!(new(first).seq, 5);
    assert_eq!((again, conflict), (Answer::Duplicate(here), Answer::Conflict(here)));
    assert_eq!((plan.count(), plan.event_keys.len()), (1, 1));
}

#[test]
fn an_events_id_and_a_requests_are_of_two_kinds() {
    let key = |kind| EventKey { kind, key16: [1; 16], fp16: [1; 16] };
    let drafts = [draft_of(Some(key(EventKind::Event))), draft_of(Some(key(EventKind::Request)))];
    assert_eq!(plan(0, None, &drafts, Known::new()).count(), 2);
}

/// Whatever it says, and whichever id it says it under: one entry of one origin.
#[test]
fn an_origin_comes_before_the_events_own_id() {
    let origin = |fp| EventKey { kind: EventKind::Event, key16: [7; 16], fp16: [fp; 16] };
    let of = |event, fp| draft(event).with_origin(origin(fp));
    let drafts =
        [of(Some((1, 1)), 1), of(Some((2, 2)), 2), of(None, 3), draft(Some((2, 2))), draft(Some((1, 3)))];
    let plan = plan(0, None, &drafts, Known::new());
    let here = Place::Here(new(plan.answers[0]));
    assert_eq!(plan.answers[1..3], [Answer::Duplicate(here); 2]);
    assert_eq!(new(plan.answers[3]).seq, 1, "the id of what was not taken is free");
    assert_eq!(plan.answers[4], Answer::Conflict(here), "the event's own id is known too");
    assert_eq!((plan.count(), plan.event_keys.len()), (2, 3));
}

#[test]
fn an_entry_without_an_event_id_is_never_a_duplicate() {
    let drafts = [draft(None), draft(None)];
    let plan = plan(0, None, &drafts, Known::new());
    assert_eq!((plan.count(), plan.event_keys.len()), (2, 0));
}

#[test]
fn a_batch_over_midnight_is_two_days() {
    // One before the last id of the day: the counter then carries into the next millisecond.
    let midnight = EntryId::lower_bound("2026-03-02T00:00:00Z".parse().unwrap());
    let millisecond = format!("{:012x}", (midnight.0.as_u128() >> 80) - 1);
    let last = format!("{}-{}-7fff-bfff-fffffffffffe", &millisecond[..8], &millisecond[8..]);
    let drafts = [draft(None), draft(None), draft(None)];
    let plan = plan(1, Some(&last), &drafts, Known::new());
    let days: Vec<_> = plan.rows().map(|(day, _)| day.to_string()).collect();
    assert_eq!(days, ["2026-03-01", "2026-03-02", "2026-03-02"]);
    assert_eq!(last_id(&plan), id_at("2026-03-02T00:00:00Z", "1"));
}

#[test]
fn a_head_ahead_of_the_clock_goes_on_for_a_day_and_then_refuses() {
    let within = id_at("2026-03-02T11:59:59Z", "");
    let drafts = [draft(None)];
    let plan = plan(1, Some(&within), &drafts, Known::new());
    assert_eq!(last_id(&plan), id_at("2026-03-02T11:59:59Z", "1"));
    assert_eq!(plan.clock_behind, Some(TimeDelta::seconds(86_399)));
    let beyond = id_at("2026-03-02T12:00:01Z", "");
    let error = Plan::new(locked(1, Some(&beyond)), drafts.iter(), Known::new()).unwrap_err();
    assert_eq!(error.head.to_rfc3339(), "2026-03-02T12:00:01+00:00");
}
