//! Ids increase, whatever the clock does.

use chrono::{DateTime, Utc};
use custody_domain::{ClockState, EntryId};
use proptest::{collection::vec, prelude::*};

fn clock() -> impl Strategy<Value = DateTime<Utc>> {
    prop_oneof![0..50_i64, -1_000_000..4_000_000_000_000_i64, Just(i64::from(u32::MAX))]
        .prop_map(|millis| DateTime::from_timestamp_millis(millis).unwrap())
}

proptest! {
    #[test]
    fn ids_strictly_increase_under_any_clock(clocks in vec(clock(), 1..60)) {
        let mut last: Option<EntryId> = None;
        for now in clocks {
            let (id, state) = EntryId::next(last, now);
            prop_assert_eq!(id.0.get_version_num(), 7);
            prop_assert_eq!(id.0.get_variant(), uuid::Variant::RFC4122);
            if let Some(last) = last {
                prop_assert!(id > last);
                let behind = last.received_at() > now.max(DateTime::UNIX_EPOCH);
                prop_assert_eq!(behind, matches!(state, ClockState::Behind { .. }));
            }
            prop_assert!(id.received_at() >= now.max(DateTime::UNIX_EPOCH));
            last = Some(id);
        }
    }

    /// The order of ids is that of their bytes and of their text: PostgreSQL's and everybody's.
    #[test]
    fn any_id_is_followed_by_a_larger_one(bits in any::<u128>()) {
        let bits = (bits & !(0xf << 76) & !(0b11 << 62)) | (0x7 << 76) | (0b10 << 62);
        let last = EntryId(uuid::Uuid::from_u128(bits.min(u128::MAX - (1 << 80))));
        let (next, _) = EntryId::next(Some(last), DateTime::UNIX_EPOCH);
        prop_assert!(next > last);
        prop_assert!(next.to_string() > last.to_string());
        prop_assert!(next.0.as_bytes() > last.0.as_bytes());
    }

    #[test]
    fn a_bound_splits_the_ids_by_time(at in clock(), micros in 0..2000_i64, of in clock()) {
        let (id, _) = EntryId::next(None, of);
        let at = (at + chrono::TimeDelta::microseconds(micros)).max(DateTime::UNIX_EPOCH);
        prop_assert_eq!(id < EntryId::lower_bound(at), id.received_at() < at);
    }
}
