//! CloudTrail records, version 1.11, as the record reference documents them
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>).

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{
    company::{ACCOUNTS, Account, REGIONS, USER_AGENTS},
    rng::Rng,
};

mod callers;
mod calls;

/// One API call as its service would report it.
pub(super) struct Call {
    pub(super) source: &'static str,
    pub(super) name: &'static str,
    pub(super) read_only: bool,
    pub(super) request: Value,
    pub(super) response: Value,
    /// `(type, ARN)`, where the service names the resources itself.
    pub(super) resources: Vec<(&'static str, String)>,
    pub(super) extra: Value,
}

/// Where and when a record comes about.
pub(super) struct Setting {
    pub(super) account: &'static Account,
    pub(super) region: &'static str,
    pub(super) at: DateTime<Utc>,
}

pub(super) fn record(rng: &mut Rng, at: DateTime<Utc>) -> Value {
    let (account, region) = (rng.pick(ACCOUNTS), *rng.pick(REGIONS));
    let setting = Setting { account, region, at };
    let call = calls::any(rng, &setting);
    let (identity, ip) = callers::identity(rng, &setting, &call);
    let mut record = json!({
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": at.to_rfc3339_opts(SecondsFormat::Secs, true),
        "eventSource": format!("{}.amazonaws.com", call.source),
        "eventName": call.name,
        "awsRegion": setting.region,
        "sourceIPAddress": ip,
        "userAgent": rng.pick(USER_AGENTS),
        "requestParameters": call.request,
        "responseElements": call.response,
        "requestID": rng.uuid(),
        "eventID": rng.uuid(),
        "readOnly": call.read_only,
        "eventType": if call.name == "ConsoleLogin" { "AwsConsoleSignIn" } else { "AwsApiCall" },
        "managementEvent": true,
        "recipientAccountId": setting.account.id,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": format!("{}.{}.amazonaws.com", call.source, setting.region),
        },
    });
    if !call.resources.is_empty() {
        record["resources"] = call
            .resources
            .iter()
            .map(|(kind, arn)| json!({"accountId": setting.account.id, "type": kind, "ARN": arn}))
            .collect();
    }
    if !call.extra.is_null() {
        record["additionalEventData"] = call.extra;
    }
    if call.source != "signin" && rng.chance(7) {
        fail(rng, &mut record, call.source);
    }
    record
}

fn fail(rng: &mut Rng, record: &mut Value, source: &str) {
    let name = record["eventName"].as_str().unwrap_or_default().to_owned();
    let actor = record["userIdentity"]["arn"].as_str().unwrap_or_default().to_owned();
    let (code, message) = match rng.between(0, 4) {
        0 | 1 => (
            "AccessDenied",
            format!(
                "User: {actor} is not authorized to perform: {source}:{name} because no identity-based policy allows the {source}:{name} action"
            ),
        ),
        2 => ("ThrottlingException", "Rate exceeded".to_owned()),
        _ => ("ResourceNotFoundException", "The requested resource could not be found".to_owned()),
    };
    record["errorCode"] = json!(code);
    record["errorMessage"] = json!(message);
    record["responseElements"] = Value::Null;
}
