//! One question to one finding, and how it is written.

use std::fmt;

use uuid::Uuid;

use super::{Flag, IdField, TextField, TimeField, WordField, WordsField};
use crate::{
    finding::{Delta, Evidence, FindingSeverity, FindingStatus, TriageState},
    query::{Comparison, Instant, Pattern, Words},
};

#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    /// Words in the title, the detail of the status, the resource's uid or name, description, risk or
    /// remediation.
    Text(Words),
    /// Words in one of those, or in the note.
    Words {
        field: WordsField,
        words: Words,
    },
    /// Whether there is a value: by a field's name.
    Exists(&'static str),
    Is {
        field: TextField,
        pattern: Pattern,
    },
    Word(Word),
    Severity {
        comparison: Comparison,
        severity: FindingSeverity,
    },
    Flag {
        field: Flag,
        value: bool,
    },
    Id {
        field: IdField,
        id: Uuid,
    },
    Time {
        field: TimeField,
        comparison: Comparison,
        instant: Instant,
    },
}

/// One word of a field that has a few. They have no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Status(FindingStatus),
    Evidence(Evidence),
    Delta(Delta),
    Triage(TriageState),
}

impl Word {
    pub fn field(self) -> WordField {
        match self {
            Self::Status(_) => WordField::Status,
            Self::Evidence(_) => WordField::Evidence,
            Self::Delta(_) => WordField::Delta,
            Self::Triage(_) => WordField::Triage,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Status(status) => status.as_str(),
            Self::Evidence(evidence) => evidence.as_str(),
            Self::Delta(delta) => delta.as_str(),
            Self::Triage(state) => state.as_str(),
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(words) => write!(f, "{words}"),
            Self::Words { field, words } => write!(f, "{}:{words}", field.name()),
            Self::Exists(name) => write!(f, "exists:{name}"),
            Self::Is { field, pattern } => write!(f, "{}:{pattern}", field.name()),
            Self::Word(word) => write!(f, "{}:{}", word.field().name(), word.as_str()),
            Self::Severity { comparison, severity } => {
                write!(f, "severity{}{severity}", comparison.as_str())
            }
            Self::Flag { field, value } => write!(f, "{}:{value}", field.name()),
            Self::Id { field, id } => write!(f, "{}:{id}", field.name()),
            Self::Time { field, comparison, instant } => {
                write!(f, "{}{}{instant}", field.name(), comparison.as_str())
            }
        }
    }
}
