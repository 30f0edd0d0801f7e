//! Why a credential did not pass.

use jsonwebtoken::errors::ErrorKind;

use crate::DirectoryError;

/// Why a credential was refused: for our own log. The asker learns only that it is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it has no form of a credential")]
    Malformed,
    #[error("its algorithm is not accepted")]
    Algorithm,
    #[error("its issuer is not configured")]
    UnknownIssuer,
    #[error("it is meant for somebody else")]
    Audience,
    #[error("its key is not known, or no longer")]
    UnknownKey,
    #[error("its signature does not fit")]
    Signature,
    #[error("it has expired")]
    Expired,
    #[error("it is not valid yet")]
    NotYetValid,
    #[error("nothing is known of it, or not in this tenant")]
    Unknown,
    #[error("it was revoked, or its session ended")]
    Revoked,
    #[error("its tenant is suspended")]
    Suspended,
    #[error("it gives no role here")]
    NoRole,
}

impl From<&ErrorKind> for Refusal {
    fn from(kind: &ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidSignature => Self::Signature,
            ErrorKind::InvalidIssuer => Self::UnknownIssuer,
            ErrorKind::InvalidAudience => Self::Audience,
            ErrorKind::InvalidAlgorithm => Self::Algorithm,
            _ => Self::Malformed,
        }
    }
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum AuthError {
    /// Answer 401, and one text for all reasons.
    #[error("the credential is not valid: {0}")]
    Invalid(#[from] Refusal),
    /// Answer 503 where it is `Unavailable`: nothing is known about the credential.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}
