//! Why an item is in the quarantine.

use std::fmt;

use custody_domain::{content::ViolationKind, json::ParseErrorKind};

/// Its text form stands in the quarantine and in answers, and is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No JSON.
    Syntax,
    /// JSON, but no event: a member is missing, unknown, reserved to the server or of another kind.
    Schema,
    /// A time that is none, has no offset, or lies too far off.
    Time,
    Size,
    /// No UTF-8, half a surrogate pair, or a NUL where none may be.
    Encoding,
    Depth,
    DuplicateKey,
    /// `custody.*`, which is the server's alone.
    ReservedAction,
    /// Another event was recorded under this event id.
    Conflict,
    /// It says that it is another tenant's.
    Tenant,
}

impl Reason {
    pub const ALL: [Self; 10] = [
        Self::Syntax,
        Self::Schema,
        Self::Time,
        Self::Size,
        Self::Encoding,
        Self::Depth,
        Self::DuplicateKey,
        Self::ReservedAction,
        Self::Conflict,
        Self::Tenant,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Schema => "schema",
            Self::Time => "time",
            Self::Size => "size",
            Self::Encoding => "encoding",
            Self::Depth => "depth",
            Self::DuplicateKey => "duplicate_key",
            Self::ReservedAction => "reserved_action",
            Self::Conflict => "conflict",
            Self::Tenant => "tenant",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<ParseErrorKind> for Reason {
    fn from(kind: ParseErrorKind) -> Self {
        match kind {
            ParseErrorKind::InvalidUtf8 | ParseErrorKind::LoneSurrogate | ParseErrorKind::ByteOrderMark => {
                Self::Encoding
            }
            ParseErrorKind::DuplicateKey => Self::DuplicateKey,
            ParseErrorKind::TooDeep { .. } => Self::Depth,
            ParseErrorKind::TooLarge { .. } => Self::Size,
            _ => Self::Syntax,
        }
    }
}

impl From<ViolationKind> for Reason {
    fn from(kind: ViolationKind) -> Self {
        match kind {
            ViolationKind::Schema => Self::Schema,
            ViolationKind::Time => Self::Time,
            ViolationKind::Size => Self::Size,
            ViolationKind::Encoding => Self::Encoding,
            ViolationKind::Depth => Self::Depth,
            ViolationKind::ReservedAction => Self::ReservedAction,
        }
    }
}
