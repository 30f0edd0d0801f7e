//! The arithmetic of entry ids: `UUIDv7` (RFC 9562, section 5.7) whose bits after the millisecond are
//! one counter of 74 bits, carrying into the millisecond.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::EntryId;

const COUNTER_BITS: u32 = 74;
const MILLIS_MAX: u64 = (1 << 48) - 1;
/// Millisecond and counter together.
const ORDINAL_MAX: u128 = (1 << (48 + COUNTER_BITS)) - 1;

/// How the log's clock stood to the last id when the next one was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockState {
    /// The clock is at the last id's millisecond or past it.
    Steady,
    /// The last id is of a later millisecond than the clock shows: it was set back, by `by`.
    Behind { by: TimeDelta },
}

impl EntryId {
    /// The id that follows `last` at `now`: the larger of (`now`'s millisecond, counter 0) and
    /// `last` + 1. Strictly larger than `last` whatever the clock says, up to the year 10889.
    pub fn next(last: Option<Self>, now: DateTime<Utc>) -> (Self, ClockState) {
        let millis = clamp(now.timestamp_millis());
        let fresh = u128::from(millis) << COUNTER_BITS;
        let Some(last) = last else {
            return (Self::from_ordinal(fresh), ClockState::Steady);
        };
        let ahead = last.millis().saturating_sub(millis);
        let state = match i64::try_from(ahead) {
            Ok(0) | Err(_) => ClockState::Steady,
            Ok(ahead) => ClockState::Behind { by: TimeDelta::milliseconds(ahead) },
        };
        (Self::from_ordinal(fresh.max(last.ordinal() + 1)), state)
    }

    /// The smallest id whose `received_at` is not before `at`. So `id < lower_bound(t)` exactly
    /// where `received_at < t`.
    pub fn lower_bound(at: DateTime<Utc>) -> Self {
        let partial = !at.timestamp_subsec_nanos().is_multiple_of(1_000_000);
        let millis = at.timestamp_millis().saturating_add(i64::from(partial));
        Self::from_ordinal(u128::from(clamp(millis)) << COUNTER_BITS)
    }

    /// The id's millisecond: when the entry was received, by the log's clock.
    pub fn received_at(self) -> DateTime<Utc> {
        i64::try_from(self.millis())
            .ok()
            .and_then(DateTime::from_timestamp_millis)
            .unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// The number after this one, which need not be an id: a bound. The greatest is its own.
    pub fn next_up(self) -> Self {
        Self(Uuid::from_u128(self.0.as_u128().saturating_add(1)))
    }

    /// The number before this one, as [`EntryId::next_up`].
    pub fn next_down(self) -> Self {
        Self(Uuid::from_u128(self.0.as_u128().saturating_sub(1)))
    }

    /// Millisecond and counter: what an id is made of.
    pub fn parts(self) -> (u64, u128) {
        (self.millis(), self.ordinal() & ((1 << COUNTER_BITS) - 1))
    }

    /// The id of [`EntryId::parts`]; a counter that is too large carries into the millisecond.
    pub fn from_parts(millis: u64, counter: u128) -> Self {
        Self::from_ordinal((u128::from(millis) << COUNTER_BITS).saturating_add(counter))
    }

    fn millis(self) -> u64 {
        u64::try_from(self.0.as_u128() >> 80).unwrap_or(MILLIS_MAX)
    }

    /// Millisecond and counter as one number: the id without its version and variant bits.
    fn ordinal(self) -> u128 {
        let bits = self.0.as_u128();
        let rand_a = (bits >> 64) & 0xfff;
        let rand_b = bits & ((1 << 62) - 1);
        ((bits >> 80) << COUNTER_BITS) | (rand_a << 62) | rand_b
    }

    fn from_ordinal(ordinal: u128) -> Self {
        let ordinal = ordinal.min(ORDINAL_MAX);
        let rand_a = (ordinal >> 62) & 0xfff;
        let rand_b = ordinal & ((1 << 62) - 1);
        let version_and_variant = (0x7 << 76) | (0b10 << 62);
        let bits = ((ordinal >> COUNTER_BITS) << 80) | (rand_a << 64) | rand_b;
        Self(Uuid::from_u128(bits | version_and_variant))
    }
}

fn clamp(millis: i64) -> u64 {
    u64::try_from(millis).unwrap_or(0).min(MILLIS_MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    fn id(text: &str) -> EntryId {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_id_of_a_millisecond_has_counter_zero() {
        let (first, state) = EntryId::next(None, at(0x0190_0000_0001));
        assert_eq!(first.to_string(), "01900000-0001-7000-8000-000000000000");
        assert_eq!(state, ClockState::Steady);
        assert_eq!(first.0.get_version_num(), 7);
        assert_eq!(first.received_at(), at(0x0190_0000_0001));
        let (second, _) = EntryId::next(Some(first), at(0x0190_0000_0001));
        assert_eq!(second.to_string(), "01900000-0001-7000-8000-000000000001");
    }

    #[test]
    fn the_counter_carries_over_the_variant_the_version_and_into_the_millisecond() {
        let now = at(0);
        for (last, next) in [
            ("01900000-0001-7000-bfff-ffffffffffff", "01900000-0001-7001-8000-000000000000"),
            ("01900000-0001-7fff-bfff-ffffffffffff", "01900000-0002-7000-8000-000000000000"),
        ] {
            assert_eq!(EntryId::next(Some(id(last)), now).0, id(next));
        }
    }

    #[test]
    fn a_clock_set_back_goes_on_from_the_last_id_and_says_so() {
        let last = id("01900000-0005-7000-8000-000000000009");
        let (next, state) = EntryId::next(Some(last), at(0x0190_0000_0001));
        assert_eq!(next, id("01900000-0005-7000-8000-00000000000a"));
        assert_eq!(state, ClockState::Behind { by: TimeDelta::milliseconds(4) });
        assert_eq!(EntryId::next(Some(last), at(0x0190_0000_0005)).1, ClockState::Steady);
    }

    #[test]
    fn an_id_is_its_parts() {
        for text in ["01900000-0001-7000-8000-000000000000", "ffffffff-ffff-7abc-9234-56789abcdef0"] {
            let (millis, counter) = id(text).parts();
            assert_eq!(EntryId::from_parts(millis, counter), id(text));
        }
        assert_eq!(id("01900000-0001-7000-8000-00000000002a").parts(), (0x0190_0000_0001, 42));
    }

    #[test]
    fn clocks_out_of_range_are_clamped() {
        let before = DateTime::parse_from_rfc3339("1901-01-01T00:00:00Z").unwrap().to_utc();
        assert_eq!(EntryId::next(None, before).0, id("00000000-0000-7000-8000-000000000000"));
        let (last, _) = EntryId::next(None, DateTime::<Utc>::MAX_UTC);
        assert_eq!(last, id("ffffffff-ffff-7000-8000-000000000000"));
    }

    #[test]
    fn a_bound_is_the_first_id_not_before_the_time() {
        let t = at(1_700_000_000_000);
        let bound = EntryId::lower_bound(t);
        assert_eq!(bound, EntryId::next(None, t).0);
        let within = t + TimeDelta::microseconds(1);
        assert_eq!(EntryId::lower_bound(within), EntryId::lower_bound(at(1_700_000_000_001)));
    }
}
