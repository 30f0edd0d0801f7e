//! Why something is no finding.

use std::fmt;

use custody_domain::json::ParseError;

/// Where, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refused {
    /// JSON pointer into the finding, `/COLUMN` into a row; empty for the whole.
    pub pointer: String,
    pub reason: String,
}

impl Refused {
    pub(crate) fn new(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), reason: reason.into() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            return f.write_str(&self.reason);
        }
        write!(f, "{}: {}", self.pointer, self.reason)
    }
}

impl From<ParseError> for Refused {
    fn from(error: ParseError) -> Self {
        Self::new(error.pointer.clone(), format!("{} at byte {}", error.kind, error.offset))
    }
}
