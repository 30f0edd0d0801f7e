//! Which request parameter names the resource of a call, where the record's `resources` do not.
//! Printed in docs/sources.md. Rows are only ever added: entries cannot be mapped again.

use super::glob;

/// One row. The first of a service's rows whose parameter is there names the resource; the others go
/// to `metadata.resources`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub service: &'static str,
    /// The names of the events; `*` is any text.
    pub events: &'static str,
    /// JSON pointer within `requestParameters`.
    pub parameter: &'static str,
    /// What becomes `resource.type`.
    pub kind: &'static str,
    pub id: Id,
}

/// How a parameter's value becomes `resource.id`. A value that is an ARN always stays as it is, and so
/// does one for whose ARN the record holds too little.
///
/// Placeholders: `{value}`; `{path}` IAM's `path` parameter, or `/`; `{slash}` the value with a slash
/// in front; `{key}` the value, with `key/` in front where it is no alias; `{/x}` another parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id {
    /// As it was sent: the ARN does not follow from it.
    AsSent,
    /// `arn:{partition}:<service>:{region}:{account}:` and this.
    Regional(&'static str),
    /// As `Regional`, of another service than the one that was called.
    RegionalOf(&'static str, &'static str),
    /// `arn:{partition}:<service>::{account}:` and this.
    Global(&'static str),
    /// `arn:{partition}:<service>:{region}::` and this.
    Public(&'static str),
    /// `arn:{partition}:<service>:::` and this.
    Bare(&'static str),
}

impl Id {
    /// The whole template, as the documentation shows it.
    pub fn template(self, service: &str) -> String {
        match self {
            Self::AsSent => "as sent".to_owned(),
            Self::Regional(rest) => format!("arn:{{partition}}:{service}:{{region}}:{{account}}:{rest}"),
            Self::RegionalOf(other, rest) => {
                format!("arn:{{partition}}:{other}:{{region}}:{{account}}:{rest}")
            }
            Self::Global(rest) => format!("arn:{{partition}}:{service}::{{account}}:{rest}"),
            Self::Public(rest) => format!("arn:{{partition}}:{service}:{{region}}::{rest}"),
            Self::Bare(rest) => format!("arn:{{partition}}:{service}:::{rest}"),
        }
    }
}

const fn row(
    service: &'static str,
    events: &'static str,
    parameter: &'static str,
    kind: &'static str,
    id: Id,
) -> Row {
    Row { service, events, parameter, kind, id }
}

use Id::{AsSent, Bare, Global, Public, Regional, RegionalOf};

/// By service; within a service the more particular first.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    row("acm", "*", "/certificateArn", "certificate", AsSent),
    row("apigateway", "*", "/restApiId", "rest_api", AsSent),
    row("athena", "*", "/workGroup", "workgroup", Regional("workgroup/{value}")),
    row("autoscaling", "*", "/autoScalingGroupName", "auto_scaling_group", AsSent),
    row("autoscaling", "*", "/launchConfigurationName", "launch_configuration", AsSent),
    row("backup", "*", "/backupVaultName", "backup_vault", Regional("backup-vault:{value}")),
    row("backup", "*", "/backupPlanId", "backup_plan", Regional("backup-plan:{value}")),
    row("bedrock", "*", "/modelId", "model", AsSent),
    row("bedrock", "*", "/guardrailIdentifier", "guardrail", AsSent),
    row("cloudformation", "*", "/stackName", "stack", AsSent),
    row("cloudfront", "*", "/id", "distribution", Global("distribution/{value}")),
    row("cloudtrail", "*", "/trailName", "trail", Regional("trail/{value}")),
    row("cloudtrail", "*", "/name", "trail", Regional("trail/{value}")),
    row("cloudtrail", "DescribeTrails", "/trailNameList/0", "trail", Regional("trail/{value}")),
    row("cloudtrail", "*", "/eventDataStore", "eventdatastore", Regional("eventdatastore/{value}")),
    row("cloudtrail", "*Tags", "/resourceIdList/0", "trail", AsSent),
    row("cloudtrail", "*Tags", "/resourceId", "trail", AsSent),
    row("codebuild", "*", "/projectName", "project", Regional("project/{value}")),
    row("codebuild", "*", "/projectArn", "project", AsSent),
    row("codebuild", "*Project", "/name", "project", Regional("project/{value}")),
    row("codepipeline", "*", "/pipelineName", "pipeline", AsSent),
    row("cognito-idp", "*", "/userPoolId", "user_pool", Regional("userpool/{value}")),
    row("config", "*", "/configRuleName", "config_rule", AsSent),
    row("config", "*", "/configurationRecorderName", "configuration_recorder", AsSent),
    row("config", "*", "/configurationRecorder/name", "configuration_recorder", AsSent),
    row("config", "*", "/deliveryChannelName", "delivery_channel", AsSent),
    row("config", "*", "/deliveryChannel/name", "delivery_channel", AsSent),
    row("dynamodb", "*", "/tableName", "table", Regional("table/{value}")),
    row("dynamodb", "*", "/targetTableName", "table", Regional("table/{value}")),
    row("dynamodb", "*", "/backupArn", "backup", AsSent),
    row("ec2", "*", "/instanceId", "instance", Regional("instance/{value}")),
    row("ec2", "*", "/instancesSet/items/0/instanceId", "instance", Regional("instance/{value}")),
    row("ec2", "*", "/snapshotId", "snapshot", Public("snapshot/{value}")),
    row("ec2", "*", "/volumeId", "volume", Regional("volume/{value}")),
    row("ec2", "*", "/imageId", "image", Public("image/{value}")),
    row("ec2", "RunInstances", "/instancesSet/items/0/imageId", "image", Public("image/{value}")),
    row("ec2", "*", "/groupId", "security_group", Regional("security-group/{value}")),
    row("ec2", "*", "/networkInterfaceId", "network_interface", Regional("network-interface/{value}")),
    row("ec2", "*", "/networkAclId", "network_acl", Regional("network-acl/{value}")),
    row("ec2", "*", "/routeTableId", "route_table", Regional("route-table/{value}")),
    row("ec2", "*", "/internetGatewayId", "internet_gateway", Regional("internet-gateway/{value}")),
    row("ec2", "*", "/natGatewayId", "natgateway", Regional("natgateway/{value}")),
    row("ec2", "DeleteNatGateway", "/DeleteNatGatewayRequest/NatGatewayId", "natgateway", Regional("natgateway/{value}")),
    row("ec2", "DeleteFlowLogs", "/DeleteFlowLogsRequest/FlowLogId/content", "vpc_flow_log", Regional("vpc-flow-log/{value}")),
    row("ec2", "*", "/vpcEndpointId", "vpc_endpoint", Regional("vpc-endpoint/{value}")),
    row("ec2", "*", "/vpcPeeringConnectionId", "vpc_peering_connection", Regional("vpc-peering-connection/{value}")),
    row("ec2", "*", "/transitGatewayId", "transit_gateway", Regional("transit-gateway/{value}")),
    row("ec2", "*", "/allocationId", "elastic_ip", Regional("elastic-ip/{value}")),
    row("ec2", "*", "/keyName", "key_pair", Regional("key-pair/{value}")),
    row("ec2", "*", "/launchTemplateId", "launch_template", Regional("launch-template/{value}")),
    row("ec2", "CreateNatGateway", "/CreateNatGatewayRequest/SubnetId", "subnet", Regional("subnet/{value}")),
    row("ec2", "*", "/subnetId", "subnet", Regional("subnet/{value}")),
    row("ec2", "*", "/vpcId", "vpc", Regional("vpc/{value}")),
    row("ec2", "*Tags", "/resourcesSet/items/0/resourceId", "resource", AsSent),
    row("ec2-instance-connect", "*", "/instanceId", "instance", RegionalOf("ec2", "instance/{value}")),
    row("ecr", "*", "/repositoryName", "repository", Regional("repository/{value}")),
    row("ecs", "*", "/service", "service", AsSent),
    row("ecs", "*", "/taskDefinition", "task_definition", AsSent),
    row("ecs", "*", "/family", "task_definition", AsSent),
    row("ecs", "*", "/cluster", "cluster", Regional("cluster/{value}")),
    row("eks", "*", "/clusterName", "cluster", Regional("cluster/{value}")),
    row("eks", "*", "/name", "cluster", Regional("cluster/{value}")),
    row("elasticache", "*", "/cacheClusterId", "cache_cluster", Regional("cluster:{value}")),
    row("elasticfilesystem", "*", "/fileSystemId", "file_system", Regional("file-system/{value}")),
    row("elasticloadbalancing", "*", "/loadBalancerArn", "load_balancer", AsSent),
    row("elasticloadbalancing", "*", "/targetGroupArn", "target_group", AsSent),
    row("elasticloadbalancing", "*", "/listenerArn", "listener", AsSent),
    row("elasticloadbalancing", "*", "/loadBalancerName", "load_balancer", Regional("loadbalancer/{value}")),
    row("es", "*", "/domainName", "domain", Regional("domain/{value}")),
    row("events", "*", "/rule", "rule", Regional("rule/{value}")),
    row("events", "*Rule", "/name", "rule", Regional("rule/{value}")),
    row("firehose", "*", "/deliveryStreamName", "delivery_stream", Regional("deliverystream/{value}")),
    row("glue", "*", "/tableName", "table", Regional("table/{/databaseName}/{value}")),
    row("glue", "*", "/databaseName", "database", Regional("database/{value}")),
    row("glue", "*", "/jobName", "job", Regional("job/{value}")),
    row("guardduty", "*", "/detectorId", "detector", Regional("detector/{value}")),
    row("iam", "*", "/instanceProfileName", "instance_profile", Global("instance-profile{path}{value}")),
    row("iam", "*", "/roleName", "role", Global("role{path}{value}")),
    row("iam", "*", "/userName", "user", Global("user{path}{value}")),
    row("iam", "*", "/groupName", "group", Global("group{path}{value}")),
    row("iam", "*", "/policyArn", "policy", AsSent),
    row("iam", "CreatePolicy", "/policyName", "policy", Global("policy{path}{value}")),
    row("iam", "*", "/sAMLProviderArn", "saml_provider", AsSent),
    row("iam", "*", "/openIDConnectProviderArn", "oidc_provider", AsSent),
    row("iam", "*", "/serverCertificateName", "server_certificate", Global("server-certificate{path}{value}")),
    row("iam", "*", "/serialNumber", "mfa_device", AsSent),
    row("iam", "*", "/accessKeyId", "access_key", AsSent),
    row("kinesis", "*", "/streamName", "stream", Regional("stream/{value}")),
    row("kms", "*", "/keyId", "key", Regional("{key}")),
    row("kms", "*", "/targetKeyId", "key", Regional("{key}")),
    row("kms", "*", "/aliasName", "alias", Regional("{value}")),
    row("lambda", "*", "/functionName", "function", Regional("function:{value}")),
    row("lambda", "*", "/layerName", "layer", Regional("layer:{value}")),
    row("logs", "*", "/logGroupName", "log_group", Regional("log-group:{value}")),
    row("monitoring", "*", "/alarmName", "alarm", Regional("alarm:{value}")),
    row("monitoring", "*", "/alarmNames/0", "alarm", Regional("alarm:{value}")),
    row("organizations", "*", "/accountId", "account", AsSent),
    row("organizations", "*", "/policyId", "policy", AsSent),
    row("organizations", "*", "/organizationalUnitId", "organizational_unit", AsSent),
    row("ram", "*", "/resourceShareArn", "resource_share", AsSent),
    row("rds", "*", "/dBInstanceIdentifier", "db_instance", Regional("db:{value}")),
    row("rds", "*", "/targetDBSnapshotIdentifier", "db_snapshot", Regional("snapshot:{value}")),
    row("rds", "*", "/targetDBClusterSnapshotIdentifier", "db_cluster_snapshot", Regional("cluster-snapshot:{value}")),
    row("rds", "*", "/dBClusterIdentifier", "db_cluster", Regional("cluster:{value}")),
    row("rds", "*", "/dBSnapshotIdentifier", "db_snapshot", Regional("snapshot:{value}")),
    row("rds", "*", "/dBClusterSnapshotIdentifier", "db_cluster_snapshot", Regional("cluster-snapshot:{value}")),
    row("rds", "*", "/sourceDBSnapshotIdentifier", "db_snapshot", Regional("snapshot:{value}")),
    row("rds", "*", "/sourceDBClusterSnapshotIdentifier", "db_cluster_snapshot", Regional("cluster-snapshot:{value}")),
    row("rds", "*", "/dBSubnetGroupName", "db_subnet_group", Regional("subgrp:{value}")),
    row("rds", "*", "/dBSecurityGroupName", "db_security_group", Regional("secgrp:{value}")),
    row("rds", "*", "/dBParameterGroupName", "db_parameter_group", Regional("pg:{value}")),
    row("rds", "*Tags*", "/resourceName", "resource", AsSent),
    row("redshift", "*", "/clusterIdentifier", "cluster", Regional("cluster:{value}")),
    row("rolesanywhere", "*", "/trustAnchorId", "trust_anchor", Regional("trust-anchor/{value}")),
    row("rolesanywhere", "CreateTrustAnchor", "/name", "trust_anchor", AsSent),
    row("route53", "*", "/hostedZoneId", "hosted_zone", Bare("hostedzone/{value}")),
    row("route53", "*HostedZone", "/id", "hosted_zone", Bare("hostedzone/{value}")),
    row("route53resolver", "*", "/resolverQueryLogConfigId", "resolver_query_log_config", Regional("resolver-query-log-config/{value}")),
    row("s3", "*", "/key", "object", Bare("{/bucketName}/{value}")),
    row("s3", "*", "/bucketName", "bucket", Bare("{value}")),
    row("s3", "ListAccessPoints", "/bucket", "bucket", Bare("{value}")),
    row("s3", "*", "/configurationARN", "storage_lens", AsSent),
    row("sagemaker", "*", "/notebookInstanceName", "notebook_instance", Regional("notebook-instance/{value}")),
    row("secretsmanager", "*", "/secretId", "secret", AsSent),
    row("secretsmanager", "CreateSecret", "/name", "secret", AsSent),
    row("ses", "*", "/identity", "identity", Regional("identity/{value}")),
    row("sns", "*", "/topicArn", "topic", AsSent),
    row("sns", "CreateTopic", "/name", "topic", Regional("{value}")),
    row("sqs", "*", "/queueUrl", "queue", AsSent),
    row("sqs", "*Queue", "/queueName", "queue", Regional("{value}")),
    row("ssm", "*Parameter*", "/name", "parameter", Regional("parameter{slash}")),
    row("ssm", "*Parameter*", "/names/0", "parameter", Regional("parameter{slash}")),
    row("ssm", "*ParametersByPath", "/path", "parameter", Regional("parameter{slash}")),
    row("ssm", "*Document*", "/name", "document", Regional("document/{value}")),
    row("ssm", "*", "/instanceId", "instance", RegionalOf("ec2", "instance/{value}")),
    row("ssm", "*", "/instanceIds/0", "instance", RegionalOf("ec2", "instance/{value}")),
    row("ssm", "StartSession", "/target", "instance", RegionalOf("ec2", "instance/{value}")),
    row("ssm", "*", "/documentName", "document", Regional("document/{value}")),
    row("ssm", "*TagsForResource", "/resourceId", "resource", AsSent),
    row("sso", "*", "/permissionSetArn", "permission_set", AsSent),
    row("sso", "*", "/instanceArn", "instance", AsSent),
    row("states", "*", "/stateMachineArn", "state_machine", AsSent),
    row("sts", "AssumeRole*", "/roleArn", "role", AsSent),
];

/// Service, the word of its ARNs that is not the word of its API, and what becomes `resource.type`
/// instead.
pub const ARN_KINDS: &[(&str, &str, &str)] = &[
    ("rds", "db", "db_instance"),
    ("rds", "cluster", "db_cluster"),
    ("rds", "snapshot", "db_snapshot"),
    ("rds", "cluster-snapshot", "db_cluster_snapshot"),
    ("rds", "subgrp", "db_subnet_group"),
    ("rds", "secgrp", "db_security_group"),
    ("rds", "pg", "db_parameter_group"),
    ("elasticloadbalancing", "loadbalancer", "load_balancer"),
    ("elasticloadbalancing", "targetgroup", "target_group"),
    ("route53", "hostedzone", "hosted_zone"),
    ("autoscaling", "autoScalingGroup", "auto_scaling_group"),
    ("states", "stateMachine", "state_machine"),
    ("firehose", "deliverystream", "delivery_stream"),
    ("elasticache", "cluster", "cache_cluster"),
    ("cognito-idp", "userpool", "user_pool"),
    ("iam", "mfa", "mfa_device"),
    ("iam", "root", "account"),
];

/// The rows for an event, in order.
pub(super) fn rows<'n>(service: &'n str, event: &'n str) -> impl Iterator<Item = &'static Row> + use<'n> {
    ROWS.iter().filter(move |row| row.service == service && glob::matches(row.events, event))
}
