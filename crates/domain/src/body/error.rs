//! Why a body is none.

use crate::json::ParseError;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("a body of an unknown version: its first byte is {0:?}")]
    UnknownVersion(Option<u8>),
    #[error("a body of {0} bytes is too short")]
    TooShort(usize),
    #[error("the body is not JSON: {0}")]
    Json(#[from] ParseError),
    #[error("the content is not an object")]
    NotAnObject,
    /// Bytes that mean the right thing in the wrong form: a body has one.
    #[error("the body is not in canonical form")]
    NotCanonical,
    #[error("{0} is missing or of the wrong kind")]
    Member(&'static str),
    #[error("the salts are not those of the members that are here")]
    SaltsDoNotMatch,
    #[error("{0:?} is not a JSON pointer")]
    NotAPointer(String),
    /// Members are committed to whole, so they can only be erased or disclosed whole.
    #[error("{pointer} points into {member}, which can only be taken whole")]
    InsideMember { pointer: String, member: String },
}
