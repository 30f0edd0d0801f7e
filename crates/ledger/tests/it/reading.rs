//! Reading by id and by page, within one tenant.

use custody_ledger::{LedgerError, Order, Range};

use crate::fixture::{Fixture, draft, drafts, receipts};

#[tokio::test]
async fn an_entry_is_found_in_its_tenant_and_shown_with_its_place() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let content = r#"{"actor":{"id":"u"},"action":"a","metadata":{"n":1.50}}"#;
    let appended = fixture.ledger.append(&a, vec![draft(content)]).await.unwrap();
    let receipt = appended[0].receipt();
    let entry = fixture.ledger.get(&a, receipt.id).await.unwrap().unwrap();
    assert_eq!(entry.leaf_hash, receipt.leaf_hash);
    let view = entry.view().unwrap();
    assert_eq!(view.content.pointer("/actor/id").and_then(|v| v.as_str()), Some("u"));
    let mut json = Vec::new();
    entry.write_json(&mut json);
    let place = format!(
        r#""id":"{}","seq":0,"tenant_id":"{}","received_at":"{}","leaf_hash":"{}"}}"#,
        receipt.id,
        a.tenant(),
        custody_domain::time::rfc3339_millis(receipt.received_at),
        hex::encode(receipt.leaf_hash)
    );
    assert_eq!(
        String::from_utf8(json).unwrap(),
        format!(r#"{{"action":"a","actor":{{"id":"u"}},"metadata":{{"n":1.5}},{place}"#)
    );
    assert_eq!(fixture.ledger.get(&b, receipt.id).await.unwrap(), None);
}

#[tokio::test]
async fn pages_go_both_ways_and_stop_at_their_bounds() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let ids: Vec<_> = receipts(&fixture.ledger.append(&a, drafts(6)).await.unwrap())
        .iter()
        .map(|receipt| receipt.id)
        .collect();
    fixture.ledger.append(&b, drafts(3)).await.unwrap();
    let seqs = async |range, order, limit| -> Vec<u64> {
        let page = fixture.ledger.page(&a, range, order, limit).await.unwrap();
        page.iter().map(|entry| entry.seq).collect()
    };
    let all = Range::default();
    assert_eq!(seqs(all, Order::NewestFirst, 100).await, [5, 4, 3, 2, 1, 0]);
    assert_eq!(seqs(all, Order::OldestFirst, 2).await, [0, 1]);
    let before = Range { before: Some(ids[3]), ..all };
    assert_eq!(seqs(before, Order::NewestFirst, 2).await, [2, 1]);
    let between = Range { after: Some(ids[1]), before: Some(ids[4]) };
    assert_eq!(seqs(between, Order::OldestFirst, 100).await, [2, 3]);
}

#[tokio::test]
async fn leaf_hashes_are_all_there_or_the_first_that_is_not_is_named() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let appended = fixture.ledger.append(&a, drafts(4)).await.unwrap();
    fixture.ledger.append(&b, drafts(9)).await.unwrap();
    let hashes: Vec<_> = receipts(&appended).iter().map(|receipt| receipt.leaf_hash).collect();
    assert_eq!(fixture.ledger.leaf_hashes(&a, 0, 4).await.unwrap(), hashes);
    assert_eq!(fixture.ledger.leaf_hashes(&a, 1, 3).await.unwrap(), hashes[1..3]);
    let error = fixture.ledger.leaf_hashes(&a, 0, 5).await.unwrap_err();
    assert!(matches!(error, LedgerError::Missing { seq: 4, .. }), "{error}");
}
