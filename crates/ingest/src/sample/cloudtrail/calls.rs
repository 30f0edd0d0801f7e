//! Which calls the invented company makes, and how often: mostly reading, as everywhere.

mod access;
mod compute;
mod data;

use serde_json::{Value, json};

use super::{Call, Setting};
use crate::sample::rng::Rng;

pub(super) fn any(rng: &mut Rng, setting: &Setting) -> Call {
    match rng.between(0, 100) {
        0..22 => compute::ec2_read(rng),
        22..30 => compute::ec2_change(rng),
        30..50 => data::s3(rng),
        50..60 => access::sts(rng, setting),
        60..68 => access::kms(rng, setting),
        68..78 => access::iam(rng, setting),
        78..83 => data::secrets(rng, setting),
        83..87 => data::ssm(rng, setting),
        87..90 => compute::lambda(rng),
        90..93 => data::rds(rng),
        93..96 => data::dynamodb(rng, setting),
        96..98 => signin(rng),
        _ => trail(rng, setting),
    }
}

fn call(source: &'static str, name: &'static str, read_only: bool, request: Value) -> Call {
    Call {
        source,
        name,
        read_only,
        request,
        response: Value::Null,
        resources: Vec::new(),
        extra: Value::Null,
    }
}

fn signin(rng: &mut Rng) -> Call {
    let mut login = call("signin", "ConsoleLogin", false, Value::Null);
    login.response = json!({"ConsoleLogin": if rng.chance(85) { "Success" } else { "Failure" }});
    login.extra = json!({
        "LoginTo": "https://console.aws.amazon.com/console/home?region=eu-central-1",
        "MobileVersion": "No", "MFAUsed": if rng.chance(70) { "Yes" } else { "No" },
    });
    login
}

fn trail(rng: &mut Rng, setting: &Setting) -> Call {
    let arn = format!("arn:aws:cloudtrail:{}:{}:trail/larkspur-all", setting.region, setting.account.id);
    match rng.between(0, 20) {
        0 => call("cloudtrail", "StopLogging", false, json!({"name": arn})),
        1 => call("cloudtrail", "DeleteTrail", false, json!({"name": arn})),
        2..4 => call(
            "cloudtrail",
            "PutEventSelectors",
            false,
            json!({
                "trailName": arn, "eventSelectors": [{"readWriteType": "All", "includeManagementEvents": true, "dataResources": []}],
            }),
        ),
        4..12 => call("logs", "DescribeLogGroups", true, json!({"logGroupNamePrefix": "/aws/lambda/"})),
        12..16 => call("config", "DescribeConfigurationRecorders", true, Value::Null),
        _ => call(
            "cloudtrail",
            "DescribeTrails",
            true,
            json!({"trailNameList": [], "includeShadowTrails": false}),
        ),
    }
}
