//! Items gathered into one request.

use std::{path::Path, sync::Arc};

use super::{
    items::Item,
    scanner::{ITEM_BYTES_MAX, Place},
};

const ITEMS_MAX: usize = 1_000;
const BYTES_MAX: usize = ITEM_BYTES_MAX;

/// Where an item came from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) file: Arc<Path>,
    pub(super) place: Place,
}

/// Items in the order read, as NDJSON, within the server's bounds: at most 1,000 and 4 MiB.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) items: Vec<(Origin, Vec<u8>)>,
    bytes: usize,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether it has no room for `item`.
    pub(super) fn is_full_for(&self, item: &Item) -> bool {
        !self.is_empty() && (self.items.len() >= ITEMS_MAX || self.bytes + item.json.len() + 1 > BYTES_MAX)
    }

    pub(super) fn push(&mut self, file: &Arc<Path>, item: Item) {
        self.bytes += item.json.len() + 1;
        self.items.push((Origin { file: Arc::clone(file), place: item.place }, item.json));
    }

    /// The request's body.
    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.bytes);
        for (_, json) in &self.items {
            body.extend_from_slice(json);
            body.push(b'\n');
        }
        body
    }
}

impl From<Vec<(Origin, Vec<u8>)>> for Batch {
    fn from(items: Vec<(Origin, Vec<u8>)>) -> Self {
        let bytes = items.iter().map(|(_, json)| json.len() + 1).sum();
        Self { items, bytes }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    fn item(bytes: usize) -> Item {
        Item { json: vec![b' '; bytes], place: Place { line: 1, byte: 0 } }
    }

    fn filled(with: impl Iterator<Item = Item>) -> Batch {
        let file: Arc<Path> = Arc::from(Path::new("f"));
        let mut batch = Batch::default();
        for item in with {
            if batch.is_full_for(&item) {
                break;
            }
            batch.push(&file, item);
        }
        batch
    }

    #[test]
    fn a_batch_ends_at_a_thousand_items_or_four_mebibytes() {
        assert_eq!(filled((0..2_000).map(|_| item(10))).items.len(), 1_000);
        let large = filled((0..10).map(|_| item(1 << 20)));
        assert_eq!(large.items.len(), 3);
        assert!(large.body().len() <= 4 << 20);
        // One item alone always goes: the server says what is wrong with it.
        assert_eq!(filled(std::iter::once(item(4 << 20))).items.len(), 1);
    }

    #[test]
    fn a_body_has_one_line_an_item() {
        assert_eq!(filled((0..2).map(|_| item(2))).body(), b"  \n  \n");
    }
}
