//! What came of a file.

use std::collections::BTreeMap;

use custody_domain::{FindingSeverity, FindingStatus};
use custody_store::findings::{Inserted, ORDINALS_MAX};
use serde::Serialize;

use super::batches::Place;
use crate::finding::{NewFinding, Refused};

/// So many refusals are told of; the others are counted.
pub(crate) const REFUSALS_TOLD: usize = 100;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// New in the scan.
    pub kept: u64,
    /// That the scan had already, or that stood twice in the file, to the letter.
    pub known: u64,
    /// Of those kept: their uid was another finding's as well.
    pub collisions: u64,
    pub refused: u64,
    /// The first of them.
    pub refusals: Vec<Refusal>,
    /// Of those kept, as is `by_severity`.
    pub by_status: BTreeMap<&'static str, u64>,
    pub by_severity: BTreeMap<&'static str, u64>,
    /// Where it could be read no further, if that was before its end.
    pub broken: Option<Broken>,
}

/// Something of the file that is no finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Which it is of the file's, from 0.
    pub index: u64,
    /// On which it begins, from 1.
    pub line: u64,
    /// Where it begins in the file, unpacked.
    pub byte: u64,
    /// JSON pointer into it, `/COLUMN` for a row.
    pub pointer: String,
    pub reason: String,
}

/// Why a file could not be read to its end, and how far it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Which finding would have been next, from 0.
    pub index: u64,
    pub line: u64,
    pub byte: u64,
    pub reason: String,
}

impl Broken {
    /// The thread that read it is gone without a word.
    pub(crate) fn unexplained() -> Self {
        Self { index: 0, line: 0, byte: 0, reason: "it could not be read: a defect of ours".to_owned() }
    }
}

impl Refusal {
    pub(super) fn at(place: Place, refused: Refused) -> Self {
        let Place { index, line, byte } = place;
        Self { index, line, byte, pointer: refused.pointer, reason: refused.reason }
    }
}

impl Report {
    pub(crate) fn refuse(&mut self, refused: u64, refusals: Vec<Refusal>) {
        self.refused += refused;
        let room = REFUSALS_TOLD.saturating_sub(self.refusals.len());
        self.refusals.extend(refusals.into_iter().take(room));
    }

    pub(super) fn count(&mut self, batch: &[NewFinding], places: &[Place], inserted: &[Inserted]) {
        for (n, (finding, inserted)) in batch.iter().zip(inserted).enumerate() {
            match inserted {
                Inserted::New { ordinal, .. } => {
                    self.kept += 1;
                    self.collisions += u64::from(*ordinal > 0);
                    self.add(finding.status, finding.severity);
                }
                Inserted::Known { .. } => self.known += 1,
                Inserted::TooMany => {
                    let reason = format!("the scan has {ORDINALS_MAX} others of its uid");
                    let place = places.get(n).copied().unwrap_or(Place { index: 0, line: 0, byte: 0 });
                    self.refuse(1, vec![Refusal::at(place, Refused::new("", reason))]);
                }
            }
        }
    }

    fn add(&mut self, status: FindingStatus, severity: FindingSeverity) {
        *self.by_status.entry(status.as_str()).or_default() += 1;
        *self.by_severity.entry(severity.as_str()).or_default() += 1;
    }
}
