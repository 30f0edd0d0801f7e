//! The quarantine: once each, within its quota, the newest first.

use std::time::Duration;

use custody_auth::Scope;
use custody_store::{
    Store,
    quarantine::{self, Filter, ItemError, Kept, NewItem, Quota, Seen},
};

use crate::fixture::Fixture;

const QUOTA: Quota = Quota { items_max: 3, bytes_max: 100 };

async fn keep(store: &Store, scope: &Scope, fp: u8, size_bytes: u64) -> Kept {
    keep_all(store, scope, &[(fp, size_bytes)]).await[0]
}

async fn keep_all(store: &Store, scope: &Scope, items: &[(u8, u64)]) -> Vec<Kept> {
    let errors = [ItemError { pointer: "/metadata/a\0b".to_owned(), detail: "is not allowed".to_owned() }];
    let recorded_by = serde_json::json!({"principal": "key:k"});
    let sealed: Vec<_> = items.iter().map(|(fp, _)| [*fp]).collect();
    let items: Vec<_> = items
        .iter()
        .zip(&sealed)
        .map(|((fp, size_bytes), sealed)| NewItem {
            fp16: [*fp; 16],
            reason: "schema",
            errors: &errors,
            source_format: "custody",
            recorded_by: &recorded_by,
            size_bytes: *size_bytes,
            sent_bytes: (fp % 2 == 0).then_some(1_000),
            sealed,
            times: 1,
        })
        .collect();
    let mut tx = store.tenant_tx(scope).await.unwrap();
    let kept = quarantine::keep(&mut tx, &items, Seen::new(), QUOTA).await.unwrap();
    tx.commit().await.unwrap();
    kept
}

#[tokio::test]
async fn an_item_is_kept_once_and_shown_without_its_bytes() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let Kept::New(first) = keep(&fixture.store, &a, 1, 10).await else { panic!("new") };
    assert_eq!(keep(&fixture.store, &a, 1, 10).await, Kept::Known(first));
    let Kept::New(second) = keep(&fixture.store, &a, 2, 10).await else { panic!("new") };
    let mut tx = fixture.store.tenant_tx(&a).await.unwrap();
    let page = quarantine::page(&mut tx, &Filter::default(), None, 10).await.unwrap();
    assert_eq!(page.iter().map(|item| item.id).collect::<Vec<_>>(), [second, first]);
    assert_eq!(page[1].errors[0].pointer, "/metadata/a\0b");
    assert_eq!(page[1].recorded_by["principal"], "key:k");
    assert_eq!(quarantine::page(&mut tx, &Filter::default(), Some(second), 10).await.unwrap().len(), 1);
    assert_eq!(quarantine::sealed(&mut tx, first).await.unwrap(), Some(vec![1]));
    tx.commit().await.unwrap();
    let mut tx = fixture.store.tenant_tx(&b).await.unwrap();
    assert_eq!(quarantine::get(&mut tx, first).await.unwrap(), None, "another tenant's");
    assert_eq!(quarantine::sealed(&mut tx, first).await.unwrap(), None);
}

#[tokio::test]
async fn the_quota_counts_items_and_bytes_of_one_tenant() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    assert_eq!(keep(&fixture.store, &a, 1, 101).await, Kept::Full, "too many bytes at once");
    assert!(matches!(keep(&fixture.store, &a, 2, 99).await, Kept::New(_)));
    assert_eq!(keep(&fixture.store, &a, 3, 2).await, Kept::Full);
    assert!(matches!(keep(&fixture.store, &b, 3, 2).await, Kept::New(_)), "its own quota");
    for fp in [4, 5] {
        assert!(matches!(keep(&fixture.store, &b, fp, 2).await, Kept::New(_)));
    }
    assert_eq!(keep(&fixture.store, &b, 6, 2).await, Kept::Full, "too many items");
    assert!(matches!(keep(&fixture.store, &b, 5, 2).await, Kept::Known(_)), "costs nothing");
}

/// Many at once are answered one by one: what does not fit leaves its room to what comes after it, and
/// what stands twice is kept once.
#[tokio::test]
async fn each_of_many_is_kept_in_its_order_while_there_is_room() {
    let fixture = Fixture::new().await;
    let a = fixture.tenant("a").await;
    let Kept::New(before) = keep(&fixture.store, &a, 1, 10).await else { panic!("new") };
    let kept = keep_all(
        &fixture.store,
        &a,
        &[(2, 91), (3, 30), (1, 10), (3, 30), (4, 61), (2, 91), (5, 60), (6, 0), (7, 0)],
    )
    .await;
    let [Kept::Full, Kept::New(third), .., Kept::New(fifth), Kept::Full, Kept::Full] = kept[..] else {
        panic!("{kept:?}")
    };
    assert_eq!(
        kept[2..6],
        [Kept::Known(before), Kept::Known(third), Kept::Full, Kept::Full],
        "91 bytes fit nowhere, 61 not beside 10 and 30"
    );
    let mut tx = fixture.store.tenant_tx(&a).await.unwrap();
    let page = quarantine::page(&mut tx, &Filter::default(), None, 10).await.unwrap();
    assert_eq!(
        page.iter().map(|item| (item.id, item.size_bytes)).collect::<Vec<_>>(),
        [(fifth, 60), (third, 30), (before, 10)]
    );
    assert_eq!(quarantine::sealed(&mut tx, fifth).await.unwrap(), Some(vec![5]));
    quarantine::take(&mut tx, third).await.unwrap();
    quarantine::refund(&mut tx, 1, 30).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(keep(&fixture.store, &a, 8, 31).await, Kept::Full, "70 are there");
    assert!(matches!(keep(&fixture.store, &a, 9, 30).await, Kept::New(_)));
}

#[tokio::test]
async fn the_same_item_from_many_servers_is_kept_once_and_every_time_is_counted() {
    let fixture = Fixture::new().await;
    let a = fixture.tenant("a").await;
    let all = (0..6).map(|_| keep(&fixture.store, &a, 1, 10));
    let kept = futures::future::join_all(all).await;
    assert_eq!(kept.iter().filter(|kept| matches!(kept, Kept::New(_))).count(), 1, "{kept:?}");
    assert!(!kept.contains(&Kept::Full), "{kept:?}");
    let mut tx = fixture.store.tenant_tx(&a).await.unwrap();
    let item = quarantine::page(&mut tx, &Filter::default(), None, 1).await.unwrap().remove(0);
    tx.commit().await.unwrap();
    assert_eq!(item.times, 6, "none of them is lost to another");
    assert!(item.last_received_at > item.received_at);
    for fp in [2, 3] {
        assert!(matches!(keep(&fixture.store, &a, fp, 1).await, Kept::New(_)));
    }
    assert_eq!(keep(&fixture.store, &a, 4, 1).await, Kept::Full);
}

/// Its holder has yet to give back its room, for which it waits for whoever keeps.
#[tokio::test]
async fn an_item_that_is_about_to_leave_holds_nobody_up() {
    let fixture = Fixture::new().await;
    let a = fixture.tenant("a").await;
    let Kept::New(id) = keep(&fixture.store, &a, 1, 10).await else { panic!("new") };
    let mut taking = fixture.store.tenant_tx(&a).await.unwrap();
    quarantine::take(&mut taking, id).await.unwrap().unwrap();
    let again = tokio::time::timeout(Duration::from_secs(20), keep(&fixture.store, &a, 1, 10)).await;
    assert_eq!(again.expect("it does not wait"), Kept::Known(id));
    quarantine::refund(&mut taking, 1, 10).await.unwrap();
    taking.commit().await.unwrap();
    assert!(matches!(keep(&fixture.store, &a, 1, 10).await, Kept::New(_)));
}

#[tokio::test]
async fn lists_keep_to_their_filter_and_their_order() {
    let fixture = Fixture::new().await;
    let a = fixture.tenant("a").await;
    for fp in [1, 2, 3] {
        keep(&fixture.store, &a, fp, 1).await;
    }
    let mut tx = fixture.store.tenant_tx(&a).await.unwrap();
    let all = quarantine::page(&mut tx, &Filter::default(), None, 10).await.unwrap();
    let middle = &all[1];
    let of = |reason: &str, source_format: &str| Filter {
        reason: Some(reason.to_owned()),
        source_format: Some(source_format.to_owned()),
        ..Filter::default()
    };
    for (filter, found) in [
        (of("schema", "custody"), 3),
        (of("time", "custody"), 0),
        (of("schema", "cloudtrail"), 0),
        (Filter { from: Some(middle.received_at), ..Filter::default() }, 2),
        (Filter { to: Some(middle.received_at), ..Filter::default() }, 1),
    ] {
        assert_eq!(quarantine::page(&mut tx, &filter, None, 10).await.unwrap().len(), found, "{filter:?}");
        assert_eq!(quarantine::walk(&mut tx, &filter, None, 10).await.unwrap().len(), found, "{filter:?}");
    }
    let oldest = quarantine::walk(&mut tx, &Filter::default(), None, 2).await.unwrap();
    assert_eq!(oldest, [all[2].id, all[1].id]);
    assert_eq!(quarantine::walk(&mut tx, &Filter::default(), Some(oldest[1]), 2).await.unwrap(), [all[0].id]);
}

#[tokio::test]
async fn an_item_is_taken_once_and_only_by_a_commit() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let Kept::New(id) = keep(&fixture.store, &a, 1, 60).await else { panic!("new") };
    let mut tx = fixture.store.tenant_tx(&b).await.unwrap();
    assert_eq!(quarantine::take(&mut tx, id).await.unwrap(), None, "another tenant's");
    tx.commit().await.unwrap();

    let mut tx = fixture.store.tenant_tx(&a).await.unwrap();
    assert_eq!(quarantine::take(&mut tx, id).await.unwrap().unwrap().size_bytes, 60);
    tx.rollback().await.unwrap();
    assert_eq!(keep(&fixture.store, &a, 2, 60).await, Kept::Full, "it is where it was");

    let mut tx = fixture.store.tenant_tx(&a).await.unwrap();
    assert!(quarantine::take(&mut tx, id).await.unwrap().is_some());
    assert!(quarantine::take(&mut tx, id).await.unwrap().is_none());
    quarantine::refund(&mut tx, 1, 60).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(keep(&fixture.store, &a, 2, 60).await, Kept::New(_)), "its room is free");
}
