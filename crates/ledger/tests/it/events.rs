//! Events with an id of their own: each once, whoever sends it again.

use custody_ledger::Appended;
use custody_store::DatabaseRole;
use sqlx::Row as _;

use crate::fixture::Fixture;

const CONTENT: &str = r#"{"action":"a","actor":{"id":"u"}}"#;

#[tokio::test]
async fn sent_again_is_the_first_receipt_and_other_content_a_conflict() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let one = async |event| fixture.event(&scope, CONTENT, event).await.unwrap();
    let first = fixture.ledger.append(&scope, vec![one(("e1", "x")).await]).await.unwrap();
    let Appended::Accepted(receipt) = first[0] else { panic!("{first:?}") };
    let again = vec![
        one(("e1", "x")).await,
        one(("e2", "x")).await,
        one(("e1", "y")).await,
        one(("e2", "x")).await,
        one(("e2", "y")).await,
    ];
    let answers = fixture.ledger.append(&scope, again).await.unwrap();
    let Appended::Accepted(second) = answers[1] else { panic!("{answers:?}") };
    assert_eq!(second.seq, 1, "a duplicate takes no place");
    assert_eq!(
        answers,
        [
            Appended::Duplicate(receipt),
            Appended::Accepted(second),
            Appended::Conflict(receipt),
            Appended::Duplicate(second),
            Appended::Conflict(second),
        ]
    );
    assert_eq!(fixture.ledger.head(&scope).await.unwrap().size, 2);
}

#[tokio::test]
async fn an_event_id_is_a_tenants_own() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let keys = fixture.ledger.event_keys(&a).await.unwrap();
    let of_a = keys.of_event(("custody", "e1"), b"x");
    let of_b = fixture.ledger.event_keys(&b).await.unwrap().of_event(("custody", "e1"), b"x");
    assert_ne!(of_a.key16, of_b.key16, "not comparable between tenants");
    assert_ne!(of_a.fp16, of_b.fp16);
    assert_ne!(of_a.key16, keys.of_quarantined(b"e1"));
    for scope in [&a, &b] {
        let draft = fixture.event(scope, CONTENT, ("e1", "x")).await.unwrap();
        let answers = fixture.ledger.append(scope, vec![draft]).await.unwrap();
        assert!(matches!(answers[0], Appended::Accepted(_)), "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_from_many_servers_at_once_is_one_entry() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let ledgers = [fixture.ledger.clone(), fixture.another_ledger().await];
    let mut drafts = Vec::new();
    for n in 0..60 {
        drafts.push(fixture.event(&scope, CONTENT, (&format!("e{n}"), "x")).await.unwrap());
    }
    let senders = (0..8).map(|n| {
        let (ledger, scope, mut drafts) = (ledgers[n % 2].clone(), scope.clone(), drafts.clone());
        drafts.rotate_left(n);
        tokio::spawn(async move { ledger.append(&scope, drafts).await.unwrap() })
    });
    let mut accepted = 0;
    for answers in futures::future::join_all(senders).await {
        let answers = answers.unwrap();
        accepted += answers.iter().filter(|a| matches!(a, Appended::Accepted(_))).count();
        assert!(!answers.iter().any(|a| matches!(a, Appended::Conflict(_))));
    }
    assert_eq!(accepted, 60);
    assert_eq!(fixture.ledger.head(&scope).await.unwrap().size, 60);
}

/// Two servers make the tenant's key at once; one is kept, and both use it.
#[tokio::test]
async fn servers_agree_on_a_new_tenants_key() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let others =
        [fixture.another_ledger().await, fixture.another_ledger().await, fixture.another_ledger().await];
    let keys = futures::future::join_all(others.iter().map(|l| l.event_keys(&scope))).await;
    let of_event = keys.into_iter().map(|keys| keys.unwrap().of_event(("custody", "e"), b"x"));
    let made: Vec<_> = of_event.collect();
    assert_eq!(made, [made[0]; 3]);
}

#[tokio::test]
async fn neither_the_events_id_nor_its_bytes_are_in_the_table() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let draft = fixture.event(&scope, CONTENT, ("event-4711", "secret-4711")).await.unwrap();
    fixture.ledger.append(&scope, vec![draft]).await.unwrap();
    let mut writer = fixture.connection_as(DatabaseRole::Writer).await;
    let row = sqlx::query(
        "SELECT to_json(e)::text AS row, encode(int8send(key_hi) || int8send(key_lo), 'hex') AS key,
             encode(int8send(fp8), 'hex') AS fp FROM event_keys e",
    )
    .fetch_one(&mut writer)
    .await
    .unwrap();
    let key =
        fixture.ledger.event_keys(&scope).await.unwrap().of_event(("custody", "event-4711"), b"secret-4711");
    assert_eq!(row.get::<String, _>("key"), hex::encode(key.key16));
    assert_eq!(row.get::<String, _>("fp"), hex::encode(&key.fp16[..8]));
    assert!(!row.get::<String, _>("row").contains(&hex::encode("4711")));
}
