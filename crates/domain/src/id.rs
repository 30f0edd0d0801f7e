//! Typed ids, so that a user's id cannot be passed where a tenant's is wanted.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

typed_id!(
    /// A tenant: the owner of one log, and the wall around everything that is kept for it.
    TenantId
);
typed_id!(
    /// An entry: a `UUIDv7` of the received time, strictly increasing within a tenant.
    EntryId
);
typed_id!(
    /// A scan of an account: a `UUIDv7` of when it was asked for.
    ScanId
);
typed_id!(
    /// A finding of a scan: a `UUIDv7` of when it was kept.
    FindingId
);
typed_id!(
    /// An account that a tenant has connected.
    ProviderId
);
typed_id!(
    /// A person. Users are global; a membership ties one to a tenant.
    UserId
);
typed_id!(
    /// An API key's public id (never its secret).
    KeyId
);
typed_id!(
    /// A signed-in session of a person: the family of its refresh tokens.
    SessionId
);
typed_id!(
    /// A token issued by an operator's command, named by its `jti` claim.
    TokenId
);
typed_id!(
    /// An invitation of an e-mail address into a tenant.
    InvitationId
);
typed_id!(
    /// An item that could not become an entry and was kept.
    QuarantineId
);

impl TenantId {
    /// The reserved tenant `custody`: the log of what has no tenant of its own (operators' doings,
    /// failed sign-ins of unknown people). Fixed, so that it is the same in every installation and
    /// can never be given to a customer.
    pub const RESERVED: Self = Self(Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0000));
}
