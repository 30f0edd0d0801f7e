//! Items without an id of their own, in requests that have one: each once within 24 hours.

use custody_auth::Scope;
use custody_ledger::{Appended, Draft};
use custody_store::{DatabaseRole, expired};

use crate::fixture::{Fixture, draft_with};

const CONTENT: &str = r#"{"action":"a","actor":{"id":"u"}}"#;

async fn item(fixture: &Fixture, scope: &Scope, key: &str, index: u64, said: &str) -> Draft {
    let key = fixture.ledger.event_keys(scope).await.unwrap().of_request_item(key, index, said.as_bytes());
    draft_with(CONTENT, Some(key))
}

#[tokio::test]
async fn a_request_that_is_repeated_has_the_first_receipts() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    // As many as are copied, and a few.
    for (key, count) in [("many", 70), ("few", 3)] {
        let mut request = Vec::new();
        for index in 0..count {
            request.push(item(&fixture, &a, key, index, "x").await);
        }
        let first = fixture.ledger.append(&a, request.clone()).await.unwrap();
        assert!(first.iter().all(|answer| matches!(answer, Appended::Accepted(_))), "{first:?}");
        let again = fixture.another_ledger().await.append(&a, request).await.unwrap();
        let expected: Vec<_> = first.iter().map(|answer| Appended::Duplicate(*answer.receipt())).collect();
        assert_eq!(again, expected);
        let other = vec![item(&fixture, &a, key, 0, "y").await, item(&fixture, &a, key, count, "x").await];
        let other = fixture.ledger.append(&a, other).await.unwrap();
        assert_eq!(other[0], Appended::Conflict(*first[0].receipt()));
        assert!(matches!(other[1], Appended::Accepted(_)), "{other:?}");
        let elsewhere = fixture.ledger.append(&b, vec![item(&fixture, &b, key, 0, "x").await]).await.unwrap();
        assert!(matches!(elsewhere[0], Appended::Accepted(_)), "a key is a tenant's own");
    }
}

#[tokio::test]
async fn no_event_id_is_taken_for_a_requests_key() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let keys = fixture.ledger.event_keys(&scope).await.unwrap();
    let of_request = keys.of_request_item("k", 0, b"x");
    let of_event = keys.of_event(("custody", "k"), b"x");
    assert_ne!(of_request.key16, of_event.key16);
    assert_eq!(of_request.fp16, of_event.fp16, "what it said is known by the same");
    let later = keys.of_request_item("k", 1, b"x");
    assert_ne!(of_request.key16, later.key16);
}

#[tokio::test]
async fn after_a_day_a_request_is_a_new_one_and_its_keys_are_swept_out() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let keys = async || {
        let mut writer = fixture.connection_as(DatabaseRole::Writer).await;
        let rows = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM request_keys").fetch_one(&mut writer);
        u64::try_from(rows.await.unwrap()).unwrap()
    };
    // As many as are copied, and one.
    for count in [70, 1] {
        let mut request = Vec::new();
        for index in 0..count {
            request.push(item(&fixture, &scope, &format!("k{count}"), index, "x").await);
        }
        fixture.ledger.append(&scope, request.clone()).await.unwrap();
        // An id of the last day but one.
        let age = "UPDATE request_keys_all SET id = (
                left(aged, 8) || '-' || right(aged, 4) || right(id::text, -13))::uuid
            FROM (SELECT tenant_id AS t, key_hi AS k, lpad(to_hex(
                ('x' || replace(left(id::text, 13), '-', ''))::bit(48)::bigint - 86400001), 12, '0') AS aged
                FROM request_keys_all) AS old
            WHERE old.t = tenant_id AND old.k = key_hi";
        fixture.run_as(None, age).await;
        let again = fixture.ledger.append(&scope, request.clone()).await.unwrap();
        assert!(again.iter().all(|answer| matches!(answer, Appended::Accepted(_))), "{again:?}");
        let third = fixture.ledger.append(&scope, request).await.unwrap();
        let expected: Vec<_> = again.iter().map(|answer| Appended::Duplicate(*answer.receipt())).collect();
        assert_eq!(third, expected, "the new one is known from now on");
        assert_eq!(keys().await, 2 * count, "the old ones are not looked at, but there");
        expired::sweep(&fixture.store, chrono::Utc::now()).await.unwrap();
        assert_eq!(keys().await, count, "of the new ones none is a day old");
        fixture.run_as(None, age).await;
        expired::sweep(&fixture.store, chrono::Utc::now()).await.unwrap();
        assert_eq!(keys().await, 0);
    }
}
