//! Invariant 2: every operation of the API is in the authentication, the isolation and the audit
//! coverage, or in a list here with its reason. Each check is also run on an operation that is
//! broken on purpose, to show that it can fail.

mod audit;
mod authentication;
mod isolation;
mod parameters;
mod trail;

pub(crate) use self::trail::entry_of;

use custody_auth::Operation;
use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, Api, shared};

/// An operation as a check calls it: mostly the product's own table, sometimes a broken one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Called {
    pub(crate) id: &'static str,
    pub(crate) route: &'static str,
}

impl From<Operation> for Called {
    fn from(operation: Operation) -> Self {
        Self { id: operation.id(), route: operation.route() }
    }
}

impl Called {
    /// Calls it with `id` in the path and a body that is well-formed for every operation.
    pub(crate) async fn call(self, api: &Api, id: &str) -> Answer {
        let (method, path) = self.route.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        // The same request id, so that two answers can be compared byte by byte.
        let request = api
            .request(
                method.clone(),
                &path.replace("{id}", id).replace("{name}", FILE).replace("{framework}", FRAMEWORK),
            )
            .header("x-request-id", "same");
        let request = if method == Method::GET || method == Method::DELETE {
            request
        } else {
            request.json(&body(self.id))
        };
        Answer::of(request).await
    }
}

/// What a job leaves that somebody asks for.
pub(crate) const FILE: &str = "left.txt";

/// What any tenant may see.
const FRAMEWORK: &str = "cis_3.0_aws";

/// A body that the operation accepts as far as its form goes.
fn body(operation: &str) -> Value {
    use serde_json::json;
    match operation {
        "createEntry" => json!({"action": "coverage.called", "actor": {"id": "u"}}),
        "createEntries" => json!([{"action": "coverage.called", "actor": {"id": "u"}}]),
        "setMaskPolicy" => json!({"version": 1}),
        "createTenant" => json!({"name": format!("c-{}", &uuid::Uuid::new_v4().simple().to_string()[..10])}),
        "updateUser" => json!({"role": "auditor"}),
        "createInvitation" => {
            json!({"email": format!("{}@example.com", uuid::Uuid::new_v4().simple()), "role": "auditor"})
        }
        "acceptInvitation" => json!({"secret": "none", "password": "correct horse battery"}),
        "createApiKey" => json!({"name": "coverage", "role": "writer"}),
        "login" => json!({"email": "nobody@example.com", "password": "correct horse battery"}),
        "refreshToken" => json!({"refresh_token": "none"}),
        "setPassword" => {
            json!({"current_password": "correct horse battery", "password": "another correct horse"})
        }
        "createFinding" => {
            crate::findings::written(&format!("b-{}", uuid::Uuid::new_v4().simple()), "high", "FAIL")
        }
        "createScan" => json!({"provider": "aws", "dry_run": true}),
        "setSchedule" => {
            json!({"cron": "0 3 * * *", "scan": {"provider_id": uuid::Uuid::now_v7()}})
        }
        "updateScan" => json!({"name": "renamed"}),
        "createProvider" => {
            json!({"name": format!("p-{}", uuid::Uuid::new_v4().simple()), "provider": "aws"})
        }
        "createCheck" => {
            json!({"id": format!("c-{}", uuid::Uuid::new_v4().simple()), "title": "Reviewed", "severity": "low",
                "provider": "manual"})
        }
        "updateCheck" => json!({"disabled": true}),
        "updateProvider" => json!({"settings": {"role_arn": "arn:aws:iam::123456789012:role/audit"}}),
        "triageFinding" => json!({"triage": {"state": "accepted"}}),
        "triageFindings" => json!({"q": "severity:high", "triage": {"state": "accepted"}}),
        _ => json!({}),
    }
}

#[tokio::test]
async fn the_document_and_the_table_name_the_same_operations() {
    let document = shared().await.anonymous().get("/openapi.json").await.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut described = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            described.push(format!(
                "{} {} {path}",
                operation["operationId"].as_str().unwrap(),
                method.to_uppercase()
            ));
        }
    }
    let mut table: Vec<_> = Operation::ALL.iter().map(|o| format!("{} {}", o.id(), o.route())).collect();
    described.sort();
    table.sort();
    assert_eq!(described, table);
}
