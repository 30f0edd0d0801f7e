//! The quarantine: once each, within its quota, the newest first.

use custody_auth::Scope;
use custody_store::{
    Store,
    quarantine::{self, ItemError, Kept, NewItem, Quota},
};

use crate::fixture::Fixture;

const QUOTA: Quota = Quota { items_max: 3, bytes_max: 100 };

async fn keep(store: &Store, scope: &Scope, fp: u8, size_bytes: u64) -> Kept {
    let errors = [ItemError { pointer: "/metadata/a\0b".to_owned(), detail: "is not allowed".to_owned() }];
    let item = NewItem {
        fp16: [fp; 16],
        reason: "schema",
        errors: &errors,
        source_format: "custody",
        recorded_by: serde_json::json!({"principal": "key:k"}),
        size_bytes,
        sealed: &[fp],
    };
    let mut tx = store.tenant_tx(scope).await.unwrap();
    let kept = quarantine::keep(&mut tx, &item, QUOTA).await.unwrap();
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
    let page = quarantine::page(&mut tx, None, 10).await.unwrap();
    assert_eq!(page.iter().map(|item| item.id).collect::<Vec<_>>(), [second, first]);
    assert_eq!(page[1].errors[0].pointer, "/metadata/a\0b");
    assert_eq!(page[1].recorded_by["principal"], "key:k");
    assert_eq!(quarantine::page(&mut tx, Some(second), 10).await.unwrap().len(), 1);
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

#[tokio::test]
async fn the_same_item_from_many_servers_is_kept_and_counted_once() {
    let fixture = Fixture::new().await;
    let a = fixture.tenant("a").await;
    let all = (0..6).map(|_| keep(&fixture.store, &a, 1, 10));
    let kept = futures::future::join_all(all).await;
    assert_eq!(kept.iter().filter(|kept| matches!(kept, Kept::New(_))).count(), 1, "{kept:?}");
    assert!(!kept.contains(&Kept::Full), "{kept:?}");
    for fp in [2, 3] {
        assert!(matches!(keep(&fixture.store, &a, fp, 1).await, Kept::New(_)));
    }
    assert_eq!(keep(&fixture.store, &a, 4, 1).await, Kept::Full);
}
