//! By when it occurred, ties by id. Parts, and 64 entries of a part, whose times all stand behind what
//! was found are not looked at.

use std::{cmp::Reverse, collections::BinaryHeap};

use custody_domain::EntryId;

use super::{super::bits::numbers, Find, Found, Hit, IndexError, Part, Work};
use crate::{Sort, cursor::Place};

/// What stands further ahead is greater, whichever way it is sorted.
type Rank = (i64, u128);

pub(super) fn find(find: &Find, from: Option<Place>, want: usize, work: &Work) -> Result<Found, IndexError> {
    let order = Order { descending: find.sort == Sort::OccurredDescending };
    let bound = from.map(|place| order.rank(place.time, place.id));
    // The least of those kept is on top.
    let mut best: BinaryHeap<Reverse<Rank>> = BinaryHeap::new();
    let keep = |best: &mut BinaryHeap<Reverse<Rank>>, rank: Rank| {
        if bound.is_some_and(|bound| rank >= bound) {
            return;
        }
        best.push(Reverse(rank));
        if best.len() > want {
            best.pop();
        }
    };
    for entry in find.view.tail.iter().flat_map(|entries| entries.iter()) {
        if find.matches(entry)? {
            keep(&mut best, order.rank(entry.view()?.time().microseconds(), entry.id));
        }
        work.look().map_err(|_| IndexError::TooMuch)?;
    }
    let mut parts = find.view.slots.iter().map(|slot| slot.part()).collect::<Result<Vec<_>, _>>()?;
    // Of parts with the same times the one whose ids stand ahead.
    parts.sort_by_key(|part| {
        let first = part.seqs().start;
        Reverse((order.ahead(part.times()), if order.descending { first } else { !first }))
    });
    for part in parts {
        let least = |best: &BinaryHeap<Reverse<Rank>>| {
            best.peek().filter(|_| best.len() >= want).map(|Reverse(rank)| *rank)
        };
        if least(&best).is_some_and(|least| order.ahead(part.times()) < least.0) {
            break;
        }
        let documents = find.documents(&part, find.window, work)?;
        let mut words: Vec<(u32, u64)> = documents.words().collect();
        if order.descending {
            words.reverse();
        }
        for (base, word) in words {
            let times = part.times_of_64(base);
            let beyond = bound.is_some_and(|bound| order.behind(times) > bound.0);
            if beyond || least(&best).is_some_and(|least| order.is_past(&part, (base, word), times, least)) {
                continue;
            }
            for document in numbers(base, word) {
                let time = part.time.get_val(document);
                if least(&best).is_none_or(|least| order.time(time) >= least.0) {
                    keep(&mut best, order.rank(time, part.id(document)));
                }
            }
        }
    }
    // Reversed, so that what stands ahead comes first.
    let places = best.into_sorted_vec().into_iter().map(|Reverse(rank)| order.place(rank));
    Ok(Found { hits: places.map(|place| Hit { place, entry: None }).collect(), reached: None })
}

#[derive(Clone, Copy)]
struct Order {
    descending: bool,
}

impl Order {
    fn time(self, time: i64) -> i64 {
        if self.descending { time } else { -time }
    }

    /// Of the least and the greatest time, that which stands ahead.
    fn ahead(self, (least, greatest): (i64, i64)) -> i64 {
        self.time(if self.descending { greatest } else { least })
    }

    fn behind(self, (least, greatest): (i64, i64)) -> i64 {
        self.time(if self.descending { least } else { greatest })
    }

    /// Whether all of these documents stand behind `rank`.
    fn is_past(self, part: &Part, (base, word): (u32, u64), times: (i64, i64), rank: Rank) -> bool {
        let edge = base + if self.descending { word.ilog2() } else { word.trailing_zeros() };
        let ahead = self.ahead(times);
        ahead < rank.0 || (ahead == rank.0 && self.id(part.id(edge)) < rank.1)
    }

    fn id(self, id: EntryId) -> u128 {
        let id = id.0.as_u128();
        if self.descending { id } else { !id }
    }

    fn rank(self, time: i64, id: EntryId) -> Rank {
        (self.time(time), self.id(id))
    }

    fn place(self, (time, id): Rank) -> Place {
        let id = if self.descending { id } else { !id };
        Place { time: self.time(time), id: EntryId(uuid::Uuid::from_u128(id)) }
    }
}
