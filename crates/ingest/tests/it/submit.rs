//! What becomes of items.

use bytes::Bytes;
use custody_ingest::{Format, Framing, ItemResult, RawItem, sample, split, split::Cut};
use serde_json::json;

use crate::fixture::{Fixture, words};

#[tokio::test]
async fn each_item_of_a_request_has_its_own_fate_in_the_order_sent() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let one = r#"{"action":"a","actor":{"id":"u"},"event_id":"e1","metadata":{"n":1}}"#;
    let same_again = r#"{ "metadata": {"n": 1.0}, "event_id": "e1", "actor": {"id": "u"}, "action": "a" }"#;
    let other = r#"{"action":"a","actor":{"id":"u"},"event_id":"e1","metadata":{"n":2}}"#;
    let results = fixture
        .submit(&scope, &[one, "{broken", r#"{"action":"b","actor":{"id":"u"}}"#, same_again, other, "{}"])
        .await;
    assert_eq!(
        words(&results),
        [
            "accepted 0",
            "quarantined syntax",
            "accepted 1",
            "duplicate 0",
            "quarantined conflict",
            "quarantined schema"
        ]
    );
    let later = fixture.submit(&scope, &[other, one, "{broken"]).await;
    assert_eq!(words(&later), ["quarantined conflict", "duplicate 0", "quarantined syntax"]);
    let id = |result: &ItemResult| match result {
        ItemResult::Quarantined(item) => item.id,
        other => panic!("{other:?}"),
    };
    assert_eq!(id(&results[1]), id(&later[2]), "the same bytes are kept once");
    assert_eq!(id(&results[4]), id(&later[0]));
    assert_eq!(fixture.log(&scope).await.len(), 2);
}

#[tokio::test]
async fn what_the_log_holds_says_who_brought_it_and_what_was_masked() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    fixture
        .submit(
            &scope,
            &[r#"{"action":"a","actor":{"id":"u"},"metadata":{"password":"hunter22","big":1e400}}"#],
        )
        .await;
    let entry = &fixture.log(&scope).await[0];
    assert_eq!(entry["recorded_by"], json!({"principal": "system:test", "via": "test"}));
    assert_eq!(entry["masked"], json!([{"pointer": "/metadata/password", "rule": "password_key"}]));
    assert_eq!(entry["number_as_text"], json!(["/metadata/big"]));
    assert_eq!(entry["source_format"], "custody");
    assert_eq!(entry["metadata"], json!({"password": "***", "big": "1e400"}));
}

/// The fingerprint is of the event as it came: two that differ in a masked value alone are two.
#[tokio::test]
async fn events_that_differ_only_in_what_is_masked_are_the_same() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let item = |password: &str| {
        format!(
            r#"{{"action":"a","actor":{{"id":"u"}},"event_id":"e1","metadata":{{"password":"{password}"}}}}"#
        )
    };
    let results = fixture.submit(&scope, &[&item("hunter22"), &item("hunter23"), &item("hunter22")]).await;
    assert_eq!(words(&results), ["accepted 0", "duplicate 0", "duplicate 0"]);
}

/// Whether the sender names its tenant is no part of the event.
#[tokio::test]
async fn an_event_is_the_same_with_and_without_its_tenant() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let without = r#"{"action":"a","actor":{"id":"u"},"event_id":"e1"}"#;
    let with =
        format!(r#"{{"action":"a","actor":{{"id":"u"}},"event_id":"e1","tenant_id":"{}"}}"#, scope.tenant());
    let results = fixture.submit(&scope, &[without, &with, without]).await;
    assert_eq!(words(&results), ["accepted 0", "duplicate 0", "duplicate 0"]);
}

/// What the server adds is bounded too: whatever was accepted can be read.
#[tokio::test]
async fn what_would_grow_past_reading_is_quarantined() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let numbers = |key: usize, count: usize| {
        let (key, numbers) = ("k".repeat(key), vec!["1e400"; count].join(","));
        format!(r#"{{"action":"a","actor":{{"id":"u"}},"metadata":{{"{key}":[{numbers}]}}}}"#)
    };
    let passwords = |key: usize, count: usize| {
        let members: Vec<_> = (0..count).map(|n| format!(r#""p{n}password":"x""#)).collect();
        let (key, members) = ("k".repeat(key), members.join(","));
        format!(r#"{{"action":"a","actor":{{"id":"u"}},"metadata":{{"{key}":{{{members}}}}}}}"#)
    };
    let items = [
        numbers(100_000, 1_000),
        numbers(4_000, 1_000),
        passwords(20_000, 4_000),
        passwords(4_000, 4_000),
        numbers(4_000, 50),
        passwords(4_000, 50),
    ];
    let results = fixture.submit(&scope, &items.each_ref().map(String::as_str)).await;
    let size = "quarantined size";
    assert_eq!(words(&results), [size, size, size, size, "accepted 0", "accepted 1"]);
    let log = fixture.log(&scope).await;
    assert_eq!(log[0]["number_as_text"].as_array().unwrap().len(), 50);
    assert_eq!(log[1]["masked"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn importing_a_file_twice_adds_nothing() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let records: Vec<_> = sample::cloudtrail(9, 300).map(|r| String::from_utf8(r).unwrap()).collect();
    let file = Bytes::from(format!("{{\"Records\":[{}]}}", records.join(",")));
    for expected in ["accepted", "duplicate"] {
        let items = split(&file, Framing::Auto, Format::Auto).unwrap();
        let results = fixture.ingest.submit(&scope, Format::Auto, items).await.unwrap();
        assert_eq!(results.len(), 300);
        for (seq, word) in words(&results).iter().enumerate() {
            assert_eq!(*word, format!("{expected} {seq}"));
        }
    }
    assert_eq!(fixture.ledger.head(&scope).await.unwrap().size, 300);
}

#[tokio::test]
async fn delivered_cloudtrail_goes_in_once() {
    let Some(folder) = custody_testkit::data::path("cloudtrail") else { return };
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    for expected in ["accepted", "duplicate"] {
        let mut count = 0;
        for path in &paths {
            let body = Bytes::from(std::fs::read(path).unwrap());
            let items = split(&body, Framing::Auto, Format::CloudTrail).unwrap();
            let results = fixture.ingest.submit(&scope, Format::CloudTrail, items).await.unwrap();
            count += words(&results).iter().filter(|word| word.starts_with(expected)).count();
        }
        assert_eq!(count, 1285, "{expected}");
    }
    assert_eq!(fixture.ledger.head(&scope).await.unwrap().size, 1285);
}

#[tokio::test]
async fn the_same_event_id_in_two_tenants_is_two_events() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let item = r#"{"action":"a","actor":{"id":"u"},"event_id":"e1"}"#;
    assert_eq!(words(&fixture.submit(&a, &[item]).await), ["accepted 0"]);
    assert_eq!(words(&fixture.submit(&b, &[item]).await), ["accepted 0"]);
    let of_a = format!(r#"{{"action":"a","actor":{{"id":"u"}},"tenant_id":"{}"}}"#, a.tenant());
    assert_eq!(words(&fixture.submit(&a, &[&of_a]).await), ["accepted 1"]);
    assert_eq!(words(&fixture.submit(&b, &[&of_a]).await), ["quarantined tenant"]);
}

#[tokio::test]
async fn nothing_is_answered_for_nothing() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    assert!(fixture.submit(&scope, &[]).await.is_empty());
}

/// Of items that are too long to be held only their beginnings are kept, with the hash of the whole.
#[tokio::test]
async fn two_long_items_that_begin_alike_are_two() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let item = |hash: u8| RawItem {
        cut: Some(Cut { length: 40_000_000, sha256: [hash; 32] }),
        ..RawItem::whole(b"{\"action\":\"xxx".as_slice())
    };
    let submit = async |items| fixture.ingest.submit(&scope, Format::Auto, items).await.unwrap();
    let results = submit(vec![item(1), item(2), item(1)]).await;
    let id = |at: usize| match &results[at] {
        ItemResult::Quarantined(kept) => {
            assert!(kept.errors[0].detail.contains("40000000"), "{:?}", kept.errors);
            kept.id
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(id(0), id(2));
    assert_ne!(id(0), id(1));
}
