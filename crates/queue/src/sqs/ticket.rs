//! What a message says: which job may be tried. Version 1 is
//!
//! ```json
//! {"custody":1,"installation":"<uuid>","tenant":"<uuid> or null","job":"<uuid>"}
//! ```
//!
//! Ids and nothing else may ever stand in it: a queue is read by whoever operates the account, is kept for
//! days, and is no part of an erasure.

use custody_domain::TenantId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const VERSION: u64 = 1;
/// Four times what a body has: white space and an older client's way to write an id fit in.
const BODY_BYTES_MAX: usize = 1024;

/// The right to try one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// `None`: a job of the installation's own.
    pub tenant: Option<TenantId>,
    pub job: Uuid,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    custody: u64,
    installation: Uuid,
    // Present even where it is null: an absent one is a mistake.
    #[serde(deserialize_with = "Option::deserialize")]
    tenant: Option<TenantId>,
    job: Uuid,
}

/// Why a message is not one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// Longer than any ticket.
    TooLong,
    NotJson,
    /// JSON that says nothing of Custody.
    NotOurs,
    /// A ticket of a version that this program does not know.
    OtherVersion,
    /// Ours by its version, but a field is missing, unknown, doubled or not an id.
    Malformed,
    /// A ticket of another installation, which should have a queue of its own.
    OtherInstallation,
}

impl Foreign {
    pub const ALL: [Self; 6] = [
        Self::TooLong,
        Self::NotJson,
        Self::NotOurs,
        Self::OtherVersion,
        Self::Malformed,
        Self::OtherInstallation,
    ];

    /// As it stands in the metric's label and in the dead letter's attribute.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotJson => "not_json",
            Self::NotOurs => "not_ours",
            Self::OtherVersion => "other_version",
            Self::Malformed => "malformed",
            Self::OtherInstallation => "other_installation",
        }
    }
}

impl Ticket {
    pub(super) fn body(self, installation: Uuid) -> String {
        let Self { tenant, job } = self;
        // A struct of ids always is JSON; were it not, an empty body would be set aside as foreign.
        serde_json::to_string(&Body { custody: VERSION, installation, tenant, job }).unwrap_or_default()
    }

    pub(super) fn read(body: &str, installation: Uuid) -> Result<Self, Foreign> {
        if body.len() > BODY_BYTES_MAX {
            return Err(Foreign::TooLong);
        }
        let value: serde_json::Value = serde_json::from_str(body).map_err(|_| Foreign::NotJson)?;
        match value.get("custody").map(serde_json::Value::as_u64) {
            None => return Err(Foreign::NotOurs),
            Some(Some(VERSION)) => {}
            Some(_) => return Err(Foreign::OtherVersion),
        }
        // Of the text, not of the value: there a doubled field is one.
        let said: Body = serde_json::from_str(body).map_err(|_| Foreign::Malformed)?;
        if said.installation != installation {
            return Err(Foreign::OtherInstallation);
        }
        Ok(Self { tenant: said.tenant, job: said.job })
    }
}
