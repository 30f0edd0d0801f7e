//! What a membership, a key or a token lets its holder be, within one tenant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A role within one tenant; `Operator` exists in the reserved tenant alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs the tenant: its people, keys, policies; reads and writes entries.
    Admin,
    /// Reads everything of the tenant, changes nothing.
    Auditor,
    /// Writes entries, reads those that they wrote themselves.
    User,
    /// Writes entries and reads nothing: the role of an application's key.
    Writer,
    /// Runs the installation: makes tenants, sees no tenant's data.
    Operator,
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Admin, Self::Auditor, Self::User, Self::Writer, Self::Operator];
    /// The roles that a tenant's admin can give.
    pub const OF_TENANT: [Self; 4] = [Self::Admin, Self::Auditor, Self::User, Self::Writer];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::User => "user",
            Self::Writer => "writer",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of admin, auditor, user, writer, operator")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|r| r.as_str() == text).ok_or(UnknownRole)
    }
}
