//! Who may do what: roles, people, keys.

use serde_json::{Value, json};

use super::{Call, call};
use crate::sample::{
    cloudtrail::Setting,
    company::{BUCKETS, PEOPLE, ROLES},
    rng::Rng,
};

pub(super) fn sts(rng: &mut Rng, setting: &Setting) -> Call {
    if rng.chance(35) {
        return call("sts", "GetCallerIdentity", true, Value::Null);
    }
    let (role, prefix) = *rng.pick(ROLES);
    let account = setting.account.id;
    let session = format!("{prefix}{}", rng.between(1_000, 9_999));
    let mut assume = call(
        "sts",
        "AssumeRole",
        true,
        json!({
            "roleArn": format!("arn:aws:iam::{account}:role/{role}"),
            "roleSessionName": session, "durationSeconds": 3600,
        }),
    );
    assume.response = json!({
        "credentials": {
            "accessKeyId": format!("ASIA{}", rng.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
            "sessionToken": format!("IQoJb3JpZ2luX2Vj{}", rng.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 480)),
            "expiration": (setting.at + chrono::TimeDelta::hours(1)).format("%b %e, %Y, %I:%M:%S %p").to_string(),
        },
        "assumedRoleUser": {
            "assumedRoleId": format!("AROA4LARKSPUR{:0>8}:{session}", &role.to_uppercase()[..8]),
            "arn": format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
        },
    });
    assume.resources = vec![("AWS::IAM::Role", format!("arn:aws:iam::{account}:role/{role}"))];
    assume
}

pub(super) fn kms(rng: &mut Rng, setting: &Setting) -> Call {
    let mut fixed = Rng::new(u64::from(rng.between(0, 8)));
    let arn = format!("arn:aws:kms:{}:{}:key/{}", setting.region, setting.account.id, fixed.uuid());
    let mut kms = match rng.between(0, 3) {
        0 => call(
            "kms",
            "GenerateDataKey",
            true,
            json!({
                "keyId": arn, "keySpec": "AES_256",
                "encryptionContext": {"aws:s3:arn": format!("arn:aws:s3:::{}", rng.pick(BUCKETS))},
            }),
        ),
        1 => call("kms", "DescribeKey", true, json!({"keyId": arn})),
        _ => call(
            "kms",
            "Decrypt",
            true,
            json!({
                "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
                "encryptionContext": {"aws:s3:arn": format!("arn:aws:s3:::{}", rng.pick(BUCKETS))},
            }),
        ),
    };
    kms.resources = vec![("AWS::KMS::Key", arn)];
    kms
}

pub(super) fn iam(rng: &mut Rng, setting: &Setting) -> Call {
    let (role, user) = (rng.pick(ROLES).0, rng.pick(PEOPLE).name);
    match rng.between(0, 12) {
        0..3 => call("iam", "GetRole", true, json!({"roleName": role})),
        3..5 => call("iam", "ListAttachedRolePolicies", true, json!({"roleName": role})),
        5 => call("iam", "ListUsers", true, json!({"maxItems": 1000})),
        6 => call("iam", "GetUser", true, json!({"userName": user})),
        7 => call(
            "iam",
            "AttachRolePolicy",
            false,
            json!({
                "roleName": role, "policyArn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
            }),
        ),
        8 => call(
            "iam",
            "PutRolePolicy",
            false,
            json!({
                "roleName": role, "policyName": "inline",
                "policyDocument": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sqs:SendMessage\",\"Resource\":\"*\"}]}",
            }),
        ),
        9 => {
            let mut create = call("iam", "CreateAccessKey", false, json!({"userName": user}));
            create.response = json!({"accessKey": {
                "userName": user, "status": "Active",
                "accessKeyId": format!("AKIA{}", rng.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
                "createDate": setting.at.format("%b %e, %Y %I:%M:%S %p").to_string(),
            }});
            create
        }
        10 => {
            call("iam", "UpdateLoginProfile", false, json!({"userName": user, "passwordResetRequired": true}))
        }
        _ => call(
            "iam",
            "DeleteUser",
            false,
            json!({"userName": format!("contractor-{}", rng.between(1, 40))}),
        ),
    }
}
