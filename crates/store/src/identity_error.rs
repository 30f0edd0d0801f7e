//! Why a change of people, credentials or tenants was not made.

use custody_auth::{PasswordError, sign_in_limits::TooMany};
use custody_keys::KeyError;

use crate::StoreError;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// A member of the request cannot be taken; `pointer` is a JSON pointer into it. Answer 422.
    #[error("{pointer}: {detail}")]
    Invalid { pointer: &'static str, detail: String },
    /// The secret, the password or the tenant is not right; which of them is never told. Answer 401.
    #[error("the sign-in is not valid")]
    Refused,
    /// The sign-in is good and names no tenant, and there are several. Answer 422.
    #[error("name one of your tenants: {}", .0.join(", "))]
    ChooseTenant(Vec<String>),
    /// A tenant keeps one admin, the reserved tenant one operator. Answer 409.
    #[error("the last one with this role cannot be taken away; give it to somebody else first")]
    LastOne,
    /// Another row has the name already; it is the asker's own to know. Answer 409.
    #[error("{0}")]
    Taken(String),
    /// Answer 429.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Too many passwords are being checked on this node. Answer 503.
    #[error("too many people are signing in at this moment")]
    Busy,
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Store(StoreError),
}

impl IdentityError {
    pub(crate) fn invalid(pointer: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid { pointer, detail: detail.into() }
    }

    /// The error of a password that somebody chose.
    pub(crate) fn of_new_password(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Busy,
            PasswordError::Hashing => Self::Store(StoreError::Unexpected(Box::new(error))),
            _ => Self::invalid("/password", error.to_string()),
        }
    }
}

impl From<StoreError> for IdentityError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for IdentityError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
