//! What waits for one reader.

use std::{collections::VecDeque, sync::Arc};

use super::{Item, LiveConfig, Shown};

/// Bounded. What comes while it is full is left out, and the gap stands in its place.
#[derive(Debug, Default)]
pub(super) struct Queue {
    items: VecDeque<Item>,
    bytes: usize,
    /// Leaves out, until half of it was taken: one gap after the other would fill it with gaps.
    dropping: bool,
}

impl Queue {
    /// Whether there was room.
    pub(super) fn push(&mut self, shown: Arc<Shown>, config: &LiveConfig) -> bool {
        let bytes = self.bytes + shown.json.get().len();
        let full = self.items.len() >= config.queue_entries_max || bytes > config.queue_bytes_max;
        self.dropping |= full && !self.items.is_empty();
        if !self.dropping {
            self.bytes = bytes;
            self.items.push_back(Item::Entry(shown));
            return true;
        }
        match self.items.back_mut() {
            Some(Item::Dropped { to, .. }) => *to = shown.seq,
            _ => self.items.push_back(Item::Dropped { from: shown.seq, to: shown.seq }),
        }
        false
    }

    /// An entry that cannot be shown. Takes no room worth counting, and is left out with the rest.
    pub(super) fn push_unreadable(&mut self, seq: u64) {
        match self.items.back_mut() {
            Some(Item::Dropped { to, .. }) if self.dropping => *to = seq,
            _ => self.items.push_back(Item::Unreadable { seq }),
        }
    }

    /// The oldest items: at least one if there is one.
    pub(super) fn take(&mut self, config: &LiveConfig) -> Vec<Item> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while let Some(item) = self.items.front() {
            let more = bytes + item.bytes();
            if !taken.is_empty() && (taken.len() >= config.batch_entries_max || more > config.batch_bytes_max)
            {
                break;
            }
            bytes = more;
            taken.extend(self.items.pop_front());
        }
        self.bytes -= bytes;
        let half_empty =
            self.items.len() <= config.queue_entries_max / 2 && self.bytes <= config.queue_bytes_max / 2;
        self.dropping &= !half_empty;
        taken
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn first_seq(&self) -> Option<u64> {
        self.items.front().map(Item::first_seq)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    const CONFIG: fn() -> LiveConfig = || LiveConfig {
        queue_entries_max: 8,
        queue_bytes_max: 100,
        batch_entries_max: 3,
        batch_bytes_max: 40,
        ..LiveConfig::default()
    };

    fn shown(seq: u64, bytes: usize) -> Arc<Shown> {
        let json = RawValue::from_string("7".repeat(bytes)).unwrap();
        Arc::new(Shown { seq, is_told: false, json })
    }

    proptest! {
        /// Whatever is pushed and taken when: each seq comes once, in order, as itself or in a gap; the
        /// queue never holds more than it may; and a reader that keeps up misses nothing.
        #[test]
        fn all_is_told_once_in_order(steps in prop::collection::vec((1_usize..60, 0_usize..4), 1..200)) {
            let (config, mut queue) = (CONFIG(), Queue::default());
            let (mut pushed, mut told) = (0, 0);
            let mut check = |items: Vec<Item>| {
                for item in items {
                    let (from, to) = match item {
                        Item::Entry(shown) => (shown.seq, shown.seq),
                        Item::Dropped { from, to } => (from, to),
                        Item::Unreadable { seq } => (seq, seq),
                    };
                    assert!(from == told && to >= from, "{from}..={to} after {told}");
                    told = to + 1;
                }
            };
            for (bytes, takes) in steps {
                queue.push(shown(pushed, bytes), &config);
                pushed += 1;
                prop_assert!(queue.items.len() <= config.queue_entries_max + 1);
                prop_assert!(queue.bytes <= config.queue_bytes_max.max(bytes));
                for _ in 0..takes {
                    check(queue.take(&config));
                }
            }
            while !queue.is_empty() {
                check(queue.take(&config));
            }
            prop_assert_eq!((told, queue.bytes), (pushed, 0));
        }
    }

    #[test]
    fn a_reader_that_keeps_up_misses_nothing() {
        let (config, mut queue) = (CONFIG(), Queue::default());
        for seq in 0..100 {
            assert!(queue.push(shown(seq, 500), &config), "one entry may wait whatever its size");
            assert_eq!(queue.take(&config), [Item::Entry(shown(seq, 500))]);
        }
    }
}
