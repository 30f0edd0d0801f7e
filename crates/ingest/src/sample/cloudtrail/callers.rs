//! Who calls: people, roles they and machines assume, AWS's own services, and rarely root.

use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Value, json};

use super::{Call, Setting};
use crate::sample::{
    company::{PEOPLE, Person, ROLES},
    rng::Rng,
};

/// What kind of caller makes a call.
enum Caller {
    Root,
    Service,
    Role,
    User,
}

/// Only people sign in, and services do on their own what nobody asked them for by name.
fn caller(rng: &mut Rng, call: &Call) -> Caller {
    let by_person = call.source == "signin";
    let by_service = call.read_only && matches!(call.source, "sts" | "kms" | "ec2" | "config");
    match rng.between(0, 200) {
        0 => Caller::Root,
        1..40 if by_service => Caller::Service,
        1..130 if !by_person => Caller::Role,
        _ => Caller::User,
    }
}

/// Who called, and from which address.
pub(super) fn identity(rng: &mut Rng, setting: &Setting, call: &Call) -> (Value, String) {
    let account = setting.account.id;
    let began = (setting.at - TimeDelta::minutes(i64::from(rng.between(1, 240))))
        .to_rfc3339_opts(SecondsFormat::Secs, true);
    let person = rng.pick(PEOPLE);
    match caller(rng, call) {
        Caller::Root => (
            json!({
                "type": "Root", "principalId": account, "arn": format!("arn:aws:iam::{account}:root"),
                "accountId": account, "accessKeyId": "",
            }),
            person.ip.to_owned(),
        ),
        Caller::Service => {
            let service =
                *rng.pick(&["ec2.amazonaws.com", "config.amazonaws.com", "autoscaling.amazonaws.com"]);
            (json!({"type": "AWSService", "invokedBy": service}), service.to_owned())
        }
        Caller::Role => role_session(rng, account, &began, person),
        Caller::User => {
            let mut identity = json!({
                "type": "IAMUser", "principalId": person.principal,
                "arn": format!("arn:aws:iam::{account}:user/{}", person.name),
                "accountId": account, "accessKeyId": person.key, "userName": person.name,
            });
            if rng.chance(40) && call.name != "ConsoleLogin" {
                identity["sessionContext"] = json!({
                    "attributes": {"creationDate": began, "mfaAuthenticated": "true"},
                });
            }
            (identity, person.ip.to_owned())
        }
    }
}

fn role_session(rng: &mut Rng, account: &str, began: &str, person: &Person) -> (Value, String) {
    let (role, prefix) = *rng.pick(ROLES);
    let session = if prefix.is_empty() {
        format!("{}@larkspur.example", person.name)
    } else {
        format!("{prefix}{}", rng.between(1_000, 9_999))
    };
    let principal = format!("AROA4LARKSPUR{:0>8}", &role.to_uppercase()[..8]);
    (
        json!({
            "type": "AssumedRole",
            "principalId": format!("{principal}:{session}"),
            "arn": format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
            "accountId": account,
            "accessKeyId": format!("ASIA{}", rng.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": principal,
                    "arn": format!("arn:aws:iam::{account}:role/{role}"),
                    "accountId": account, "userName": role,
                },
                "attributes": {"creationDate": began, "mfaAuthenticated": if rng.chance(30) { "true" } else { "false" }},
            },
        }),
        format!("10.20.{}.{}", rng.between(0, 8), rng.between(2, 250)),
    )
}
