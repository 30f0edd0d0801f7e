//! Whether what was tried succeeded.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An entry's outcome. Queries read a missing one as `unknown`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    #[default]
    Unknown,
    Success,
    Failure,
}

impl Outcome {
    pub const ALL: [Self; 3] = [Self::Unknown, Self::Success, Self::Failure];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }

    /// The value of the `outcome` column: 0 unknown, 1 success, 2 failure.
    pub fn code(self) -> i16 {
        self as i16
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not one of `success`, `failure`, `unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of success, failure, unknown")]
pub struct UnknownOutcome;

impl FromStr for Outcome {
    type Err = UnknownOutcome;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|o| o.as_str() == text).ok_or(UnknownOutcome)
    }
}
