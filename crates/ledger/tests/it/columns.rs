//! The columns of a row are those of its body, through COPY or INSERT and back.

use custody_domain::columns;
use custody_ledger::{Order, Range};
use custody_store::DatabaseRole;
use sqlx::{Connection as _, Row as _};

use crate::fixture::{Fixture, draft};

const CONTENTS: [&str; 5] = [
    r#"{"action":"a","actor":{"id":"u"}}"#,
    r#"{"action":"order.updated","actor":{"type":"user","id":"u1","name":"Ünï 🦀"},
        "resource":{"type":"order","id":"o9"},"severity":"CRITICAL","outcome":"failure",
        "request_id":"r","session_id":"s","ip":"192.0.2.7",
        "occurred_at":"1999-12-31T23:59:59.123456+05:30"}"#,
    r#"{"action":"b","actor":{"id":"u"},"ip":"2001:db8::1","severity":"INFO","outcome":"unknown",
        "occurred_at":"2026-01-02T03:04:05Z"}"#,
    r#"{"action":"c","actor":{"id":"u"},"ip":"::ffff:10.1.2.3","outcome":"success",
        "metadata":{"nul":"\u0000","n":12345678901234567890}}"#,
    r#"{"action":"d'); DROP TABLE heads; --","actor":{"id":"\\' || 'x","type":"E'\\\\'"},"request_id":"$$\n\t\u0001",
        "session_id":"''","resource":{"id":"\u00e9\ud83e\udd80{,}","type":""},"producer":{"id":"p'\\","seq":9007199254740991}}"#,
];

#[tokio::test]
async fn a_row_says_what_its_body_says() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    // A few go with the commit, more are copied.
    let times = [1, 20];
    for times in times {
        let contents = CONTENTS.into_iter().cycle().take(times * CONTENTS.len());
        fixture.ledger.append(&scope, contents.map(draft).collect()).await.unwrap();
    }
    let count = times.iter().sum::<usize>() * CONTENTS.len();
    let page = fixture.ledger.page(&scope, Range::default(), Order::OldestFirst, 1000).await.unwrap();
    let mut app = fixture.connection_as(DatabaseRole::App).await;
    let mut tx = app
        .begin_with(sqlx::AssertSqlSafe(format!("BEGIN; SET LOCAL app.tenant_id = '{}'", scope.tenant())))
        .await
        .unwrap();
    let rows = sqlx::query("SELECT * FROM entries ORDER BY id").fetch_all(&mut *tx).await.unwrap();
    assert_eq!((rows.len(), page.len()), (count, count));
    for (row, entry) in rows.iter().zip(&page) {
        let content = entry.body.content().unwrap();
        let stored = columns::Columns {
            action: row.get("action"),
            actor_type: row.get("actor_type"),
            actor_id: row.get("actor_id"),
            resource_type: row.get("resource_type"),
            resource_id: row.get("resource_id"),
            severity: row.get("severity"),
            outcome: row.get("outcome"),
            request_id: row.get("request_id"),
            session_id: row.get("session_id"),
            ip: row.get("ip"),
            occurred_at: row.get("occurred_at"),
            producer_id: row.get("producer_id"),
            producer_seq: row.get("producer_seq"),
        };
        assert_eq!(stored, columns::of(content.as_object().unwrap()));
        assert_eq!(row.get::<i64, _>("seq"), i64::try_from(entry.seq).unwrap());
    }
}
