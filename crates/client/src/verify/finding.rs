//! What is wrong, and with which entry.

use custody_domain::EntryId;
use serde::Serialize;

use crate::text::shown;

/// Of so many findings each is told; of the rest, how many there are.
const SHOWN_MAX: usize = 50;

/// One thing that is not as it was committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// The entry, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// What is wrong with it.
    pub(crate) detail: String,
}

impl Finding {
    pub(crate) fn of_entry(seq: u64, id: Option<EntryId>, detail: &impl ToString) -> Self {
        Self { seq: Some(seq), id: id.map(|id| id.to_string()), detail: detail.to_string() }
    }

    pub(crate) fn of_log(detail: impl Into<String>) -> Self {
        Self { seq: None, id: None, detail: detail.into() }
    }
}

/// `entry 7 (0190…) is missing`
impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(seq) = self.seq {
            write!(f, "entry {seq} ")?;
        }
        if let Some(id) = &self.id {
            write!(f, "({id}) ")?;
        }
        f.write_str(&shown(&self.detail))
    }
}

/// Findings, of which the first ones are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    kept: Vec<Finding>,
    count: u64,
}

impl Findings {
    pub(crate) fn add(&mut self, finding: Finding) {
        self.count += 1;
        if self.kept.len() < SHOWN_MAX {
            self.kept.push(finding);
        }
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.count += other.count;
        let room = SHOWN_MAX.saturating_sub(self.kept.len());
        self.kept.extend(other.kept.into_iter().take(room));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn into_kept(self) -> Vec<Finding> {
        self.kept
    }
}
