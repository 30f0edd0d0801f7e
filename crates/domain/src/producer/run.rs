//! What a producer's numbers say: which have not come, which came late or again, and when it began to
//! count anew. docs/completeness.md has the rules in words.

use super::gaps::{Gap, Gaps};

/// Bounds of one producer's bookkeeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Gaps kept; the lowest beyond are counted.
    pub gaps_max: usize,
    /// How far back a number that was seen already is taken for a repetition. Further back it is the
    /// beginning of a new run.
    pub window: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { gaps_max: 256, window: 10_000 }
    }
}

/// A producer's numbers so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// From 1; each time that the producer counts anew it is one more.
    pub run: u64,
    /// Lowest and highest number of this run.
    pub first: u64,
    pub highest: u64,
    /// What has not come between those two.
    pub gaps: Gaps,
    /// Numbers in gaps that were too many to keep, all of them below `gaps_kept_from`.
    pub gaps_dropped: u64,
    pub gaps_kept_from: u64,
    /// Numbers that earlier runs have left missing: they will not come any more.
    pub missing_earlier: u64,
    /// Entries of all runs.
    pub entries: u64,
    /// Numbers that closed (a part of) a gap.
    pub late: u64,
    /// Numbers that had come already.
    pub repeated: u64,
    /// Numbers below `gaps_kept_from`: late or repeated, which cannot be told any more. They lower
    /// no count of what is missing, so that none is ever too low.
    pub unplaced: u64,
}

impl Run {
    /// The first entry of a producer.
    pub fn new(seq: u64) -> Self {
        Self {
            run: 1,
            first: seq,
            highest: seq,
            gaps: Gaps::default(),
            gaps_dropped: 0,
            gaps_kept_from: 0,
            missing_earlier: 0,
            entries: 1,
            late: 0,
            repeated: 0,
            unplaced: 0,
        }
    }

    /// Numbers of this run that have not come.
    pub fn missing(&self) -> u64 {
        self.gaps.missing() + self.gaps_dropped
    }

    /// The next entry of the producer, in log order.
    pub fn see(&mut self, seq: u64, received_ms: i64, bounds: Bounds) {
        self.entries += 1;
        let far_back = self.highest.saturating_sub(seq) > bounds.window;
        if seq > self.highest {
            self.go_on(seq, received_ms);
        } else if self.gaps.close(seq) {
            self.late += 1;
        } else if seq < self.first && !far_back {
            self.begin_lower(seq, received_ms);
        } else if seq == self.first && seq < self.highest {
            self.begin_anew(seq);
        } else if self.gaps_dropped > 0 && (self.first..self.gaps_kept_from).contains(&seq) {
            self.unplaced += 1;
        } else if far_back {
            self.begin_anew(seq);
        } else {
            self.repeated += 1;
        }
        for gap in self.gaps.drop_lowest(bounds.gaps_max) {
            self.gaps_dropped += gap.count();
            self.gaps_kept_from = self.gaps_kept_from.max(gap.to + 1);
        }
    }

    fn go_on(&mut self, seq: u64, since_ms: i64) {
        if let Some(from) = self.highest.checked_add(1).filter(|next| *next < seq) {
            self.gaps.open_above(Gap { from, to: seq - 1, since_ms });
        }
        self.highest = seq;
    }

    /// The first one to come was not the first one sent.
    fn begin_lower(&mut self, seq: u64, since_ms: i64) {
        if seq + 1 < self.first {
            self.gaps.open_below(Gap { from: seq + 1, to: self.first - 1, since_ms });
        }
        self.first = seq;
        self.late += 1;
    }

    fn begin_anew(&mut self, seq: u64) {
        self.missing_earlier = self.missing_earlier.saturating_add(self.missing());
        self.run += 1;
        (self.first, self.highest) = (seq, seq);
        self.gaps = Gaps::default();
        (self.gaps_dropped, self.gaps_kept_from) = (0, 0);
    }
}

#[cfg(test)]
mod tests;
