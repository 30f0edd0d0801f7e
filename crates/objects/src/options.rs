//! Settings of S3 that a URL does not carry.

use std::{fmt, time::Duration};

/// How S3 is spoken to. What is `None` comes from the environment (`AWS_ENDPOINT_URL_S3`,
/// `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, …) or, for credentials, from the
/// container's or the machine's role.
#[derive(Clone, Debug)]
pub struct S3Options {
    /// `https://…` of a service that is compatible with S3. `http://` is taken as said.
    pub endpoint: Option<String>,
    pub region: Option<String>,
    pub credentials: Option<Credentials>,
    pub encryption: Encryption,
    /// How an object is held that has a `locked_until`.
    pub lock_mode: LockMode,
    pub connect_timeout: Duration,
    /// For one attempt of a small operation: head, list, delete, a write of up to a mebibyte.
    pub attempt_timeout: Duration,
    /// For one attempt to write more than that, up to 8 MiB; there are three.
    pub part_timeout: Duration,
    /// For a small operation, all attempts together.
    pub total_timeout: Duration,
}

impl Default for S3Options {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            credentials: None,
            encryption: Encryption::Bucket,
            lock_mode: LockMode::Governance,
            connect_timeout: Duration::from_secs(3),
            attempt_timeout: Duration::from_secs(8),
            part_timeout: Duration::from_mins(1),
            total_timeout: Duration::from_secs(30),
        }
    }
}

/// A key pair of its own, instead of the environment's.
#[derive(Clone)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Encryption by S3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// As the bucket's default says.
    #[default]
    Bucket,
    /// SSE-S3.
    Aes256,
    /// SSE-KMS; a bucket key asks KMS once for many objects.
    Kms { key_id: String, bucket_key: bool },
}

/// The modes of S3 Object Lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LockMode {
    /// Whoever has `s3:BypassGovernanceRetention` may end it.
    #[default]
    Governance,
    /// Nobody may end it, the account's root included.
    Compliance,
}
