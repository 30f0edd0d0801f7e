//! Machines and functions.

use serde_json::json;

use super::{Call, call};
use crate::sample::{
    company::{FUNCTIONS, ec2_id},
    rng::Rng,
};

pub(super) fn ec2_read(rng: &mut Rng) -> Call {
    let name = *rng.pick(&[
        "DescribeInstances",
        "DescribeSecurityGroups",
        "DescribeVolumes",
        "DescribeSubnets",
        "DescribeRouteTables",
        "DescribeVpcs",
        "DescribeImages",
        "DescribeInstanceStatus",
        "DescribeNetworkInterfaces",
        "DescribeInstanceAttribute",
    ]);
    let request = match name {
        "DescribeInstanceAttribute" => {
            json!({"instanceId": ec2_id(rng, "i"), "attribute": "userData"})
        }
        "DescribeInstanceStatus" => json!({
            "instancesSet": {"items": [{"instanceId": ec2_id(rng, "i")}]},
            "filterSet": {}, "includeAllInstances": true,
        }),
        "DescribeVpcs" => json!({"vpcSet": {}, "filterSet": {}, "maxResults": 200}),
        _ => json!({
            "maxResults": 1000,
            "filterSet": {"items": [{"name": "vpc-id", "valueSet": {"items": [{"value": ec2_id(rng, "vpc")}]}}]},
        }),
    };
    call("ec2", name, true, request)
}

pub(super) fn ec2_change(rng: &mut Rng) -> Call {
    let (instance, group, vpc) = (ec2_id(rng, "i"), ec2_id(rng, "sg"), ec2_id(rng, "vpc"));
    match rng.between(0, 6) {
        0 => call(
            "ec2",
            "StopInstances",
            false,
            json!({"instancesSet": {"items": [{"instanceId": instance}]}, "force": false}),
        ),
        1 => call(
            "ec2",
            "StartInstances",
            false,
            json!({"instancesSet": {"items": [{"instanceId": instance}]}}),
        ),
        2 => call(
            "ec2",
            "AuthorizeSecurityGroupIngress",
            false,
            json!({
                "groupId": group,
                "ipPermissions": {"items": [{
                    "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "groups": {}, "prefixListIds": {},
                    "ipRanges": {"items": [{"cidrIp": "203.0.113.0/24", "description": "office"}]}, "ipv6Ranges": {},
                }]},
            }),
        ),
        3 => call(
            "ec2",
            "CreateSecurityGroup",
            false,
            json!({
                "groupName": "shipment-service", "groupDescription": "shipment service tasks", "vpcId": vpc,
            }),
        ),
        4 => {
            let mut run = call(
                "ec2",
                "RunInstances",
                false,
                json!({
                    "instancesSet": {"items": [{"imageId": ec2_id(rng, "ami"), "minCount": 1, "maxCount": 1}]},
                    "instanceType": "t4g.medium", "blockDeviceMapping": {}, "monitoring": {"enabled": false},
                    "disableApiTermination": false, "clientToken": rng.uuid(), "subnetId": ec2_id(rng, "subnet"),
                }),
            );
            run.response = json!({"requestId": rng.uuid(), "instancesSet": {"items": [{
                "instanceId": instance, "instanceState": {"code": 0, "name": "pending"}, "vpcId": vpc,
            }]}});
            run
        }
        _ => call(
            "ec2",
            "CreateTags",
            false,
            json!({
                "resourcesSet": {"items": [{"resourceId": instance}]},
                "tagSet": {"items": [{"key": "team", "value": "shipments"}]},
            }),
        ),
    }
}

pub(super) fn lambda(rng: &mut Rng) -> Call {
    let function = *rng.pick(FUNCTIONS);
    match rng.between(0, 3) {
        0 => call(
            "lambda",
            "UpdateFunctionCode20150331v2",
            false,
            json!({"functionName": function, "publish": true, "dryRun": false}),
        ),
        1 => call(
            "lambda",
            "AddPermission20150331v2",
            false,
            json!({
                "functionName": function, "statementId": "events", "action": "lambda:InvokeFunction", "principal": "events.amazonaws.com",
            }),
        ),
        _ => call("lambda", "GetFunction20150331v2", true, json!({"functionName": function})),
    }
}
