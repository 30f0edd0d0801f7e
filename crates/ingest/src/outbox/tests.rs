#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use custody_domain::{Outcome, Severity, json::to_serde};
use custody_store::audit_outbox::{Actor, RecordedBy as RowRecordedBy, Resource};
use serde_json::json;

use super::*;

fn change() -> Change {
    Change {
        action: "custody.api_key.created".to_owned(),
        actor: Actor {
            kind: "user".to_owned(),
            id: Uuid::nil().to_string(),
            name: Some("amara@larkspur.example".to_owned()),
        },
        recorded_by: RowRecordedBy {
            principal: format!("user:{}", Uuid::nil()),
            credential_id: None,
            via: "POST /api/v1/api-keys".to_owned(),
            peer_ip: "192.0.2.9".parse().ok(),
        },
        resource: Some(Resource {
            kind: "api_key".to_owned(),
            id: Uuid::nil().to_string(),
            name: Some("ci".to_owned()),
        }),
        severity: Severity::Info,
        outcome: Outcome::Success,
        before: None,
        after: Some(json!({"prefix": "Zk3vQ9pLx7Rt", "role": "writer"})),
        metadata: None,
    }
}

fn at() -> DateTime<Utc> {
    "2026-01-05T12:00:00.000123Z".parse().unwrap()
}

#[test]
fn a_change_is_an_entry_by_the_one_who_made_it() {
    let content = content_of(change(), Uuid::nil(), at()).unwrap();
    insta::assert_json_snapshot!(to_serde(&Value::Object(content)));
}

#[test]
fn a_secret_that_slipped_into_a_change_is_masked() {
    let mut change = change();
    change.after = Some(json!({"password": "hunter22"}));
    let content = to_serde(&Value::Object(content_of(change, Uuid::nil(), at()).unwrap()));
    assert_eq!(content["after"]["password"], "***");
    assert_eq!(content["masked"], json!([{"pointer": "/after/password", "rule": "password_key"}]));
}

#[test]
fn a_change_that_is_no_entry_says_why() {
    let mut change = change();
    change.actor.id = String::new();
    assert_eq!(content_of(change, Uuid::nil(), at()).unwrap_err().errors[0].pointer, "/actor/id");
}
