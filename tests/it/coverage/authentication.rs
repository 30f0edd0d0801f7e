//! Who may call what: without a credential, with a bad one, and with every role.

use custody_auth::{Access, Operation, Role};
use uuid::Uuid;

use super::Called;
use crate::support::{Api, shared};

/// Callers with every kind of credential that is none.
fn impostors(anonymous: &Api) -> Vec<(&'static str, Api)> {
    vec![
        ("no credential", anonymous.clone()),
        ("garbage", anonymous.with_token("garbage")),
        ("an unknown API key", anonymous.with_token(&format!("cust_abcdefghijkl_{}", "A".repeat(43)))),
        ("alg none", anonymous.with_token("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJ1c2VyOjEifQ.")),
    ]
}

/// What is wrong with how `called` treats callers without a good credential.
async fn without_credential(called: Called, anonymous: &Api) -> Vec<String> {
    let mut wrong = Vec::new();
    for (who, api) in impostors(anonymous) {
        let answer = called.call(&api, &Uuid::now_v7().to_string()).await;
        if answer.status != 401 {
            wrong.push(format!("{} with {who}: {}", called.id, answer.status));
        } else if !answer.header("www-authenticate").starts_with("Bearer") {
            wrong.push(format!("{} with {who}: no WWW-Authenticate", called.id));
        }
    }
    wrong
}

/// What is wrong with how `called` treats a role that may not call it.
async fn without_role(called: Called, role: &str, api: &Api) -> Option<String> {
    let answer = called.call(api, &Uuid::now_v7().to_string()).await;
    (answer.status != 403).then(|| format!("{} as {role}: {}", called.id, answer.status))
}

#[tokio::test]
async fn every_operation_asks_for_a_credential_unless_it_is_public() {
    let anonymous = shared().await.anonymous();
    let mut wrong = Vec::new();
    for operation in Operation::ALL.iter().filter(|o| o.access() != Access::Public) {
        wrong.extend(without_credential((*operation).into(), &anonymous).await);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn every_operation_refuses_the_roles_that_the_table_does_not_name() {
    let server = shared().await;
    let tenant = server.tenant().await;
    let operator = server.token(None, "operator").await;
    let mut wrong = Vec::new();
    for operation in Operation::ALL.iter().filter(|o| matches!(o.access(), Access::Roles(_))) {
        for role in Role::ALL.iter().filter(|role| !operation.roles().contains(role)) {
            let caller = match role {
                Role::Admin => &tenant.admin,
                Role::Auditor => &tenant.auditor,
                Role::User => &tenant.user,
                Role::Writer => &tenant.writer,
                Role::Operator => &operator,
            };
            wrong.extend(without_role((*operation).into(), role.as_str(), caller).await);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn an_operation_that_forgot_to_ask_is_found() {
    let server = shared().await;
    let tenant = server.tenant().await;
    // Really there, and open to all: what a route without its extractor looks like.
    let broken = Called { id: "broken", route: "GET /healthz" };
    assert_eq!(
        without_credential(broken, &server.anonymous()).await.len(),
        impostors(&server.anonymous()).len()
    );
    assert!(without_role(broken, "writer", &tenant.writer).await.is_some());
}
