#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const BOUNDS: Bounds = Bounds { gaps_max: 8, window: 100 };

fn seen(numbers: &[u64]) -> Run {
    seen_within(numbers, BOUNDS)
}

fn seen_within(numbers: &[u64], bounds: Bounds) -> Run {
    let (first, rest) = numbers.split_first().unwrap();
    let mut run = Run::new(*first);
    for (at, seq) in rest.iter().enumerate() {
        run.see(*seq, i64::try_from(at).unwrap() + 1, bounds);
    }
    run
}

fn gaps(run: &Run) -> Vec<(u64, u64)> {
    run.gaps.as_slice().iter().map(|gap| (gap.from, gap.to)).collect()
}

#[test]
fn numbers_in_order_leave_nothing_open() {
    let run = seen(&[7, 8, 9]);
    assert_eq!((run.run, run.first, run.highest, run.missing(), run.entries), (1, 7, 9, 0, 3));
}

#[test]
fn a_gap_opens_when_it_shows_and_closes_as_its_numbers_come() {
    assert_eq!(gaps(&seen(&[0, 5])), [(1, 4)]);
    assert_eq!(gaps(&seen(&[0, 5, 3])), [(1, 2), (4, 4)]);
    assert_eq!(gaps(&seen(&[0, 5, 3, 1])), [(2, 2), (4, 4)]);
    let whole = seen(&[0, 5, 3, 1, 4, 2]);
    assert_eq!((gaps(&whole), whole.late, whole.repeated, whole.run), (vec![], 4, 0, 1));
    assert_eq!(seen(&[0, 5, 3]).gaps.as_slice()[1].since_ms, 1, "what is left shows since when it is open");
}

#[test]
fn a_number_that_comes_again_is_repeated() {
    let run = seen(&[0, 1, 2, 2, 1, 3]);
    assert_eq!((run.repeated, run.missing(), run.run, run.highest), (2, 0, 1, 3));
    let run = seen(&[4, 4, 4]);
    assert_eq!((run.repeated, run.run), (2, 1));
}

#[test]
fn what_was_sent_first_may_come_second() {
    let run = seen(&[3, 1, 2, 4]);
    assert_eq!((run.first, run.highest, run.missing(), run.late, run.run), (1, 4, 0, 2, 1));
}

#[test]
fn the_first_number_again_begins_a_new_run_and_what_was_missing_stays_counted() {
    let run = seen(&[0, 1, 5, 0, 1, 2]);
    assert_eq!((run.run, run.first, run.highest), (2, 0, 2));
    assert_eq!((run.missing(), run.missing_earlier), (0, 3));
}

#[test]
fn far_back_is_a_new_run_too() {
    let numbers: Vec<u64> = (0..=200).chain([1, 2, 3]).collect();
    assert_eq!(seen(&numbers).run, 2, "seen, and too far back to be a repetition");
    assert_eq!(seen(&[1000, 1001, 5, 6]).run, 2, "below all, and too far back to be late");
    let late: Vec<u64> = [0].into_iter().chain(2..=500).chain([1]).collect();
    assert_eq!(
        (seen(&late).run, seen(&late).missing()),
        (1, 0),
        "what is missing may come as late as it likes"
    );
}

#[test]
fn the_greatest_number_has_no_next() {
    let run = seen(&[u64::MAX, u64::MAX - 1, u64::MAX]);
    assert_eq!((run.missing(), run.repeated, run.late), (0, 1, 1));
}

#[test]
fn gaps_beyond_the_bound_are_counted_and_never_forgotten() {
    let odd: Vec<u64> = (0..20).map(|n| n * 2).collect();
    let mut run = seen(&odd);
    assert_eq!((run.gaps.as_slice().len(), run.gaps_dropped, run.missing()), (8, 11, 19));
    assert_eq!(gaps(&run).first(), Some(&(23, 23)));
    run.see(1, 0, BOUNDS);
    assert_eq!(
        (run.unplaced, run.missing(), run.run),
        (1, 19, 1),
        "whether it is late nobody knows any more"
    );
    run.see(23, 0, BOUNDS);
    assert_eq!((run.late, run.missing()), (1, 18));
    run.see(0, 0, BOUNDS);
    assert_eq!((run.run, run.missing_earlier, run.gaps_dropped), (2, 18, 0));
}

/// The rules on a set of all numbers seen, with no thought of how they are kept.
#[derive(Default)]
struct Model {
    seen: BTreeSet<u64>,
    run: u64,
    missing_earlier: u64,
    late: u64,
    repeated: u64,
}

impl Model {
    fn missing(&self) -> Vec<u64> {
        let (Some(first), Some(highest)) = (self.seen.first(), self.seen.last()) else { return Vec::new() };
        (*first..=*highest).filter(|seq| !self.seen.contains(seq)).collect()
    }

    fn see(&mut self, seq: u64, window: u64) {
        let (first, highest) = match (self.seen.first(), self.seen.last()) {
            (Some(first), Some(highest)) => (*first, *highest),
            _ => (seq, seq),
        };
        let far_back = seq + window < highest;
        let known = self.seen.contains(&seq);
        let anew = (known && (far_back || (seq == first && seq < highest))) || (seq < first && far_back);
        if anew {
            self.missing_earlier += self.missing().len() as u64;
            self.seen.clear();
            self.run += 1;
        } else if known {
            self.repeated += 1;
        } else if seq < highest {
            self.late += 1;
        }
        self.seen.insert(seq);
    }
}

/// Mostly onwards, with jumps, repetitions, and falls back to the beginning.
fn numbers() -> impl Strategy<Value = Vec<u64>> {
    let step = prop_oneof![
        6 => Just((false, 1)),
        2 => (2_i64..6).prop_map(|by| (false, by)),
        3 => (-12_i64..=0).prop_map(|by| (false, by)),
        1 => (0_i64..4).prop_map(|to| (true, to)),
    ];
    (0_i64..30, prop::collection::vec(step, 0..120)).prop_map(|(begin, steps)| {
        let mut at = begin;
        let mut numbers = vec![begin.unsigned_abs()];
        for (absolute, by) in steps {
            at = if absolute { by } else { (at + by).max(0) };
            numbers.push(at.unsigned_abs());
        }
        numbers
    })
}

proptest! {
    #[test]
    fn it_is_what_a_set_of_all_numbers_says(numbers in numbers(), window in 0_u64..40) {
        let bounds = Bounds { gaps_max: usize::MAX, window };
        let mut model = Model { run: 1, ..Model::default() };
        for seq in &numbers {
            model.see(*seq, window);
        }
        let run = seen_within(&numbers, bounds);
        let missing: Vec<_> = run.gaps.as_slice().iter().flat_map(|gap| gap.from..=gap.to).collect();
        prop_assert_eq!(missing, model.missing());
        prop_assert_eq!(run.missing(), model.missing().len() as u64);
        prop_assert_eq!((run.first, run.highest), (*model.seen.first().unwrap(), *model.seen.last().unwrap()));
        prop_assert_eq!((run.run, run.missing_earlier), (model.run, model.missing_earlier));
        prop_assert_eq!((run.late, run.repeated, run.unplaced), (model.late, model.repeated, 0));
        prop_assert_eq!(run.entries, numbers.len() as u64);
        prop_assert_eq!(Gaps::new(run.gaps.as_slice().to_vec()), Some(run.gaps));
    }

    /// Within one run: whatever the bound, what is kept is missing, and no count is too low.
    #[test]
    fn a_bound_makes_no_count_too_low(
        (first, rest) in (0_u64..3, prop::collection::vec(3_u64..200, 1..150)),
        gaps_max in 0_usize..6,
    ) {
        let bounds = Bounds { gaps_max, window: 1_000 };
        let numbers: Vec<_> = [first].into_iter().chain(rest).collect();
        let mut model = Model { run: 1, ..Model::default() };
        for seq in &numbers {
            model.see(*seq, bounds.window);
        }
        let (run, missing) = (seen_within(&numbers, bounds), model.missing());
        prop_assert_eq!(run.run, 1);
        prop_assert!(run.gaps.as_slice().len() <= gaps_max);
        prop_assert!(run.missing() >= missing.len() as u64);
        prop_assert!(run.missing() <= missing.len() as u64 + run.unplaced);
        for gap in run.gaps.as_slice() {
            prop_assert!((gap.from..=gap.to).all(|seq| missing.contains(&seq)));
        }
        prop_assert_eq!(run.late + run.repeated + run.unplaced, model.late + model.repeated);
    }
}
