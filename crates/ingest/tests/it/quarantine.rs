//! What cannot become an entry is kept whole and sealed, within bounds.

use custody_ingest::{ItemResult, QuarantineQuota, quarantine};
use custody_store::quarantine as table;

use crate::fixture::{Fixture, words};

#[tokio::test]
async fn an_item_is_kept_whole_sealed_and_the_tenants_own() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let item = r#"{"actoin":"x","metadata":{"password":"hunter22"}}"#;
    let results = fixture.submit(&a, &[item]).await;
    let ItemResult::Quarantined(kept) = &results[0] else { panic!("{results:?}") };
    assert_eq!(kept.errors[0].pointer, "/actoin");

    let mut tx = fixture.store.tenant_tx(&a).await.unwrap();
    let row = table::get(&mut tx, kept.id).await.unwrap().unwrap();
    let sealed = table::sealed(&mut tx, kept.id).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert_eq!((row.reason.as_str(), row.source_format.as_str()), ("schema", "custody"));
    assert_eq!(row.recorded_by["principal"], "system:test");
    assert!(!sealed.windows(8).any(|w| w == b"hunter22"));

    let opened = quarantine::open(&fixture.store, &fixture.keys, &a, kept.id).await.unwrap().unwrap();
    assert_eq!(opened.as_slice(), item.as_bytes());
    assert!(quarantine::open(&fixture.store, &fixture.keys, &b, kept.id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_full_quarantine_costs_no_neighbour_its_receipt() {
    let fixture = Fixture::with_quota(QuarantineQuota { items_max: 2, bytes_max: 1_000 }).await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let good = r#"{"action":"a","actor":{"id":"u"}}"#;
    let results = fixture.submit(&a, &["{1", "{2", "{3", good, "{1"]).await;
    assert_eq!(
        words(&results),
        ["quarantined syntax", "quarantined syntax", "retry", "accepted 0", "quarantined syntax"]
    );
    let ItemResult::Retry { detail } = &results[2] else { panic!("{results:?}") };
    assert!(detail.contains("quarantine is full") && detail.contains("syntax"), "{detail}");
    assert_eq!(
        words(&fixture.submit(&b, &["{3"]).await),
        ["quarantined syntax"],
        "each tenant has its own quota"
    );
}

/// What is too large for the room that is left goes back to its sender; what fits is kept.
#[tokio::test]
async fn the_quota_in_bytes_is_each_items_own() {
    let fixture = Fixture::with_quota(QuarantineQuota { items_max: 10, bytes_max: 100 }).await;
    let scope = fixture.tenant("a").await;
    let (large, small) = ("9".repeat(70), "8".repeat(40));
    let results = fixture.submit(&scope, &[&large, &small, "{1", &small, &large]).await;
    let kept = "quarantined schema";
    assert_eq!(words(&results), [kept, "retry", "quarantined syntax", "retry", kept]);
    let ids: Vec<_> = results
        .iter()
        .filter_map(|result| match result {
            ItemResult::Quarantined(kept) => Some(kept.id),
            _ => None,
        })
        .collect();
    assert!(ids[0] == ids[2] && ids[0] != ids[1], "the same bytes are kept once: {ids:?}");
}

/// Some hundreds of kilobytes each: more than one transaction.
#[tokio::test]
async fn large_broken_items_are_kept_as_small_ones_are() {
    let fixture = Fixture::with_quota(QuarantineQuota { items_max: 100, bytes_max: 1 << 30 }).await;
    let scope = fixture.tenant("a").await;
    let items: Vec<_> = (0..12).map(|n| format!("{{{n}{}", "x".repeat(800 << 10))).collect();
    let items: Vec<_> = items.iter().map(String::as_str).collect();
    for (item, result) in items.iter().zip(fixture.submit(&scope, &items).await) {
        let ItemResult::Quarantined(kept) = result else { panic!("{result:?}") };
        let opened = quarantine::open(&fixture.store, &fixture.keys, &scope, kept.id).await.unwrap().unwrap();
        assert!(opened.as_slice() == item.as_bytes());
    }
}

#[tokio::test]
async fn many_broken_items_are_all_kept() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let items: Vec<_> = (0..150).map(|n| format!("{{{n}")).collect();
    let items: Vec<_> = items.iter().map(String::as_str).collect();
    let results = fixture.submit(&scope, &items).await;
    for (item, result) in items.iter().zip(&results) {
        let ItemResult::Quarantined(kept) = result else { continue };
        let opened = quarantine::open(&fixture.store, &fixture.keys, &scope, kept.id).await.unwrap().unwrap();
        assert_eq!(opened.as_slice(), item.as_bytes(), "each answer has its own item's id");
    }
    let results = words(&results);
    assert_eq!(results.iter().filter(|w| *w == "quarantined syntax").count(), 100, "the quota");
    assert_eq!(results.iter().filter(|w| *w == "retry").count(), 50);
}
