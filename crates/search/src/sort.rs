//! The orders of the contract.

use std::{fmt, str::FromStr};

/// The order of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Newest first, in log order.
    #[default]
    ReceivedDescending,
    /// Log order.
    ReceivedAscending,
    /// What happened last comes first, also where events came late; ties by id.
    OccurredDescending,
    OccurredAscending,
}

impl Sort {
    pub const ALL: [Self; 4] = [
        Self::ReceivedDescending,
        Self::ReceivedAscending,
        Self::OccurredDescending,
        Self::OccurredAscending,
    ];

    /// Whether the last comes first.
    pub fn is_descending(self) -> bool {
        matches!(self, Self::ReceivedDescending | Self::OccurredDescending)
    }

    /// Whether it goes by when things happened, and not by the log's own order.
    pub fn is_by_time(self) -> bool {
        matches!(self, Self::OccurredDescending | Self::OccurredAscending)
    }

    /// The same, from its other end.
    pub fn reversed(self) -> Self {
        match self {
            Self::ReceivedDescending => Self::ReceivedAscending,
            Self::ReceivedAscending => Self::ReceivedDescending,
            Self::OccurredDescending => Self::OccurredAscending,
            Self::OccurredAscending => Self::OccurredDescending,
        }
    }

    /// The value of the parameter `sort`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReceivedDescending => "-received_at",
            Self::ReceivedAscending => "received_at",
            Self::OccurredDescending => "-occurred_at",
            Self::OccurredAscending => "occurred_at",
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of -received_at, received_at, -occurred_at, occurred_at")]
pub struct UnknownSort;

impl FromStr for Sort {
    type Err = UnknownSort;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == text).ok_or(UnknownSort)
    }
}
