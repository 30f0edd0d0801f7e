//! Cursors: where a walk goes on. Opaque, sealed, and good only for the walk that they were made in.
//!
//! A cursor names the last entry that was looked at, which need not be one that its holder may read:
//! so it is encrypted, and not only signed.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use custody_domain::{EntryId, TenantId, query::Query};
use custody_keys::Opaque;
use uuid::Uuid;

use crate::Sort;

/// The secret that seals cursors. Nodes that serve the same walk share it.
#[derive(Clone)]
pub struct CursorKey(Opaque);

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorKey(…)")
    }
}

/// The cursor was changed or cut, or we gave it for another query, order, reader or tenant. Which,
/// it does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the cursor was changed, or belongs to another query or order; use it as it was given, with everything else as it was, or start without one"
)]
pub struct CursorError;

/// Which way, a time, an id.
const TURN_BYTES: usize = 1 + 8 + 16;

/// Where an entry stands in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// In microseconds, where it is sorted by when it occurred; else 0.
    pub time: i64,
    pub id: EntryId,
}

impl Place {
    /// In log order.
    pub fn of(id: EntryId) -> Self {
        Self { time: 0, id }
    }
}

/// From where a walk goes on, and which way. The page's own order is the same either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    After(Place),
    Before(Place),
}

/// The order in which a page is looked for: of one that goes back, from its other end.
pub(crate) fn heading(turn: Option<Turn>, sort: Sort) -> Sort {
    if matches!(turn, Some(Turn::Before(_))) { sort.reversed() } else { sort }
}

/// The turns to the pages after and before one that was reached by `turn`: `first` is where the item
/// stands that was read first, `resume` where there may be more the way it was asked.
pub(crate) fn turns(
    turn: Option<Turn>,
    sort: Sort,
    first: Option<Place>,
    resume: Option<Place>,
) -> (Option<Turn>, Option<Turn>) {
    let descending = sort.is_descending();
    // From an empty page one comes back over the entry where it began.
    let over = |place: Place, up| {
        let id = if up { place.id.next_up() } else { place.id.next_down() };
        Place { id, ..place }
    };
    match turn {
        Some(Turn::Before(from)) => {
            (Some(Turn::After(first.unwrap_or_else(|| over(from, descending)))), resume.map(Turn::Before))
        }
        Some(Turn::After(from)) => {
            (resume.map(Turn::After), Some(Turn::Before(first.unwrap_or_else(|| over(from, !descending)))))
        }
        None => (resume.map(Turn::After), first.map(Turn::Before)),
    }
}

/// One walk: a tenant's entries that match a query, in an order.
#[derive(Clone, Copy, Debug)]
pub struct Walk<'a> {
    pub tenant: TenantId,
    /// As it is executed, the scope's restriction included.
    pub query: &'a Query,
    pub sort: Sort,
}

impl CursorKey {
    pub fn new(secret: [u8; 32]) -> Self {
        Self(Opaque::new(secret, "custody cursor"))
    }

    /// A cursor that goes on from `turn`.
    pub fn seal(&self, walk: &Walk<'_>, turn: Turn) -> String {
        let (way, place) = match turn {
            Turn::After(place) => (0, place),
            Turn::Before(place) => (1, place),
        };
        let mut bytes = [way; TURN_BYTES];
        if let (Some(time), Some(id)) = (bytes.get_mut(1..9), place.id.0.as_bytes().get(..)) {
            time.copy_from_slice(&place.time.to_be_bytes());
            bytes.iter_mut().skip(9).zip(id).for_each(|(to, from)| *to = *from);
        }
        URL_SAFE_NO_PAD.encode(self.0.seal(&bytes, &walk.binding()))
    }

    /// From where the walk goes on.
    pub fn open(&self, walk: &Walk<'_>, cursor: &str) -> Result<Turn, CursorError> {
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| CursorError)?;
        let bytes: [u8; TURN_BYTES] = self.0.open(&sealed, &walk.binding()).map_err(|_| CursorError)?;
        let (way, rest) = bytes.split_first().ok_or(CursorError)?;
        let (time, id) = rest.split_at_checked(8).ok_or(CursorError)?;
        let time = i64::from_be_bytes(time.try_into().map_err(|_| CursorError)?);
        let place = Place { time, id: EntryId(Uuid::from_slice(id).map_err(|_| CursorError)?) };
        Ok(if *way == 0 { Turn::After(place) } else { Turn::Before(place) })
    }
}

impl Walk<'_> {
    /// What the walk is. The lengths are fixed, ended by a zero or last, so that no two walks write
    /// the same bytes.
    fn binding(&self) -> Vec<u8> {
        let query = self.query.render();
        [self.tenant.0.as_bytes(), self.sort.as_str().as_bytes(), &[0], query.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
    use custody_domain::query::parse;
    use proptest::prelude::*;

    use super::*;

    fn key() -> CursorKey {
        CursorKey::new([7; 32])
    }

    fn after(id: u128) -> Turn {
        Turn::After(Place { time: -7, id: EntryId(Uuid::from_u128(id)) })
    }

    fn walk(query: &Query, tenant: u128, sort: Sort) -> Walk<'_> {
        Walk { tenant: TenantId(Uuid::from_u128(tenant)), query, sort }
    }

    #[test]
    fn a_cursor_opens_in_its_own_walk_alone() {
        let query = parse("action:iam.* outcome:failure").unwrap();
        let other = parse("action:iam.*").unwrap();
        let id = after(42);
        let mine = walk(&query, 1, Sort::ReceivedDescending);
        let cursor = key().seal(&mine, id);
        assert_eq!(key().open(&mine, &cursor), Ok(id));
        for foreign in [
            walk(&query, 2, Sort::ReceivedDescending),
            walk(&query, 1, Sort::ReceivedAscending),
            walk(&other, 1, Sort::ReceivedDescending),
        ] {
            assert_eq!(key().open(&foreign, &cursor), Err(CursorError));
        }
        let back = match after(42) {
            Turn::After(place) | Turn::Before(place) => Turn::Before(place),
        };
        assert_eq!(key().open(&mine, &key().seal(&mine, back)), Ok(back));
        assert_eq!(CursorKey::new([8; 32]).open(&mine, &cursor), Err(CursorError));
    }

    #[test]
    fn a_cursor_shows_nothing_of_the_entry_that_it_goes_on_after() {
        let walk = walk(&Query::All, 1, Sort::default());
        let id = after(0xABAB_ABAB_ABAB_ABAB_ABAB_ABAB_ABAB_ABAB);
        let (one, two) = (key().seal(&walk, id), key().seal(&walk, id));
        assert_ne!(one, two);
        let bytes = URL_SAFE_NO_PAD.decode(&one).unwrap();
        assert!(!bytes.windows(4).any(|bytes| bytes == [0xAB; 4]), "{bytes:x?}");
    }

    #[test]
    fn the_same_query_in_other_words_is_the_same_walk() {
        let (one, two) = (parse("a  AND (b c)").unwrap(), parse("A b C").unwrap());
        let cursor = key().seal(&walk(&one, 1, Sort::default()), after(42));
        assert!(key().open(&walk(&two, 1, Sort::default()), &cursor).is_ok());
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let walk = walk(&Query::All, 1, Sort::default());
        let cursor = key().seal(&walk, after(42));
        let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let text = URL_SAFE_NO_PAD.encode(flipped);
            assert_eq!(key().open(&walk, &text), Err(CursorError), "bit {bit}");
        }
    }

    proptest! {
        #[test]
        fn any_other_character_anywhere_is_refused(at in any::<prop::sample::Index>(), other in any::<char>()) {
            let walk = walk(&Query::All, 1, Sort::default());
            let cursor = key().seal(&walk, after(42));
            let mut characters: Vec<char> = cursor.chars().collect();
            let at = at.index(characters.len());
            prop_assume!(characters[at] != other);
            characters[at] = other;
            let changed: String = characters.into_iter().collect();
            prop_assert_eq!(key().open(&walk, &changed), Err(CursorError));
        }

        #[test]
        fn no_text_but_ours_is_a_cursor(text in any::<String>()) {
            let walk = walk(&Query::All, 1, Sort::default());
            prop_assert_eq!(key().open(&walk, &text), Err(CursorError));
        }

        #[test]
        fn a_cut_or_longer_cursor_is_refused(length in 0_usize..120) {
            let walk = walk(&Query::All, 1, Sort::default());
            let cursor = key().seal(&walk, after(42));
            let changed: String = cursor.chars().chain("A".repeat(60).chars()).take(length).collect();
            prop_assume!(changed != cursor);
            prop_assert_eq!(key().open(&walk, &changed), Err(CursorError));
        }
    }
}
