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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OURS: Uuid = Uuid::from_u128(7);

    #[test]
    fn what_is_not_a_ticket_of_ours_is_told_apart() {
        let id = Uuid::from_u128(1);
        let good = format!(r#"{{"custody":1,"installation":"{OURS}","tenant":null,"job":"{id}"}}"#);
        assert_eq!(Ticket::read(&good, OURS), Ok(Ticket { tenant: None, job: id }));
        let cases = [
            (" ".repeat(2000), Foreign::TooLong),
            (String::new(), Foreign::NotJson),
            (good.replace('}', ""), Foreign::NotJson),
            ("[]".to_owned(), Foreign::NotOurs),
            (r#"{"job":1}"#.to_owned(), Foreign::NotOurs),
            (good.replace("1,", "2,"), Foreign::OtherVersion),
            (good.replace("1,", "\"1\","), Foreign::OtherVersion),
            (good.replace("1,", "-1,"), Foreign::OtherVersion),
            (good.replace('}', r#","kind":"scan"}"#), Foreign::Malformed),
            (good.replace('}', &format!(r#","job":"{id}"}}"#)), Foreign::Malformed),
            (good.replace(r#""tenant":null,"#, ""), Foreign::Malformed),
            (good.replace("null", "7"), Foreign::Malformed),
            (good.replace(&id.to_string(), "job-1"), Foreign::Malformed),
            (good.replace(&OURS.to_string(), &id.to_string()), Foreign::OtherInstallation),
        ];
        for (body, why) in cases {
            assert_eq!(Ticket::read(&body, OURS), Err(why), "{body}");
        }
    }

    proptest! {
        #[test]
        fn a_ticket_is_read_as_it_was_written(tenant: Option<u128>, job: u128, installation: u128) {
            let tenant = tenant.map(|id| TenantId(Uuid::from_u128(id)));
            let ticket = Ticket { tenant, job: Uuid::from_u128(job) };
            let installation = Uuid::from_u128(installation);
            let body = ticket.body(installation);
            prop_assert!(body.len() * 4 < BODY_BYTES_MAX);
            prop_assert_eq!(Ticket::read(&body, installation), Ok(ticket));
        }

        #[test]
        fn what_was_changed_is_refused_or_another_ticket(at in 0usize..160, to: char, job: u128) {
            let ticket = Ticket { tenant: Some(TenantId(OURS)), job: Uuid::from_u128(job) };
            let changed: String =
                ticket.body(OURS).chars().enumerate().map(|(n, c)| if n == at { to } else { c }).collect();
            if let Ok(read) = Ticket::read(&changed, OURS) {
                prop_assert_eq!(Ticket::read(&read.body(OURS), OURS), Ok(read));
            }
        }
    }
}
