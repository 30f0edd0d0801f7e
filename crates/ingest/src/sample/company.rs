//! Larkspur Freight, which does not exist: its accounts, people, machines and addresses. Addresses
//! are of the ranges kept for documentation (RFC 5737), domains of the one kept for examples
//! (RFC 2606).

use super::rng::Rng;

/// An invented AWS account.
pub(super) struct Account {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
}

pub(super) const ACCOUNTS: &[Account] = &[
    Account { id: "402938475610", name: "production" },
    Account { id: "718264039155", name: "staging" },
    Account { id: "265190347782", name: "security" },
    Account { id: "913377520468", name: "data" },
];

/// A person, with what identifies their IAM user.
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) principal: &'static str,
    pub(super) key: &'static str,
    pub(super) ip: &'static str,
}

pub(super) const PEOPLE: &[Person] = &[
    Person {
        name: "amara.okafor",
        principal: "AIDA4LARKSPUR0000AMARA",
        key: "AKIA4LARKSPURAMARA01",
        ip: "203.0.113.17",
    },
    Person {
        name: "bjorn.lindqvist",
        principal: "AIDA4LARKSPUR0000BJORN",
        key: "AKIA4LARKSPURBJORN01",
        ip: "203.0.113.18",
    },
    Person {
        name: "chiara.fontana",
        principal: "AIDA4LARKSPUR000CHIARA",
        key: "AKIA4LARKSPURCHIAR01",
        ip: "203.0.113.44",
    },
    Person {
        name: "deniz.aydin",
        principal: "AIDA4LARKSPUR0000DENIZ",
        key: "AKIA4LARKSPURDENIZ01",
        ip: "198.51.100.23",
    },
    Person {
        name: "elif.kaya",
        principal: "AIDA4LARKSPUR00000ELIF",
        key: "AKIA4LARKSPUR0ELIF01",
        ip: "198.51.100.71",
    },
    Person {
        name: "farid.rahimi",
        principal: "AIDA4LARKSPUR0000FARID",
        key: "AKIA4LARKSPURFARID01",
        ip: "198.51.100.72",
    },
    Person {
        name: "grace.mwangi",
        principal: "AIDA4LARKSPUR0000GRACE",
        key: "AKIA4LARKSPURGRACE01",
        ip: "203.0.113.90",
    },
    Person {
        name: "hiro.tanaka",
        principal: "AIDA4LARKSPUR00000HIRO",
        key: "AKIA4LARKSPUR0HIRO01",
        ip: "192.0.2.15",
    },
    Person {
        name: "ines.carvalho",
        principal: "AIDA4LARKSPUR00000INES",
        key: "AKIA4LARKSPUR0INES01",
        ip: "192.0.2.16",
    },
    Person {
        name: "jonas.weber",
        principal: "AIDA4LARKSPUR0000JONAS",
        key: "AKIA4LARKSPURJONAS01",
        ip: "192.0.2.101",
    },
];

/// Roles that people and machines assume, with the session name's usual beginning.
pub(super) const ROLES: &[(&str, &str)] = &[
    ("DeployPipeline", "ci-run-"),
    ("ReadOnlyAudit", "audit-"),
    ("DataLoader", "loader-"),
    ("AWSReservedSSO_Administrator_3f1c9a7be2d04586", ""),
    ("ShipmentServiceTask", "task-"),
    ("BackupOperator", "backup-"),
];

pub(super) const REGIONS: &[&str] = &["eu-central-1", "eu-central-1", "eu-west-1", "us-east-1"];

pub(super) const BUCKETS: &[&str] = &[
    "larkspur-invoices",
    "larkspur-shipment-labels",
    "larkspur-data-lake",
    "larkspur-trail-archive",
    "larkspur-website",
    "larkspur-terraform-state",
    "larkspur-backups",
];

pub(super) const SECRETS: &[&str] = &[
    "prod/shipments/database-Xk2Pq9",
    "prod/billing/stripe-m4TzWe",
    "staging/shipments/database-Lr8vNa",
    "prod/carriers/api-B6yHds",
];

pub(super) const FUNCTIONS: &[&str] =
    &["shipment-events", "label-renderer", "invoice-mailer", "carrier-webhook", "nightly-report"];

pub(super) const TABLES: &[&str] = &["Shipments", "Carriers", "RateCards", "Sessions"];

pub(super) const DATABASES: &[&str] = &["shipments-primary", "shipments-replica", "billing", "warehouse"];

pub(super) const USER_AGENTS: &[&str] = &[
    "aws-cli/2.22.4 md/awscrt#0.22.0 ua/2.0 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.6 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#s3api.get-bucket-policy",
    "Boto3/1.35.60 md/Botocore#1.35.60 ua/2.0 os/linux#5.10.226 md/arch#x86_64 lang/python#3.11.10 md/pyimpl#CPython exec-env/AWS_Lambda_python3.11 cfg/retry-mode#legacy Botocore/1.35.60",
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) terraform-provider-aws/5.74.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.32.3 ua/2.1 os/linux lang/go#1.23.2 md/GOOS#linux md/GOARCH#amd64",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "aws-sdk-go-v2/1.32.3 ua/2.1 os/linux lang/go#1.23.2 md/GOOS#linux md/GOARCH#arm64 api/dynamodb#1.36.3 m/E",
    "aws-sdk-java/2.29.15 Linux/5.10.227-219.884.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/21.0.5+11-LTS Java/21.0.5 kotlin vendor/Amazon.com_Inc. io/sync http/Apache cfg/retry-mode/standard",
];

/// An id as EC2 makes them: the prefix, a dash, seventeen hex digits of which the first tell one of
/// a few dozen things apart, so that ids come back as they do in life.
pub(super) fn ec2_id(rng: &mut Rng, prefix: &str) -> String {
    let which = rng.between(0, 40);
    let mut fixed = Rng::new(u64::from(which) << 8 | prefix.len() as u64);
    format!("{prefix}-0{}", fixed.hex(16))
}
