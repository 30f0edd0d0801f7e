//! How grave a CloudTrail event is. Printed in docs/sources.md.

use custody_domain::Severity;

/// A rule about calls by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub severity: Severity,
    /// `*` is any text.
    pub service: &'static str,
    /// `*` is any text.
    pub events: &'static str,
    pub why: &'static str,
}

const fn critical(service: &'static str, events: &'static str, why: &'static str) -> Rule {
    Rule { severity: Severity::Critical, service, events, why }
}

const fn warning(service: &'static str, events: &'static str, why: &'static str) -> Rule {
    Rule { severity: Severity::Warning, service, events, why }
}

/// The first rule that fits counts. They say how grave it is that the call succeeded; a call of these
/// that failed is an ERROR, because somebody tried.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    critical("cloudtrail", "StopLogging", "the log is turned off"),
    critical("cloudtrail", "DeleteTrail", "the log is turned off"),
    critical("cloudtrail", "DeleteEventDataStore", "the log is deleted"),
    critical("config", "StopConfigurationRecorder", "the record of configurations is turned off"),
    critical("config", "DeleteConfigurationRecorder", "the record of configurations is turned off"),
    critical("config", "DeleteDeliveryChannel", "the record of configurations is turned off"),
    critical("guardduty", "DeleteDetector", "detection is turned off"),
    critical("guardduty", "StopMonitoringMembers", "detection is turned off"),
    critical("securityhub", "DisableSecurityHub", "detection is turned off"),
    critical("ec2", "DeleteFlowLogs", "the log of the network is turned off"),
    critical("kms", "ScheduleKeyDeletion", "data under the key will be lost"),
    critical("kms", "DisableKey", "data under the key cannot be read"),
    critical("organizations", "LeaveOrganization", "the account leaves the organization's control"),
    warning("cloudtrail", "UpdateTrail", "what is logged changes"),
    warning("cloudtrail", "PutEventSelectors", "what is logged changes"),
    warning("cloudtrail", "PutInsightSelectors", "what is logged changes"),
    warning("guardduty", "UpdateDetector", "detection changes"),
    warning("guardduty", "CreateFilter", "findings are suppressed"),
    warning("logs", "DeleteLogGroup", "a log is deleted"),
    warning("logs", "DeleteLogStream", "a log is deleted"),
    warning("logs", "PutRetentionPolicy", "how long a log is kept changes"),
    warning("s3", "PutBucketLogging", "what is logged changes"),
    warning("route53resolver", "DeleteResolverQueryLogConfig", "the log of name queries is turned off"),
    warning("bedrock", "DeleteModelInvocationLoggingConfiguration", "the log of model calls is turned off"),
    warning("iam", "Create*", "who may do what changes"),
    warning("iam", "Delete*", "who may do what changes"),
    warning("iam", "Attach*", "who may do what changes"),
    warning("iam", "Detach*", "who may do what changes"),
    warning("iam", "Put*", "who may do what changes"),
    warning("iam", "Update*", "who may do what changes"),
    warning("iam", "Add*", "who may do what changes"),
    warning("iam", "Remove*", "who may do what changes"),
    warning("iam", "Set*", "who may do what changes"),
    warning("iam", "Deactivate*", "who may do what changes"),
    warning("iam", "ChangePassword", "who may do what changes"),
    warning("organizations", "*Policy", "who may do what changes"),
    warning("sso", "*PermissionSet*", "who may do what changes"),
    warning("s3", "PutBucketPolicy", "who may reach the data changes"),
    warning("s3", "DeleteBucketPolicy", "who may reach the data changes"),
    warning("s3", "PutBucketAcl", "who may reach the data changes"),
    warning("s3", "PutObjectAcl", "who may reach the data changes"),
    warning("s3", "*PublicAccessBlock", "who may reach the data changes"),
    warning("s3", "DeleteBucket*", "data, or what protects it, is deleted"),
    warning("s3", "PutBucketLifecycle*", "data may be deleted by a rule"),
    warning("kms", "PutKeyPolicy", "who may reach the data changes"),
    warning("kms", "CreateGrant", "who may reach the data changes"),
    warning("secretsmanager", "DeleteSecret", "a secret is deleted"),
    warning("secretsmanager", "PutResourcePolicy", "who may read a secret changes"),
    warning("ssm", "DeleteParameter*", "a parameter, perhaps a secret, is deleted"),
    warning("ssm", "SendCommand", "a command runs on machines"),
    warning("ssm", "StartSession", "a person enters a machine"),
    warning("ec2-instance-connect", "Send*", "a person enters a machine"),
    warning("ec2", "GetPasswordData", "a machine's password is read"),
    warning("ec2", "AuthorizeSecurityGroup*", "what the network lets through changes"),
    warning("ec2", "RevokeSecurityGroup*", "what the network lets through changes"),
    warning("ec2", "ModifySecurityGroupRules", "what the network lets through changes"),
    warning("ec2", "*NetworkAcl*Entry", "what the network lets through changes"),
    warning("ec2", "ModifySnapshotAttribute", "a disk may be shared"),
    warning("ec2", "ModifyImageAttribute", "an image may be shared"),
    warning("rds", "ModifyDBSnapshotAttribute", "a database's copy may be shared"),
    warning("rds", "ModifyDBClusterSnapshotAttribute", "a database's copy may be shared"),
    warning("rds", "DeleteDB*", "a database is deleted"),
    warning("rds", "*DBSecurityGroupIngress", "what the network lets through changes"),
    warning("lambda", "AddPermission*", "who may call a function changes"),
    warning("lambda", "RemovePermission*", "who may call a function changes"),
    warning("sts", "GetFederationToken", "credentials are made that outlive their maker's"),
    warning("signin", "PasswordUpdated", "who may do what changes"),
];
