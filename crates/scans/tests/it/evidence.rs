use std::process::Stdio;

use custody_domain::finding::Evidence;
use custody_scans::demo::{Demo, DemoOrder};
use tokio::process::Command;

use crate::fixture::{demo, launch, order, python, scan, values};

/// On an emulator a lookup of events fails, and these checks with it.
#[tokio::test]
async fn a_check_that_raises_is_errored_with_its_reason() {
    let Some(python) = python() else { return };
    let launch = launch(python);
    let demo = demo(&launch).await;
    let checks = ["cloudtrail_threat_detection_enumeration", "cloudtrail_multi_region_enabled"];
    let heard = scan(&launch, &order(demo.endpoint()), &checks).await;
    let [(reason, checked)] = heard.errored.as_slice() else { panic!("{:?}", heard.errored) };
    assert_eq!(checked.check, checks[0]);
    assert_eq!(reason, "TypeError: 'NoneType' object is not iterable");
    assert_eq!(checked.calls[0].operation, "LookupEvents");
    assert!(heard.finished.iter().any(|checked| checked.check == checks[1] && checked.findings > 0));
}

#[tokio::test]
async fn an_unknown_check_is_errored_and_the_others_run() {
    let Some(python) = python() else { return };
    let launch = launch(python);
    let demo = demo(&launch).await;
    let heard =
        scan(&launch, &order(demo.endpoint()), &["s3_no_such_check", "s3_bucket_public_access"]).await;
    assert_eq!(heard.errored.len(), 1);
    assert!(heard.errored[0].0.contains("s3_no_such_check"), "{}", heard.errored[0].0);
    assert_eq!(heard.finished.len(), 1);
}

/// A user who may list buckets and see nothing of them.
const USER: &str = r#"
import boto3, json, sys, urllib.request
endpoint = sys.argv[1]
session = boto3.Session("a", "b", region_name="us-east-1")
iam = session.client("iam", endpoint_url=endpoint)
iam.create_user(UserName="half-blind")
allowed = ["s3:ListAllMyBuckets", "s3:ListBucket", "s3:GetBucketLocation", "s3:GetBucketVersioning", "sts:GetCallerIdentity"]
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}
iam.put_user_policy(UserName="half-blind", PolicyName="p", PolicyDocument=json.dumps(policy))
key = iam.create_access_key(UserName="half-blind")["AccessKey"]
enforce = urllib.request.Request(endpoint + "/moto-api/reset-auth", method="POST", data=b"0")
enforce.add_header("Content-Type", "text/plain")
urllib.request.urlopen(enforce).read()
print(json.dumps({"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}))
"#;

#[tokio::test]
async fn a_verdict_that_rests_on_denied_calls_says_so() {
    let Some(python) = python() else { return };
    let launch = launch(&python);
    let small = DemoOrder { scale: 1, regions: vec!["us-east-1".to_owned()] };
    let demo = Demo::start(&launch, &small).await.unwrap();
    let made = Command::new(&python)
        .args(["-I", "-c", USER, demo.endpoint()])
        .stderr(Stdio::inherit())
        .output()
        .await
        .unwrap();
    let mut order = order(demo.endpoint());
    order.credentials = values(serde_json::from_slice(&made.stdout).unwrap());
    let checks = [
        "s3_bucket_public_access",
        "s3_bucket_object_versioning",
        "sns_topics_not_publicly_accessible",
        "iam_user_mfa_enabled_console_access",
    ];
    let heard = scan(&launch, &order, &checks).await;
    // Buckets are seen, what makes them public is not: there is a verdict, and it is not to be trusted.
    let of_buckets: Vec<_> = heard.found.iter().filter(|found| found.check.starts_with("s3_")).collect();
    assert!(!of_buckets.is_empty(), "{heard:?}");
    assert!(of_buckets.iter().all(|found| found.evidence == Evidence::Incomplete && found.calls > 0));
    // Nothing was seen: there is no verdict, and the check is not clean.
    for check in ["sns_topics_not_publicly_accessible", "iam_user_mfa_enabled_console_access"] {
        let (reason, checked) = heard.errored.iter().find(|(_, checked)| checked.check == check).unwrap();
        assert!(reason.starts_with("access denied: "), "{reason}");
        assert!(checked.calls_failed > 0);
        assert_eq!(checked.calls[0].status, Some(403));
    }
    let (reason, _) = heard.errored.iter().find(|(_, checked)| checked.service == "sns").unwrap();
    assert_eq!(reason, "access denied: sns:ListTopics (AccessDenied)");
}
