//! A finding as it is to be kept.

use chrono::{DateTime, Utc};
use custody_domain::{Evidence, FindingSeverity, FindingStatus};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// A finding's text is at most so long.
pub const FINDING_BYTES_MAX: usize = 2 << 20;

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    /// A Detection Finding of OCSF, JSON without white space.
    Ocsf = 1,
    /// A row of Prowler's CSV, as a JSON object of texts in the columns' order.
    Csv = 2,
}

impl Form {
    pub fn from_code(code: i16) -> Option<Self> {
        [Self::Ocsf, Self::Csv].into_iter().find(|form| form.code() == code)
    }

    pub fn code(self) -> i16 {
        self as i16
    }
}

/// What all findings of a check have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBase {
    pub form: Form,
    /// `aws`
    pub provider: String,
    pub check_id: String,
    pub service: String,
    pub title: String,
    /// Of the engine: another version writes other texts.
    pub version: String,
}

/// What it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewResource {
    /// An ARN, where it has one.
    pub uid: String,
    pub name: String,
    /// In the engine's words: `AwsS3Bucket`.
    pub kind: String,
}

/// Texts that have a column hold no NUL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFinding {
    pub base: NewBase,
    pub resource: NewResource,
    pub account: String,
    pub region: String,
    /// The engine's own.
    pub uid: String,
    pub status: FindingStatus,
    pub severity: FindingSeverity,
    pub evidence: Evidence,
    /// When the engine looked.
    pub seen_at: DateTime<Utc>,
    /// Of `base.form`, at most [`FINDING_BYTES_MAX`].
    pub text: String,
}

impl NewBase {
    pub(crate) fn id(&self) -> Uuid {
        let form = [u8::try_from(self.form.code()).unwrap_or(0)];
        half_of_hash(&[&form, self.provider.as_bytes(), self.check_id.as_bytes(), self.version.as_bytes()])
    }
}

impl NewFinding {
    pub fn key(&self) -> Uuid {
        key_of(&self.base.provider, &self.account, &self.uid)
    }

    pub(crate) fn resource_id(&self) -> Uuid {
        half_of_hash(&[
            self.base.provider.as_bytes(),
            self.account.as_bytes(),
            self.region.as_bytes(),
            self.resource.uid.as_bytes(),
        ])
    }

    /// None where it is what Prowler would call it, with `name` as the resource's.
    pub(crate) fn uid_beside(&self, name: &str) -> Option<&str> {
        let made = prowler_uid(&self.base.provider, &self.base.check_id, &self.account, &self.region, name);
        (made != self.uid).then_some(&self.uid)
    }
}

/// By which a finding is known in every scan.
pub fn key_of(provider: &str, account: &str, uid: &str) -> Uuid {
    half_of_hash(&[provider.as_bytes(), account.as_bytes(), uid.as_bytes()])
}

/// What Prowler calls a finding.
pub(crate) fn prowler_uid(provider: &str, check: &str, account: &str, region: &str, name: &str) -> String {
    format!("prowler-{provider}-{check}-{account}-{region}-{name}")
}

/// The first half of the SHA-256 of the parts, each behind its length (8 bytes, big-endian).
pub fn half_of_hash(parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let hash = hash.finalize();
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    Uuid::from_bytes(half)
}
