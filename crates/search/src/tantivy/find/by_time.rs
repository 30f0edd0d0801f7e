//! By when it occurred, ties by id. A part whose times all stand behind what was found is not looked
//! at.

use std::{cmp::Reverse, collections::BinaryHeap};

use custody_domain::EntryId;

use super::{Find, Found, Hit, IndexError, Work};
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
    let ahead = |times: (i64, i64)| if order.descending { times.1 } else { -times.0 };
    parts.sort_by_key(|part| Reverse(ahead(part.times())));
    for part in parts {
        let full = best.len() >= want;
        let least = best.peek().map(|Reverse((time, _))| *time);
        if full && least.is_some_and(|least| ahead(part.times()) < least) {
            break;
        }
        for document in find.documents(&part, find.window, work)?.ascending() {
            let time = part.time.get_val(document);
            let least = best.peek().map(|Reverse((time, _))| *time);
            if best.len() >= want && least.is_some_and(|least| order.time(time) < least) {
                continue;
            }
            keep(&mut best, order.rank(time, part.id(document)));
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

    fn rank(self, time: i64, id: EntryId) -> Rank {
        let id = id.0.as_u128();
        (self.time(time), if self.descending { id } else { !id })
    }

    fn place(self, (time, id): Rank) -> Place {
        let id = if self.descending { id } else { !id };
        Place { time: self.time(time), id: EntryId(uuid::Uuid::from_u128(id)) }
    }
}
