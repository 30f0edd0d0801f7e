use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A text that is none of a set of words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {allowed}")]
pub struct UnknownWord {
    /// With commas between them.
    pub allowed: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant = $code,)*
        }

        impl $name {
            /// In the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The value of its column.
            pub fn code(self) -> i16 {
                self as i16
            }

            pub fn from_code(code: i16) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.code() == code)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            /// In any case of letters: engines differ.
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|word| word.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| {
                    UnknownWord { allowed: [$($text),*].join(", ") }
                })
            }
        }
    };
}

words! {
    /// What a check says of a resource.
    FindingStatus {
        Pass = 1 "PASS",
        Fail = 2 "FAIL",
        /// A person has to look.
        Manual = 3 "MANUAL",
    }
}

words! {
    /// How bad a failure is; greater is worse.
    FindingSeverity {
        Informational = 1 "informational",
        Low = 2 "low",
        Medium = 3 "medium",
        High = 4 "high",
        Critical = 5 "critical",
    }
}

words! {
    /// Whether everything that the verdict rests on could be looked at.
    Evidence {
        Complete = 0 "complete",
        /// Calls to the provider failed: a PASS may be one only for what was not seen.
        Incomplete = 1 "incomplete",
    }
}

words! {
    /// Against the scan of the same scope before.
    Delta {
        /// It passes as before, or was not looked at and passes.
        Unchanged = 0 "unchanged",
        /// It fails, and was not there before.
        New = 1 "new",
        StillFailing = 2 "still_failing",
        /// It failed and passes now.
        Resolved = 3 "resolved",
        /// It passed and fails now.
        Regressed = 4 "regressed",
    }
}

words! {
    /// What people made of it.
    TriageState {
        Open = 0 "open",
        InProgress = 1 "in_progress",
        /// The risk is known, and taken.
        Accepted = 2 "accepted",
        FalsePositive = 3 "false_positive",
        Fixed = 4 "fixed",
    }
}

words! {
    /// Of a scan.
    ScanStatus {
        Pending = 0 "pending",
        InProgress = 1 "in_progress",
        Completed = 2 "completed",
        Failed = 3 "failed",
        Cancelled = 4 "cancelled",
    }
}

words! {
    /// Of a check of a scan.
    CheckStatus {
        Pending = 0 "pending",
        InProgress = 1 "in_progress",
        Completed = 2 "completed",
        /// It came to no verdict: it raised, or what it looks at could not be listed.
        Errored = 3 "errored",
        /// The scan ended before it.
        Cancelled = 4 "cancelled",
    }
}

impl Delta {
    /// Of a status now and the one before, where there was one.
    pub fn of(before: Option<FindingStatus>, now: FindingStatus) -> Self {
        match (before, now) {
            (Some(FindingStatus::Fail), FindingStatus::Fail) => Self::StillFailing,
            (None, FindingStatus::Fail) => Self::New,
            (Some(_), FindingStatus::Fail) => Self::Regressed,
            (Some(FindingStatus::Fail), FindingStatus::Pass) => Self::Resolved,
            _ => Self::Unchanged,
        }
    }
}

impl ScanStatus {
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use super::*;

    #[test]
    fn words_are_read_in_any_case_and_others_are_told_what_there_is() {
        assert_eq!("Critical".parse::<FindingSeverity>().unwrap(), FindingSeverity::Critical);
        assert_eq!("fail".parse::<FindingStatus>().unwrap(), FindingStatus::Fail);
        let error = "urgent".parse::<FindingStatus>().unwrap_err();
        assert_eq!(error.to_string(), "must be one of PASS, FAIL, MANUAL");
        for severity in FindingSeverity::ALL {
            assert_eq!(FindingSeverity::from_code(severity.code()), Some(*severity));
        }
    }

    #[test]
    fn a_delta_tells_what_changed() {
        use FindingStatus::{Fail, Manual, Pass};
        assert_eq!(Delta::of(None, Fail), Delta::New);
        assert_eq!(Delta::of(None, Pass), Delta::Unchanged);
        assert_eq!(Delta::of(Some(Fail), Fail), Delta::StillFailing);
        assert_eq!(Delta::of(Some(Fail), Pass), Delta::Resolved);
        assert_eq!(Delta::of(Some(Pass), Fail), Delta::Regressed);
        assert_eq!(Delta::of(Some(Manual), Fail), Delta::Regressed);
        // Nobody has looked: it may still be so.
        assert_eq!(Delta::of(Some(Fail), Manual), Delta::Unchanged);
    }
}
