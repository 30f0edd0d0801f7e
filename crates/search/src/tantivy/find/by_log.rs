//! In log order, from either end: what is beyond the page is not looked at.

use custody_ledger::{Order, Range};

use super::{Find, Found, Hit, IndexError, RunError, StoredEntry, Work};
use crate::{Sort, cursor::Place};

pub(super) fn find(find: &Find, from: Option<Place>, want: usize, work: &Work) -> Result<Found, IndexError> {
    let descending = find.sort == Sort::ReceivedDescending;
    let order = if descending { Order::NewestFirst } else { Order::OldestFirst };
    let window = from.map_or(find.window, |from| find.window.beyond(order, from.id));
    let mut search = Search { find, window, descending, want, found: Found::default(), work };
    // What is in no part is the newest.
    for tail in [descending, !descending] {
        let more = if tail { search.tail()? } else { search.parts()? };
        if !more {
            break;
        }
    }
    Ok(search.found)
}

struct Search<'f> {
    find: &'f Find,
    window: Range,
    descending: bool,
    want: usize,
    found: Found,
    work: &'f Work,
}

impl Search<'_> {
    /// Each answers whether there is more to look for.
    fn tail(&mut self) -> Result<bool, IndexError> {
        let tail = self.find.view.tail.iter().flat_map(|entries| entries.iter());
        let mut entries: Vec<&StoredEntry> = tail.filter(|entry| self.window.holds(entry.id)).collect();
        if self.descending {
            entries.reverse();
        }
        for entry in entries {
            if self.find.query.matches(&entry.view()?) {
                self.found.hits.push(Hit { place: Place::of(entry.id), entry: Some(entry.clone()) });
                if self.found.hits.len() >= self.want {
                    return Ok(false);
                }
            }
            if self.work.look().is_err() {
                self.found.reached = Some(Place::of(entry.id));
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn parts(&mut self) -> Result<bool, IndexError> {
        let mut slots: Vec<_> = self.find.view.slots.iter().collect();
        if self.descending {
            slots.reverse();
        }
        let mut looked = false;
        for slot in
            slots.into_iter().filter(|slot| self.window.after.is_none_or(|after| slot.name.last_id > after))
        {
            let part = slot.part()?;
            if self.window.before.is_some_and(|before| part.id(0) >= before) {
                continue;
            }
            let documents = match self.find.documents(&part, self.window, self.work) {
                Ok(documents) => documents,
                // Everything before this part was looked at.
                Err(RunError::Exhausted(_)) if looked => {
                    let edge =
                        if self.descending { slot.name.last_id.next_up() } else { part.id(0).next_down() };
                    self.found.reached = Some(Place::of(edge));
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            };
            looked = true;
            let hit = |document| Hit { place: Place::of(part.id(document)), entry: None };
            let room = self.want - self.found.hits.len();
            if self.descending {
                self.found.hits.extend(documents.descending().take(room).map(hit));
            } else {
                self.found.hits.extend(documents.ascending().take(room).map(hit));
            }
            if self.found.hits.len() >= self.want {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
