#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use custody_domain::{
    EntryId, TenantId,
    json::{Limits, parse},
};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::*;

/// By what the entry touches the resource, and whether both ways agree about where to look.
fn touch(called: &Called, uid: &str, entry: &Json) -> Option<&'static str> {
    let text = entry.to_string();
    let entry = Entry {
        tenant_id: TenantId(Uuid::nil()),
        id: EntryId::from(Uuid::now_v7()),
        seq: 0,
        leaf_hash: [0; 32],
        content: parse(text.as_bytes(), &Limits::default()).unwrap(),
    };
    let touch = called.touched_by(&entry);
    assert!(touch.is_none() || called.query().matches(&entry), "the query loses {text}");
    if touch.is_some() {
        let texts = texts(&entry);
        let tails: Vec<_> = texts.iter().filter_map(|text| tail(text)).collect();
        let name = ["default", "work"].iter().any(|name| texts.contains(name));
        assert!(
            texts.contains(&uid) || name || tails.contains(&tail(uid).unwrap()),
            "the way back loses {text}"
        );
    }
    touch.map(Touch::as_str)
}

#[test]
fn a_resource_is_touched_by_its_arn_its_name_its_id_and_among_the_parameters() {
    let uid = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1";
    let called = Called::of(uid, "default", "123456789012", "eu-west-1");
    let here = json!({"account": "123456789012", "region": "eu-west-1"});
    for (entry, by) in [
        (json!({"resource": {"id": uid}}), Some("uid")),
        (json!({"metadata": {"resources": [{"id": "x"}, {"type": "sg", "id": uid}]}}), Some("uid")),
        (json!({"metadata": {"resources": [{"ARN": uid}], "account": "999999999999"}}), Some("uid")),
        (json!({"resource": {"id": "7", "name": "default"}}), Some("name")),
        (json!({"resource": {"id": "default"}, "metadata": here}), Some("name")),
        (json!({"resource": {"id": "sg-1"}}), Some("id")),
        (json!({"resource": {"id": "security-group/sg-1"}, "metadata": here}), Some("id")),
        (json!({"resource": {"id": "sg-1"}, "metadata": {"account": "999999999999"}}), None),
        (json!({"resource": {"id": "sg-1"}, "metadata": {"region": "us-east-1"}}), None),
        (json!({"resource": {"id": "sg-1"}, "source_format": "cloudtrail", "action": "ec2.X"}), Some("id")),
        (json!({"resource": {"id": "sg-1"}, "source_format": "cloudtrail", "action": "iam.X"}), None),
        (json!({"metadata": {"a": [{"b": uid}]}}), Some("parameter")),
        (json!({"metadata": {"raw": {"requestParameters": {"b": uid}}}}), Some("parameter")),
        (json!({"metadata": {"raw": {"userIdentity": {"arn": uid}}}}), None),
        (json!({"metadata": {"a": format!("{uid}0")}}), None),
        (json!({"metadata": {"a": format!("not {uid} itself")}}), None),
        (json!({"resource": {"id": "SG-1"}}), None),
        (json!({"resource": {"id": "sg-10"}}), None),
        (json!({"message": uid}), None),
    ] {
        assert_eq!(touch(&called, uid, &entry), by, "{entry}");
    }
}

#[test]
fn each_kind_of_arn_has_its_ids() {
    for (uid, ids) in [
        ("arn:aws:s3:::logs", vec!["logs"]),
        ("arn:aws:s3:::logs/2026/a.gz", vec!["logs/2026/a.gz"]),
        ("arn:aws:iam::1:role/x/ann", vec!["role/x/ann", "x/ann", "ann"]),
        ("arn:aws:iam::1:root", vec![]),
        ("arn:aws:lambda:r:1:function:f", vec!["function:f", "f"]),
        ("arn:aws:logs:r:1:log-group:/aws/f:*", vec!["log-group:/aws/f", "/aws/f"]),
        ("arn:aws:sns:r:1:topic", vec!["topic"]),
    ] {
        assert_eq!(Arn::of(uid).unwrap().ids(), ids, "{uid}");
    }
    let queue = Called::of("arn:aws:sqs:eu-west-1:1:work", "work", "1", "eu-west-1");
    let url = json!({"resource": {"id": "https://sqs.eu-west-1.amazonaws.com/1/work"}});
    assert_eq!(touch(&queue, "arn:aws:sqs:eu-west-1:1:work", &url), Some("uid"));
}

#[test]
fn what_has_no_name_is_touched_by_nothing() {
    let nothing = Called::of("", "", "", "");
    for entry in [json!({}), json!({"resource": {"id": "", "name": ""}}), json!({"metadata": {"a": ""}})] {
        assert_eq!(touch(&nothing, "", &entry), None, "{entry}");
    }
}
