//! From the quarantine into the log, and out of it for good.

use custody_auth::Scope;
use custody_domain::QuarantineId;
use custody_ingest::{
    Format, ItemResult, MaskPolicy, QuarantineQuota, RawItem, Reason,
    quarantine::{Content, Correction, Replay, discard},
    split::Cut,
};
use custody_store::{audit_outbox, mask_policies, quarantine as table};
use custody_testkit::eventually;
use serde_json::Value;

use crate::fixture::{Fixture, words};

/// Has no actor.
const BROKEN: &str = r#"{"action":"door.opened","metadata":{"password":"hunter22"}}"#;
const MENDED: &str = r#"{"action":"door.opened","actor":{"id":"u1"}}"#;

async fn kept(fixture: &Fixture, scope: &Scope, item: &str) -> QuarantineId {
    let results = fixture.submit(scope, &[item]).await;
    let [ItemResult::Quarantined(kept)] = results.as_slice() else { panic!("{results:?}") };
    kept.id
}

fn with(body: &str) -> Correction<'_> {
    Correction { body: Some(body.as_bytes()), format: None }
}

async fn replay(fixture: &Fixture, scope: &Scope, id: QuarantineId, correction: Correction<'_>) -> Replay {
    fixture.ingest.replay(scope, id, correction).await.unwrap()
}

async fn there(fixture: &Fixture, scope: &Scope, id: QuarantineId) -> bool {
    let mut tx = fixture.store.tenant_tx(scope).await.unwrap();
    let item = table::get(&mut tx, id).await.unwrap();
    tx.commit().await.unwrap();
    item.is_some()
}

/// What waits for the log, as action and metadata.
async fn trail(fixture: &Fixture, scope: &Scope, action: &str) -> Vec<Value> {
    let waiting = audit_outbox::read(&fixture.store, scope, 100).await.unwrap();
    let of = waiting.rows.into_iter().filter(|row| row.change.action == action);
    of.map(|row| row.change.metadata.unwrap()).collect()
}

#[tokio::test]
async fn a_mended_item_becomes_an_entry_and_leaves() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let id = kept(&fixture, &scope, BROKEN).await;
    let Replay::Rejected { reason: Reason::Schema, errors } =
        replay(&fixture, &scope, id, Correction::default()).await
    else {
        panic!("it is as wrong as it was")
    };
    assert_eq!(errors[0].pointer, "/actor/id");
    assert!(there(&fixture, &scope, id).await, "what was not taken stays");

    let Replay::Accepted(receipt) = replay(&fixture, &scope, id, with(MENDED)).await else { panic!() };
    assert!(!there(&fixture, &scope, id).await);
    assert_eq!(replay(&fixture, &scope, id, with(MENDED)).await, Replay::Gone);
    let log = fixture.log(&scope).await;
    assert_eq!((log.len(), log[0]["actor"]["id"].as_str()), (1, Some("u1")));

    let trail = trail(&fixture, &scope, "custody.quarantine.replayed").await;
    assert_eq!(trail.len(), 1, "{trail:?}");
    assert_eq!(trail[0]["entry"]["id"], receipt.id.to_string());
    assert_eq!((&trail[0]["corrected"], &trail[0]["reason"]), (&true.into(), &"schema".into()));
    assert_eq!(trail[0]["sent_by"], "system:test");
}

/// What was wrong was the tenant's own policy: nothing of the item has to change.
#[tokio::test]
async fn an_item_goes_in_as_it_was_once_the_policy_lets_it() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let policy = async |mask: &[&str]| {
        let mask = mask.iter().map(|text| (*text).to_owned()).collect();
        let policy = serde_json::to_value(MaskPolicy { mask, ..MaskPolicy::default() }).unwrap();
        mask_policies::set(&fixture.store, &scope, policy, chrono::Utc::now()).await.unwrap();
        fixture.ingest.mask_policy_changed(&scope).await;
    };
    policy(&["/occurred_at"]).await;
    let item = r#"{"action":"a.b","actor":{"id":"u"},"occurred_at":"2026-01-31T09:30:00Z"}"#;
    let id = kept(&fixture, &scope, item).await;
    policy(&[]).await;
    let Replay::Accepted(_) = replay(&fixture, &scope, id, Correction::default()).await else { panic!() };
    assert_eq!(fixture.log(&scope).await[0]["occurred_at"], "2026-01-31T09:30:00Z");
    assert_eq!(trail(&fixture, &scope, "custody.quarantine.replayed").await[0]["corrected"], false);
}

/// Stopped after the entry was durable and before the item left: as by kill -9 between the two. Then
/// replayed by the same text, under another event id, with one and without.
#[tokio::test]
async fn a_replay_that_was_killed_half_way_makes_no_second_entry() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let e1 = r#"{"action":"a","actor":{"id":"u"},"event_id":"e1"}"#;
    let e2 = r#"{"action":"a","actor":{"id":"u"},"event_id":"e2"}"#;
    let e3 = r#"{"action":"a","actor":{"id":"u"},"event_id":"e3"}"#;
    let replays = [(MENDED, MENDED), (e1, e1), (e2, e3), (e3, MENDED), (MENDED, e1)];
    for (n, (mended, again)) in replays.into_iter().enumerate() {
        let id = kept(&fixture, &scope, &format!("{{{n}")).await;
        // Whoever takes the item out waits for this row last.
        let mut usage = fixture.store.tenant_tx(&scope).await.unwrap();
        table::refund(&mut usage, 0, 0).await.unwrap();
        let (ingest, of) = (fixture.ingest.clone(), scope.clone());
        let running = tokio::spawn(async move { ingest.replay(&of, id, with(mended)).await });
        let entry =
            eventually("the entry is durable", || async { fixture.log(&scope).await.get(n).cloned() }).await;
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        usage.rollback().await.unwrap();

        assert!(there(&fixture, &scope, id).await);
        let Replay::Known(receipt) = replay(&fixture, &scope, id, with(again)).await else { panic!() };
        assert_eq!(receipt.id.to_string(), entry["id"].as_str().unwrap());
        assert!(!there(&fixture, &scope, id).await);
        assert_eq!(fixture.log(&scope).await.len(), n + 1);
    }
    assert_eq!(trail(&fixture, &scope, "custody.quarantine.replayed").await.len(), replays.len());
}

#[tokio::test]
async fn many_who_replay_one_item_make_one_entry() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let id = kept(&fixture, &scope, BROKEN).await;
    let all = futures::future::join_all((0..8).map(|_| replay(&fixture, &scope, id, with(MENDED)))).await;
    assert_eq!(all.iter().filter(|r| matches!(r, Replay::Accepted(_))).count(), 1, "{all:?}");
    assert_eq!(all.iter().filter(|r| **r == Replay::Gone).count(), 7, "{all:?}");
    assert_eq!(fixture.log(&scope).await.len(), 1);
}

#[tokio::test]
async fn an_event_that_contradicts_the_log_stays_and_one_that_is_there_leaves() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let first = r#"{"action":"a.b","actor":{"id":"u"},"event_id":"e1"}"#;
    let other = r#"{"action":"a.c","actor":{"id":"u"},"event_id":"e1"}"#;
    assert_eq!(words(&fixture.submit(&scope, &[first]).await), ["accepted 0"]);
    let id = kept(&fixture, &scope, other).await;
    for correction in [Correction::default(), with(other)] {
        let Replay::Rejected { reason, errors } = replay(&fixture, &scope, id, correction).await else {
            panic!()
        };
        assert_eq!((reason, errors[0].pointer.as_str()), (Reason::Conflict, "/event_id"));
        assert!(there(&fixture, &scope, id).await);
    }
    let Replay::Known(receipt) = replay(&fixture, &scope, id, with(first)).await else { panic!() };
    assert_eq!(receipt.seq, 0);
    assert!(!there(&fixture, &scope, id).await);
}

#[tokio::test]
async fn another_tenant_has_no_such_item() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let id = kept(&fixture, &a, BROKEN).await;
    assert_eq!(replay(&fixture, &b, id, with(MENDED)).await, Replay::Gone);
    assert_eq!(fixture.ingest.quarantined_content(&b, id).await.unwrap(), None);
    assert_eq!(discard(&fixture.store, &b, &[id]).await.unwrap(), 0);
    assert!(there(&fixture, &a, id).await);
    assert_eq!(fixture.log(&b).await.len(), 0);
}

#[tokio::test]
async fn what_leaves_makes_room() {
    let fixture = Fixture::with_quota(QuarantineQuota { items_max: 2, bytes_max: 1_000 }).await;
    let scope = fixture.tenant("a").await;
    let (first, second) = (kept(&fixture, &scope, "{1").await, kept(&fixture, &scope, "{2").await);
    assert_eq!(words(&fixture.submit(&scope, &["{3"]).await), ["retry"]);
    assert_eq!(discard(&fixture.store, &scope, &[second, first, first]).await.unwrap(), 2);
    assert_eq!(trail(&fixture, &scope, "custody.quarantine.dropped").await.len(), 2);
    let third = kept(&fixture, &scope, "{3").await;
    let fourth = kept(&fixture, &scope, &"4".repeat(990)).await;
    assert_eq!(words(&fixture.submit(&scope, &["{5"]).await), ["retry"]);
    let Replay::Accepted(_) = replay(&fixture, &scope, fourth, with(MENDED)).await else { panic!() };
    kept(&fixture, &scope, &"5".repeat(990)).await;
    assert!(there(&fixture, &scope, third).await);
}

#[tokio::test]
async fn what_an_item_says_is_shown_masked_and_leaves_an_entry() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    for (sent, json) in [(BROKEN, true), (r#"{"password":"hunter22","#, false)] {
        let id = kept(&fixture, &scope, sent).await;
        let text = match fixture.ingest.quarantined_content(&scope, id).await.unwrap().unwrap() {
            Content::Json(bytes) if json => String::from_utf8(bytes).unwrap(),
            Content::Text(text) if !json => text,
            other => panic!("{other:?}"),
        };
        assert!(text.contains("password") && !text.contains("hunter22"), "{text}");
    }
    assert_eq!(trail(&fixture, &scope, "custody.quarantine.shown").await.len(), 2);
}

/// What is sent as CloudTrail and cannot be read is CloudTrail's when it is mended.
#[tokio::test]
async fn the_format_is_the_one_it_was_sent_in_unless_another_is_said() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let record =
        r#"{"eventSource":"iam.amazonaws.com","eventName":"CreateUser","userIdentity":{"arn":"arn:x"}}"#;
    let id = kept(&fixture, &scope, r#"{"eventSource":"iam.amazonaws.com","eventName":"CreateUser"}"#).await;
    let as_ours = Correction { body: Some(record.as_bytes()), format: Some(Format::Custody) };
    assert!(matches!(replay(&fixture, &scope, id, as_ours).await, Replay::Rejected { .. }));
    let Replay::Accepted(_) = replay(&fixture, &scope, id, with(record)).await else { panic!() };
    assert_eq!(fixture.log(&scope).await[0]["action"], "iam.CreateUser");
}

/// What was kept of it may be a whole event by itself; what was sent was not.
#[tokio::test]
async fn an_item_of_which_the_beginning_was_kept_is_replayed_by_another_text_alone() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let cut = RawItem {
        cut: Some(Cut { length: 40_000_000, sha256: [7; 32] }),
        ..RawItem::whole(MENDED.as_bytes().to_vec())
    };
    let results = fixture.ingest.submit(&scope, Format::Auto, vec![cut]).await.unwrap();
    let [ItemResult::Quarantined(kept)] = results.as_slice() else { panic!("{results:?}") };
    let Replay::Rejected { reason: Reason::Size, errors } =
        replay(&fixture, &scope, kept.id, Correction::default()).await
    else {
        panic!("a part was taken for the whole")
    };
    assert!(errors[0].detail.contains("40000000 bytes"), "{errors:?}");
    let Replay::Accepted(_) = replay(&fixture, &scope, kept.id, with(MENDED)).await else { panic!() };
}
