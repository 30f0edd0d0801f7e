#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::HashSet;

use custody_domain::json::{Limits, from_serde, parse, to_serde};
use serde_json::{Value as Json, json};

use super::{resource_table::Id, *};
use crate::sample;

fn mapped(record: &Json) -> Json {
    let Value::Object(event) = from_serde(record) else { panic!("no object") };
    to_serde(&Value::Object(map(event).unwrap()))
}

fn sampled(event: &str) -> Json {
    sample::cloudtrail(11, 3_000)
        .map(|r| serde_json::from_slice::<Json>(&r).unwrap())
        .find(|r| r["eventName"] == event)
        .unwrap()
}

fn with(name: &str, change: &Json) -> Json {
    let mut record = sampled(name);
    for (key, value) in change.as_object().unwrap() {
        record[key] = value.clone();
    }
    record
}

fn without_raw(mut content: Json) -> Json {
    content["metadata"].as_object_mut().unwrap().remove("raw");
    content
}

#[test]
fn a_record_becomes_an_entry() {
    insta::assert_json_snapshot!("bucket_policy", without_raw(mapped(&sampled("PutBucketPolicy"))));
    insta::assert_json_snapshot!("assume_role", without_raw(mapped(&sampled("AssumeRole"))));
    insta::assert_json_snapshot!("attach_role_policy", without_raw(mapped(&sampled("AttachRolePolicy"))));
    insta::assert_json_snapshot!("console_login", without_raw(mapped(&sampled("ConsoleLogin"))));
}

#[test]
fn the_record_is_kept_whole() {
    let record = sampled("RunInstances");
    assert_eq!(mapped(&record)["metadata"]["raw"], record);
}

#[test]
fn the_actor_is_the_arn_else_the_principal_else_the_service() {
    let actor =
        |identity: Json| mapped(&with("GetRole", &json!({"userIdentity": identity})))["actor"].clone();
    assert_eq!(
        actor(
            json!({"type": "IAMUser", "arn": "arn:x", "principalId": "p", "invokedBy": "s", "userName": "u"})
        ),
        json!({"type": "IAMUser", "id": "arn:x", "name": "u"})
    );
    assert_eq!(
        actor(json!({"type": "AWSAccount", "principalId": "p", "invokedBy": "s", "arn": ""})),
        json!({"type": "AWSAccount", "id": "p"})
    );
    assert_eq!(
        actor(json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"})),
        json!({"type": "AWSService", "id": "ec2.amazonaws.com"})
    );
}

#[test]
fn a_record_that_lacks_what_is_required_says_so_in_its_own_names() {
    let missing = |record: Json| {
        let Value::Object(event) = from_serde(&record) else { panic!("no object") };
        match map(event).unwrap_err() {
            Unmappable::Incomplete(errors) => errors.into_iter().map(|e| e.pointer).collect::<Vec<_>>(),
            Unmappable::OtherTenant => panic!("no tenant in it"),
        }
    };
    assert_eq!(missing(json!({"eventName": 5})), ["/eventSource", "/eventName"]);
    assert_eq!(missing(json!({"eventName": "x", "eventSource": "y"})), ["/userIdentity"]);
    assert_eq!(
        missing(json!({"eventName": "x", "eventSource": "y", "userIdentity": "z"})),
        ["/userIdentity"]
    );
}

#[test]
fn an_address_is_an_address_and_a_service_is_none() {
    let content = mapped(&with("GetRole", &json!({"sourceIPAddress": "2001:db8::1"})));
    assert_eq!(content["ip"], "2001:db8::1");
    let content = mapped(&with("GetRole", &json!({"sourceIPAddress": "AWS Internal"})));
    assert_eq!(content.get("ip"), None);
    assert_eq!(content["metadata"]["source_address"], "AWS Internal");
}

fn resource_of(source: &str, event: &str, parameters: &Json) -> (Json, Json) {
    let mut record = with(
        "GetRole",
        &json!({
            "eventSource": format!("{source}.amazonaws.com"), "eventName": event, "requestParameters": parameters,
            "recipientAccountId": "402938475610", "awsRegion": "eu-west-1",
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::402938475610:user/a"},
        }),
    );
    record.as_object_mut().unwrap().remove("resources");
    let content = mapped(&record);
    (content["resource"].clone(), content["metadata"]["resources"].clone())
}

#[test]
fn the_table_names_the_resource_and_the_others() {
    let mut lines = Vec::new();
    for (source, event, parameters) in [
        ("s3", "GetObject", json!({"bucketName": "b", "key": "x/y.pdf"})),
        ("iam", "CreateRole", json!({"roleName": "r", "path": "/service/"})),
        ("iam", "AttachUserPolicy", json!({"userName": "u", "policyArn": "arn:aws:iam::aws:policy/X"})),
        ("kms", "Encrypt", json!({"keyId": "alias/aws/ssm"})),
        ("kms", "Encrypt", json!({"keyId": "0b7d"})),
        ("secretsmanager", "GetSecretValue", json!({"secretId": "prod/db"})),
        ("ssm", "GetParameter", json!({"name": "/a/b"})),
        ("ssm", "CreateDocument", json!({"name": "doc"})),
        ("lambda", "UpdateFunctionCode20150331v2", json!({"functionName": "f"})),
        ("glue", "GetTable", json!({"tableName": "t", "databaseName": "d"})),
        ("glue", "GetTable", json!({"tableName": "t"})),
        ("ec2", "AuthorizeSecurityGroupIngress", json!({"groupId": "sg-1"})),
        ("ec2", "DescribeVpcs", json!({"vpcSet": {}})),
        ("signin", "ConsoleLogin", Json::Null),
        (
            "rds",
            "CopyDBSnapshot",
            json!({"sourceDBSnapshotIdentifier": "a", "targetDBSnapshotIdentifier": "b"}),
        ),
    ] {
        let (resource, others) = resource_of(source, event, &parameters);
        lines.push(format!("{source}.{event}: {resource} {others}"));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_records_own_resources_come_first() {
    let content = mapped(&with(
        "GetBucketAcl",
        &json!({
            "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::b/k"}, {"accountId": "1"}, {"arn": "arn:aws:s3:::b"}],
            "requestParameters": {"bucketName": "b"},
        }),
    ));
    assert_eq!(content["resource"], json!({"type": "object", "id": "arn:aws:s3:::b/k", "name": "k"}));
    assert_eq!(
        content["metadata"]["resources"],
        json!([{"type": "bucket", "id": "arn:aws:s3:::b", "name": "b"}])
    );
}

/// A listed object without an ARN of its own (a prefix) is not replaced by the bucket behind it.
#[test]
fn only_the_first_listed_resource_is_the_one_acted_upon() {
    let named = |resources: Json, parameters: Json| {
        let mut record = with("GetBucketAcl", &json!({"requestParameters": parameters}));
        record["resources"] = resources;
        let content = mapped(&record);
        (content["resource"].clone(), content["metadata"]["resources"].clone())
    };
    let bucket = json!({"type": "bucket", "id": "arn:aws:s3:::b", "name": "b"});
    let prefix = json!({"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::b/x"});
    let listed = json!([prefix, {"ARN": "arn:aws:s3:::b"}]);
    assert_eq!(named(listed.clone(), Json::Null), (Json::Null, json!([bucket])));
    assert_eq!(named(listed, json!({"bucketName": "b"})), (bucket.clone(), Json::Null));
    assert_eq!(
        named(json!([{"ARN": "", "arn": "no-arn"}, {"ARN": "arn:aws:s3:::b"}, {"ARN": "odd"}]), Json::Null),
        (json!({"id": "no-arn"}), json!([bucket, {"id": "odd"}]))
    );
}

/// A row's kind is what the ARN that it makes would say of itself, so that a resource has one type
/// however its record names it.
#[test]
fn rows_and_arns_agree_on_kinds() {
    for row in resource_table::ROWS {
        assert!(!row.kind.contains(|c: char| c.is_uppercase() || c == '-'), "{row:?}");
        if row.id == Id::AsSent {
            continue;
        }
        let arn = row
            .id
            .template(row.service)
            .replace("{path}{value}", "/v")
            .replace("{key}", "key/v")
            .replace("{slash}", "/v")
            .replace("{/bucketName}/{value}", "b/v")
            .replace("{/databaseName}", "d");
        let arn =
            if row.kind == "alias" { arn.replace("{value}", "alias/v") } else { arn.replace("{value}", "v") };
        assert_eq!(resource::kind_of(&arn).as_deref(), Some(row.kind), "{row:?}");
    }
}

#[test]
fn no_row_stands_twice() {
    let mut seen = HashSet::new();
    for row in resource_table::ROWS {
        assert!(seen.insert((row.service, row.events, row.parameter)), "{row:?}");
    }
}

fn severity_of(change: &Json) -> Json {
    mapped(&with("GetRole", change))["severity"].clone()
}

#[test]
fn severity_follows_who_what_and_whether() {
    let user = json!({"type": "IAMUser", "arn": "arn:aws:iam::1:user/a"});
    let root = json!({"type": "Root", "arn": "arn:aws:iam::1:root"});
    let by_service =
        json!({"type": "Root", "arn": "arn:aws:iam::1:root", "invokedBy": "support.amazonaws.com"});
    let call = |source: &str, name: &str, code: Json, who: &Json| {
        severity_of(
            &json!({"eventSource": source, "eventName": name, "errorCode": code, "userIdentity": who}),
        )
    };
    assert_eq!(call("iam.amazonaws.com", "GetRole", Json::Null, &user), "INFO");
    assert_eq!(call("iam.amazonaws.com", "GetRole", Json::Null, &root), "CRITICAL");
    assert_eq!(call("iam.amazonaws.com", "GetRole", Json::Null, &by_service), "INFO");
    assert_eq!(call("iam.amazonaws.com", "GetRole", json!("AccessDenied"), &user), "WARNING");
    assert_eq!(
        call("ec2.amazonaws.com", "RunInstances", json!("Client.UnauthorizedOperation"), &user),
        "WARNING"
    );
    assert_eq!(
        call("ec2.amazonaws.com", "RunInstances", json!("Client.InvalidParameterValue"), &user),
        "INFO"
    );
    assert_eq!(call("iam.amazonaws.com", "CreateUser", Json::Null, &user), "WARNING");
    assert_eq!(call("iam.amazonaws.com", "CreateUser", json!("AccessDenied"), &user), "ERROR");
    assert_eq!(call("cloudtrail.amazonaws.com", "StopLogging", Json::Null, &user), "CRITICAL");
    let refused = json!({"eventName": "ConsoleLogin", "eventSource": "signin.amazonaws.com", "userIdentity": user, "responseElements": {"ConsoleLogin": "Failure"}});
    assert_eq!(severity_of(&refused), "WARNING");
}

/// The outcome and the severity are of one mind.
#[test]
fn what_the_sign_in_service_refuses_failed() {
    let refused = |source: &str, name: &str, answer: Json| {
        let who = json!({"type": "IAMUser", "arn": "arn:aws:iam::1:user/a"});
        let content = mapped(&with(
            "ConsoleLogin",
            &json!({"eventSource": source, "eventName": name, "userIdentity": who, "errorCode": null, "responseElements": answer}),
        ));
        (content["outcome"].as_str().unwrap().to_owned(), content["severity"].as_str().unwrap().to_owned())
    };
    for (source, name, answer, outcome, severity) in [
        ("signin.amazonaws.com", "ConsoleLogin", json!({"ConsoleLogin": "Failure"}), "failure", "WARNING"),
        ("signin.amazonaws.com", "ConsoleLogin", json!({"ConsoleLogin": "Success"}), "success", "INFO"),
        ("signin.amazonaws.com", "SwitchRole", json!({"SwitchRole": "Failure"}), "failure", "WARNING"),
        ("signin.amazonaws.com", "CheckMfa", json!({"CheckMfa": "Failure"}), "failure", "WARNING"),
        ("signin.amazonaws.com", "CheckMfa", json!({"ConsoleLogin": "Failure"}), "success", "INFO"),
        (
            "signin.amazonaws.com",
            "PasswordUpdated",
            json!({"PasswordUpdated": "Failure"}),
            "failure",
            "ERROR",
        ),
        ("s3.amazonaws.com", "GetObject", json!({"GetObject": "Failure"}), "success", "INFO"),
        ("signin.amazonaws.com", "SwitchRole", Json::Null, "success", "INFO"),
    ] {
        assert_eq!(
            refused(source, name, answer),
            (outcome.to_owned(), severity.to_owned()),
            "{source} {name}"
        );
    }
}

#[test]
fn errors_name_members_of_the_record() {
    for (content, record) in [
        ("/occurred_at", "/eventTime"),
        ("/actor/id", "/userIdentity"),
        ("/metadata/raw/x/0", "/x/0"),
        ("/action", "/eventName"),
        ("", ""),
        ("/metadata/region", ""),
        ("/actors", ""),
    ] {
        assert_eq!(source_pointer(content), record);
    }
}

#[test]
fn every_sample_maps() {
    for record in sample::cloudtrail(5, 1_000) {
        let Value::Object(event) = parse(&record, &Limits::default()).unwrap() else { panic!("no object") };
        map(event).unwrap();
    }
}
