//! How likely an entry is a cause: points, each for a reason.

use custody_domain::{Entry, Outcome, query::Instant};
use custody_ledger::StoredEntry;
use custody_store::findings::Failing;

use super::{Touch, fits, is_change};

/// An entry, and why it stands where it does.
#[derive(Clone, Debug)]
pub struct Cause {
    pub entry: StoredEntry,
    /// From 0 to 100.
    pub score: u32,
    /// What the score is the sum of.
    pub reasons: Vec<(Reason, i32)>,
    pub(super) at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Touches(Touch),
    /// The action is one that makes such a check fail.
    Fits,
    /// It changed something.
    Change,
    /// It lies between when it was last seen to pass and when it was first seen to fail.
    Window,
    Succeeded,
    /// Whether it succeeded is not said.
    OutcomeUnknown,
    /// So close to when it was first seen to fail.
    Close(&'static str),
    /// What failed changed nothing.
    Failed,
}

impl Reason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Touches(touch) => touch.as_str(),
            Self::Fits => "fits_check",
            Self::Change => "change",
            Self::Window => "window",
            Self::Succeeded => "succeeded",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Close(within) => within,
            Self::Failed => "failed",
        }
    }
}

const HOUR: i64 = 3_600_000_000;

/// The time before, and what it is called.
pub(super) const CLOSE: [(i64, &str, i32); 4] = [
    (HOUR, "within_1h", 5),
    (24 * HOUR, "within_1d", 4),
    (7 * 24 * HOUR, "within_7d", 3),
    (30 * 24 * HOUR, "within_30d", 1),
];

/// So much is left of the points of what failed: less than anything has that changed something.
const FAILED_PART: i32 = 4;

pub(super) fn touch_points(touch: Touch) -> i32 {
    match touch {
        Touch::Uid => 30,
        Touch::Name => 20,
        Touch::Id => 15,
        Touch::Parameter => 10,
    }
}

/// Score and reasons of an entry that touches the resource of a finding of `check` so.
pub(super) fn rank(
    entry: &Entry<'_>,
    touch: Touch,
    check: &str,
    failing: &Failing,
) -> (u32, Vec<(Reason, i32)>) {
    let mut reasons = vec![(Reason::Touches(touch), touch_points(touch))];
    let is =
        |word: Outcome| entry.content.pointer("/outcome").and_then(|o| o.as_str()) == Some(word.as_str());
    if fits(check, entry.action().unwrap_or_default()) {
        reasons.push((Reason::Fits, 25));
    }
    if is_change(entry) {
        reasons.push((Reason::Change, 10));
    }
    let at = entry.time();
    if failing.passed_at.is_some_and(|passed| at > Instant::from(passed)) {
        reasons.push((Reason::Window, 20));
    }
    let before = Instant::from(failing.since).microseconds() - at.microseconds();
    if let Some((_, within, points)) = CLOSE.iter().find(|(within, ..)| before <= *within) {
        reasons.push((Reason::Close(within), *points));
    }
    if is(Outcome::Failure) {
        let so_far: i32 = reasons.iter().map(|(_, points)| points).sum();
        reasons.push((Reason::Failed, so_far / FAILED_PART - so_far));
    } else if is(Outcome::Success) {
        reasons.push((Reason::Succeeded, 10));
    } else {
        reasons.push((Reason::OutcomeUnknown, 5));
    }
    let score = reasons.iter().map(|(_, points)| points).sum::<i32>();
    (u32::try_from(score).unwrap_or(0), reasons)
}
