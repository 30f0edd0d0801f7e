//! Ranges of numbers that have not come.

/// Both ends are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub from: u64,
    pub to: u64,
    /// When the entry that showed it was received: milliseconds since 1970.
    pub since_ms: i64,
}

impl Gap {
    /// How many numbers.
    pub fn count(&self) -> u64 {
        self.to - self.from + 1
    }
}

/// Ascending; no two touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps(Vec<Gap>);

impl Gaps {
    /// `gaps` as [`Gaps::as_slice`] gave them; none where they are not.
    pub fn new(gaps: Vec<Gap>) -> Option<Self> {
        let apart = gaps.windows(2).all(|pair| matches!(pair, [a, b] if a.to < b.from));
        (apart && gaps.iter().all(|gap| gap.from <= gap.to)).then_some(Self(gaps))
    }

    pub fn as_slice(&self) -> &[Gap] {
        &self.0
    }

    /// How many numbers are missing.
    pub fn missing(&self) -> u64 {
        self.0.iter().map(Gap::count).sum()
    }

    /// Takes a gap that lies above all others.
    pub(super) fn open_above(&mut self, gap: Gap) {
        self.0.push(gap);
    }

    /// Takes a gap that lies below all others.
    pub(super) fn open_below(&mut self, gap: Gap) {
        self.0.insert(0, gap);
    }

    /// Whether the number was missing; it is so no more.
    pub(super) fn close(&mut self, seq: u64) -> bool {
        let at = self.0.partition_point(|gap| gap.to < seq);
        let Some(gap) = self.0.get_mut(at).filter(|gap| gap.from <= seq) else { return false };
        let rest = Gap { from: seq + 1, ..*gap };
        gap.to = seq.saturating_sub(1);
        if gap.from == seq {
            *gap = rest;
            if rest.from > rest.to {
                self.0.remove(at);
            }
        } else if rest.from <= rest.to {
            self.0.insert(at + 1, rest);
        }
        true
    }

    /// Takes out the lowest, so that there are no more than `max`.
    pub(super) fn drop_lowest(&mut self, max: usize) -> impl Iterator<Item = Gap> {
        let excess = self.0.len().saturating_sub(max);
        self.0.drain(..excess)
    }
}
