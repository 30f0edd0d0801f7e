//! Which calls make which checks fail.

use std::sync::LazyLock;

use custody_domain::query::Pattern;

use super::reads::pattern;

/// Checks, and the actions that can make them fail, with `*` for anything. An action that takes the fault away
/// stands here as well where it can also bring it: `PutBucketPolicy`. docs/causes.md has the same table.
pub const FITS: &[(&str, &[&str])] = &[
    (
        "s3_*public*",
        &[
            "s3.PutBucketAcl",
            "s3.PutBucketPolicy",
            "s3.*PublicAccessBlock",
            "s3.PutBucketOwnershipControls",
            "s3.PutBucketWebsite",
            "s3.PutObjectAcl",
        ],
    ),
    ("s3_bucket_cross_account_access", &["s3.PutBucketAcl", "s3.PutBucketPolicy"]),
    ("s3_bucket_acl_prohibited", &["s3.PutBucketAcl", "s3.*BucketOwnershipControls"]),
    ("s3_*encryption", &["s3.*BucketEncryption"]),
    ("s3_bucket_secure_transport_policy", &["s3.PutBucketPolicy", "s3.DeleteBucketPolicy"]),
    ("s3_bucket_server_access_logging_enabled", &["s3.PutBucketLogging"]),
    ("s3_bucket_object_versioning", &["s3.PutBucketVersioning"]),
    ("s3_bucket_no_mfa_delete", &["s3.PutBucketVersioning"]),
    ("s3_bucket_lifecycle_enabled", &["s3.*BucketLifecycle*"]),
    ("s3_bucket_object_lock", &["s3.PutObjectLockConfiguration"]),
    ("s3_bucket_*", &["s3.CreateBucket"]),
    (
        "ec2_securitygroup_*",
        &[
            "ec2.AuthorizeSecurityGroup*",
            "ec2.RevokeSecurityGroup*",
            "ec2.ModifySecurityGroupRules",
            "ec2.CreateSecurityGroup",
        ],
    ),
    ("ec2_networkacl_*", &["ec2.*NetworkAcl*"]),
    (
        "ec2_instance_*",
        &[
            "ec2.RunInstances",
            "ec2.ModifyInstance*",
            "ec2.AuthorizeSecurityGroup*",
            "ec2.AssociateAddress",
            "ec2.*IamInstanceProfile*",
            "ec2.StopInstances",
        ],
    ),
    (
        "ec2_*snapshot*",
        &[
            "ec2.ModifySnapshotAttribute",
            "ec2.CreateSnapshot*",
            "ec2.CopySnapshot",
            "ec2.*SnapshotBlockPublicAccess",
        ],
    ),
    (
        "ec2_ami_*",
        &["ec2.ModifyImageAttribute", "ec2.CreateImage", "ec2.CopyImage", "ec2.*ImageBlockPublicAccess"],
    ),
    ("ec2_ebs_volume_*", &["ec2.CreateVolume", "ec2.RunInstances", "ec2.DeleteSnapshot"]),
    ("ec2_ebs_default_encryption", &["ec2.*EbsEncryptionByDefault"]),
    ("ec2_launch_template_*", &["ec2.CreateLaunchTemplate*", "ec2.ModifyLaunchTemplate"]),
    ("ec2_elastic_ip_*", &["ec2.AllocateAddress", "ec2.*sociateAddress"]),
    ("vpc_flow_logs_enabled", &["ec2.CreateVpc", "ec2.DeleteFlowLogs"]),
    ("vpc_subnet_*", &["ec2.CreateSubnet", "ec2.ModifySubnetAttribute"]),
    ("vpc_endpoint_*", &["ec2.CreateVpcEndpoint*", "ec2.ModifyVpcEndpoint*"]),
    ("vpc_peering_*", &["ec2.CreateRoute", "ec2.ReplaceRoute"]),
    (
        "iam_*polic*",
        &[
            "iam.Attach*Policy",
            "iam.Put*Policy",
            "iam.CreatePolicy*",
            "iam.SetDefaultPolicyVersion",
            "iam.AddUserToGroup",
            "iam.*AccountPasswordPolicy",
        ],
    ),
    (
        "iam_role_*",
        &["iam.UpdateAssumeRolePolicy", "iam.CreateRole", "iam.AttachRolePolicy", "iam.PutRolePolicy"],
    ),
    ("iam_*assumption", &["iam.CreatePolicy*", "iam.SetDefaultPolicyVersion"]),
    ("iam_*access*key*", &["iam.CreateAccessKey", "iam.UpdateAccessKey", "iam.CreateUser"]),
    (
        "iam_user_*mfa*",
        &[
            "iam.DeactivateMFADevice",
            "iam.DeleteVirtualMFADevice",
            "iam.CreateLoginProfile",
            "iam.CreateUser",
        ],
    ),
    ("iam_user_console_access_unused", &["iam.CreateLoginProfile"]),
    ("iam_user_with_temporary_credentials", &["iam.CreateAccessKey"]),
    ("iam_root_*", &["iam.DeactivateMFADevice", "iam.DeleteVirtualMFADevice"]),
    ("kms_key_*", &["kms.PutKeyPolicy", "kms.CreateKey", "kms.CreateGrant"]),
    ("kms_cmk_rotation_enabled", &["kms.DisableKeyRotation", "kms.CreateKey"]),
    ("kms_cmk_*", &["kms.ScheduleKeyDeletion", "kms.DisableKey", "kms.CreateKey"]),
    ("sns_*", &["sns.SetTopicAttributes", "sns.AddPermission", "sns.CreateTopic", "sns.Subscribe"]),
    ("sqs_*", &["sqs.SetQueueAttributes", "sqs.AddPermission", "sqs.CreateQueue"]),
    ("rds_snapshots_*", &["rds.ModifyDB*SnapshotAttribute", "rds.CreateDB*Snapshot", "rds.CopyDB*Snapshot"]),
    (
        "rds_instance_*",
        &["rds.ModifyDBInstance", "rds.CreateDBInstance*", "rds.RestoreDBInstance*", "rds.StopDBInstance"],
    ),
    ("rds_cluster_*", &["rds.ModifyDBCluster", "rds.CreateDBCluster", "rds.RestoreDBCluster*"]),
    (
        "cloudtrail_*",
        &[
            "cloudtrail.StopLogging",
            "cloudtrail.DeleteTrail",
            "cloudtrail.UpdateTrail",
            "cloudtrail.CreateTrail",
            "cloudtrail.PutEventSelectors",
            "cloudtrail.PutInsightSelectors",
        ],
    ),
    (
        "config_*",
        &[
            "config.StopConfigurationRecorder",
            "config.DeleteConfigurationRecorder",
            "config.PutConfigurationRecorder",
        ],
    ),
    ("guardduty_*", &["guardduty.DeleteDetector", "guardduty.UpdateDetector", "guardduty.CreateDetector"]),
    (
        "cloudwatch_log_group_*",
        &[
            "logs.PutRetentionPolicy",
            "logs.DeleteRetentionPolicy",
            "logs.DisassociateKmsKey",
            "logs.PutResourcePolicy",
            "logs.CreateLogGroup",
        ],
    ),
    (
        "awslambda_function_*public*",
        &["lambda.AddPermission*", "lambda.CreateFunctionUrlConfig*", "lambda.UpdateFunctionUrlConfig*"],
    ),
    (
        "awslambda_function_*",
        &["lambda.UpdateFunctionConfiguration*", "lambda.UpdateFunctionCode*", "lambda.CreateFunction*"],
    ),
    (
        "secretsmanager_*",
        &[
            "secretsmanager.PutResourcePolicy",
            "secretsmanager.CancelRotateSecret",
            "secretsmanager.CreateSecret",
        ],
    ),
    (
        "ecr_*",
        &["ecr.SetRepositoryPolicy", "ecr.PutImage*", "ecr.CreateRepository", "ecr.DeleteLifecyclePolicy"],
    ),
    ("ssm_documents_set_as_public", &["ssm.ModifyDocumentPermission"]),
    ("ssm_document_secrets", &["ssm.CreateDocument", "ssm.UpdateDocument*"]),
    (
        "dynamodb_table*",
        &[
            "dynamodb.UpdateTable",
            "dynamodb.UpdateContinuousBackups",
            "dynamodb.PutResourcePolicy",
            "dynamodb.CreateTable",
        ],
    ),
    (
        "efs_*",
        &[
            "elasticfilesystem.PutFileSystemPolicy",
            "elasticfilesystem.CreateFileSystem",
            "elasticfilesystem.CreateMountTarget",
            "elasticfilesystem.CreateAccessPoint",
        ],
    ),
    ("eks_*", &["eks.UpdateClusterConfig", "eks.CreateCluster"]),
    (
        "elbv2_*",
        &[
            "elasticloadbalancing.ModifyLoadBalancerAttributes",
            "elasticloadbalancing.CreateL*",
            "elasticloadbalancing.ModifyListener",
            "elasticloadbalancing.SetSecurityGroups",
        ],
    ),
    (
        "opensearch_*",
        &[
            "es.UpdateDomainConfig",
            "es.UpdateElasticsearchDomainConfig",
            "es.CreateDomain",
            "es.CreateElasticsearchDomain",
        ],
    ),
];

static PATTERNS: LazyLock<Vec<(Pattern, Vec<Pattern>)>> = LazyLock::new(|| {
    FITS.iter()
        .map(|(checks, actions)| (pattern(checks), actions.iter().map(|action| pattern(action)).collect()))
        .collect()
});

/// Whether such an action can make such a check fail.
pub fn fits(check: &str, action: &str) -> bool {
    PATTERNS.iter().any(|(checks, actions)| {
        checks.matches(check) && actions.iter().any(|pattern| pattern.matches(action))
    })
}
