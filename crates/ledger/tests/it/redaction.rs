//! Erasing members of an entry: gone from row and columns, the leaf as it was.

use custody_auth::Scope;
use custody_ledger::LedgerError;
use custody_store::DatabaseRole;
use sqlx::{Connection as _, Row as _};

use crate::fixture::{Fixture, draft};

const CONTENT: &str = r#"{"action":"a","actor":{"id":"alice","name":"Alice"},
    "ip":"192.0.2.1","metadata":{"email":"alice@example.com","region":"eu"}}"#;

#[tokio::test]
async fn what_is_erased_is_gone_and_the_leaf_stays() {
    let fixture = Fixture::new().await;
    let scope = fixture.tenant("a").await;
    let appended = fixture.ledger.append(&scope, vec![draft(CONTENT)]).await.unwrap();
    let receipt = *appended[0].receipt();
    let pointers = ["/actor", "/ip", "/metadata/email", "/not/there"];
    // The second time there is nothing left to erase, and nothing changes.
    for _ in 0..2 {
        fixture.ledger.redact(&fixture.authority, scope.tenant(), receipt.id, &pointers).await.unwrap();
        let entry = fixture.ledger.get(&scope, receipt.id).await.unwrap().unwrap();
        assert_eq!(entry.leaf_hash, receipt.leaf_hash);
        assert_eq!(entry.body.content_bytes(), br#"{"action":"a","metadata":{"region":"eu"}}"#);
        assert_eq!(entry.body.erased().len(), 4);
        let columns = columns(&fixture, &scope).await;
        assert_eq!(columns, [Some("a".to_owned()), None, None]);
    }
}

/// `action`, `actor_id` and `ip` of the tenant's one row.
async fn columns(fixture: &Fixture, scope: &Scope) -> [Option<String>; 3] {
    let mut app = fixture.connection_as(DatabaseRole::App).await;
    let begin = format!("BEGIN; SET LOCAL app.tenant_id = '{}'", scope.tenant());
    let mut tx = app.begin_with(sqlx::AssertSqlSafe(begin)).await.unwrap();
    let row = sqlx::query("SELECT action, actor_id, host(ip) AS ip FROM entries")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    [row.get("action"), row.get("actor_id"), row.get("ip")]
}

#[tokio::test]
async fn only_whole_members_of_entries_of_that_tenant() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.tenant("a").await, fixture.tenant("b").await);
    let appended = fixture.ledger.append(&a, vec![draft(CONTENT)]).await.unwrap();
    let id = appended[0].receipt().id;
    let redact = async |tenant, pointers: &[&str]| {
        fixture.ledger.redact(&fixture.authority, tenant, id, pointers).await
    };
    let error = redact(b.tenant(), &["/ip"]).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotFound), "{error}");
    let error = redact(a.tenant(), &["/metadata/email/domain"]).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotErasable(_)), "{error}");
    let entry = fixture.ledger.get(&a, id).await.unwrap().unwrap();
    assert!(entry.body.erased().is_empty(), "nothing was changed");
}
