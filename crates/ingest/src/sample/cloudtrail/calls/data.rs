//! Where data lies: buckets, tables, databases, secrets, parameters.

use serde_json::json;

use super::{Call, call};
use crate::sample::{
    cloudtrail::Setting,
    company::{BUCKETS, DATABASES, FUNCTIONS, SECRETS, TABLES, ec2_id},
    rng::Rng,
};

pub(super) fn s3(rng: &mut Rng) -> Call {
    let bucket = *rng.pick(BUCKETS);
    let (name, read_only, detail) = *rng.pick(&[
        ("GetBucketAcl", true, "acl"),
        ("GetBucketPolicy", true, "policy"),
        ("GetBucketLocation", true, "location"),
        ("GetBucketEncryption", true, "encryption"),
        ("GetBucketVersioning", true, "versioning"),
        ("GetBucketPublicAccessBlock", true, "publicAccessBlock"),
        ("PutBucketPolicy", false, "policy"),
        ("PutBucketPublicAccessBlock", false, "publicAccessBlock"),
        ("PutBucketLifecycle", false, "lifecycle"),
    ]);
    let mut s3 = call(
        "s3",
        name,
        read_only,
        json!({
            "bucketName": bucket, "Host": format!("{bucket}.s3.eu-central-1.amazonaws.com"), detail: "",
        }),
    );
    s3.resources = vec![("AWS::S3::Bucket", format!("arn:aws:s3:::{bucket}"))];
    s3.extra = json!({
        "SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256", "bytesTransferredIn": 0,
        "AuthenticationMethod": "AuthHeader", "bytesTransferredOut": rng.between(120, 4_000),
        "x-amz-id-2": rng.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 75) + "=",
    });
    s3
}

pub(super) fn dynamodb(rng: &mut Rng, setting: &Setting) -> Call {
    let table = *rng.pick(TABLES);
    let (name, read_only) =
        *rng.pick(&[("DescribeTable", true), ("UpdateTable", false), ("DescribeContinuousBackups", true)]);
    let mut describe = call("dynamodb", name, read_only, json!({"tableName": table}));
    describe.resources = vec![(
        "AWS::DynamoDB::Table",
        format!("arn:aws:dynamodb:{}:{}:table/{table}", setting.region, setting.account.id),
    )];
    describe
}

pub(super) fn rds(rng: &mut Rng) -> Call {
    let database = *rng.pick(DATABASES);
    match rng.between(0, 4) {
        0 => call(
            "rds",
            "ModifyDBInstance",
            false,
            json!({
                "dBInstanceIdentifier": database, "applyImmediately": true, "masterUserPassword": "****", "backupRetentionPeriod": 14,
            }),
        ),
        1 => call(
            "rds",
            "CreateDBSnapshot",
            false,
            json!({
                "dBInstanceIdentifier": database, "dBSnapshotIdentifier": format!("{database}-{}", rng.between(100, 999)),
            }),
        ),
        _ => call("rds", "DescribeDBInstances", true, json!({"dBInstanceIdentifier": database})),
    }
}

pub(super) fn secrets(rng: &mut Rng, setting: &Setting) -> Call {
    let arn = format!(
        "arn:aws:secretsmanager:{}:{}:secret:{}",
        setting.region,
        setting.account.id,
        rng.pick(SECRETS)
    );
    match rng.between(0, 4) {
        0 => call("secretsmanager", "DescribeSecret", true, json!({"secretId": arn})),
        1 => {
            let mut put = call(
                "secretsmanager",
                "PutSecretValue",
                false,
                json!({"secretId": arn, "clientRequestToken": rng.uuid()}),
            );
            put.response = json!({"arn": arn});
            put
        }
        _ => call("secretsmanager", "GetSecretValue", true, json!({"secretId": arn})),
    }
}

pub(super) fn ssm(rng: &mut Rng, setting: &Setting) -> Call {
    let name = format!("/larkspur/{}/{}", setting.account.name, rng.pick(FUNCTIONS));
    let arn = format!("arn:aws:ssm:{}:{}:parameter{name}", setting.region, setting.account.id);
    let mut ssm = match rng.between(0, 5) {
        0 => call(
            "ssm",
            "PutParameter",
            false,
            json!({
                "name": name, "value": "HIDDEN_DUE_TO_SECURITY_REASONS", "type": "SecureString", "overwrite": true, "tier": "Standard",
            }),
        ),
        1 => {
            return call(
                "ssm",
                "UpdateInstanceInformation",
                false,
                json!({
                    "instanceId": ec2_id(rng, "i"), "agentVersion": "3.3.987.0", "agentStatus": "Active", "platformType": "Linux",
                    "platformName": "Amazon Linux", "platformVersion": "2023", "iPAddress": "10.20.3.17", "agentName": "amazon-ssm-agent",
                }),
            );
        }
        _ => call("ssm", "GetParameter", true, json!({"name": name, "withDecryption": true})),
    };
    ssm.resources = vec![("AWS::SSM::Parameter", arn)];
    ssm
}
