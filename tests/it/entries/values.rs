//! What becomes of values on their way: odd ones are kept, secret ones masked.

use serde_json::json;

use super::{actions, tenant};
use crate::support::shared;

#[tokio::test]
async fn nul_is_allowed_where_there_is_no_column() {
    let tenant = tenant().await;
    let body = r#"{"action":"a.b","actor":{"id":"u"},"metadata":{"raw":"a\u0000b"}}"#;
    let receipt = tenant.writer.post_bytes("/api/v1/logs", "application/json", body).await.expect(201);
    let got =
        tenant.auditor.get(&format!("/api/v1/logs/{}", receipt["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(got["metadata"]["raw"], "a\0b");
}

#[tokio::test]
async fn numbers_that_a_double_would_change_become_text_and_say_so() {
    let tenant = tenant().await;
    let body = r#"{"action":"a.b","actor":{"id":"u"},"metadata":{"big":12345678901234567890,"one":1.0,"small":0.1}}"#;
    let receipt = tenant.writer.post_bytes("/api/v1/logs", "application/json", body).await.expect(201);
    let got =
        tenant.auditor.get(&format!("/api/v1/logs/{}", receipt["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(got["metadata"], json!({"big": "12345678901234567890", "one": 1, "small": 0.1}));
    assert_eq!(got["number_as_text"], json!(["/metadata/big"]));
}

#[tokio::test]
async fn secrets_are_masked_before_anything_else_sees_them() {
    let server = shared().await;
    let tenant = tenant().await;
    let secret = "hunter2-Zx81-correct-horse";
    let body = json!({"action": "user.created", "actor": {"id": "u"},
        "after": {"password": secret, "card": "4111 1111 1111 1111", "name": "kept"}});
    let receipt = tenant.writer.post("/api/v1/logs", &body).await.expect(201);
    let got =
        tenant.auditor.get(&format!("/api/v1/logs/{}", receipt["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(got["after"]["password"], "***");
    assert!(!got["after"]["card"].as_str().unwrap().contains("4111"), "{got}");
    assert_eq!(got["after"]["name"], "kept");
    let masked: Vec<_> =
        got["masked"].as_array().unwrap().iter().map(|m| m["pointer"].as_str().unwrap()).collect();
    assert_eq!(masked, ["/after/card", "/after/password"]);
    let found = tenant.auditor.get(&format!("/api/v1/logs?q=%22{secret}%22")).await.expect(200);
    assert!(actions(&found).is_empty());
    assert!(!server.log().contains(secret));
}

#[tokio::test]
async fn a_tenant_s_own_mask_rules_add_and_keep() {
    let tenant = tenant().await;
    let policy = tenant.admin.get("/api/v1/mask-policy").await.expect(200);
    assert!(policy.is_object());
    let wish = json!({"version": 1, "mask": ["/metadata/salary"], "keep": ["/metadata/password_hint"]});
    tenant.admin.put("/api/v1/mask-policy", &wish).await.expect(200);
    // Policies may be cached for five seconds, which a user is told; the setter's own node knows at once.
    let body =
        json!({"action": "a.b", "actor": {"id": "u"}, "metadata": {"salary": 5, "password_hint": "pet"}});
    let receipt = tenant.writer.post("/api/v1/logs", &body).await.expect(201);
    let got =
        tenant.auditor.get(&format!("/api/v1/logs/{}", receipt["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(got["metadata"], json!({"salary": "***", "password_hint": "pet"}));
    tenant
        .admin
        .put("/api/v1/mask-policy", &json!({"version": 1, "mask": ["no pointer"]}))
        .await
        .problem(422);
}

#[tokio::test]
async fn a_masked_value_cannot_be_found_by_sending_guesses() {
    let tenant = tenant().await;
    let event = |pin: &str| json!({"action": "a.b", "actor": {"id": "u"}, "event_id": "pin", "metadata": {"password": pin}});
    let first = tenant.writer.post("/api/v1/logs", &event("4711")).await.expect(201);
    for guess in ["0000", "4711"] {
        let again = tenant.user.post("/api/v1/logs", &event(guess)).await.expect(200);
        assert_eq!(again, first, "{guess}");
    }
}
