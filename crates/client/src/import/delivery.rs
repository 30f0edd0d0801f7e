//! One request, and what is known of each of its items.
//!
//! It is only ever sent whole and under one `Idempotency-Key`: an item that has no id of its own is
//! known again by that key and its place. Where the server did not say what became of an item, or put
//! it off because it does not know itself, the item may be in the log; alone in another request it
//! would be there twice.

use bytes::Bytes;

use super::{
    answer::{Answer, Told},
    batch::{Batch, Origin},
};

#[derive(Debug)]
pub(super) struct Delivery {
    batch: Batch,
    pub(super) body: Bytes,
    pub(super) key: String,
    /// What became of each item, by the first answer that said so; none where none did yet.
    settled: Vec<Option<Told>>,
    /// Whether something of it may have been taken.
    begun: bool,
    sent_again: usize,
}

impl Delivery {
    pub(super) fn new(batch: Batch) -> Self {
        Self {
            body: batch.body().into(),
            key: format!("import-{}", uuid::Uuid::new_v4()),
            settled: vec![None; batch.items.len()],
            batch,
            begun: false,
            sent_again: 0,
        }
    }

    /// Takes an answer in, and gives the word for what it put off, if it put off something; an error
    /// where it does not answer for every item. What an earlier one settled stays as that said: an
    /// item that was accepted then is a duplicate now.
    pub(super) fn learn(&mut self, answer: Answer) -> Result<Option<Told>, String> {
        let (sent, answered) = (self.settled.len(), answer.items.len());
        // As the last item a `retry` may stand for all that was not read.
        let is_whole = answered == sent || answer.items.last().is_some_and(Told::is_put_off);
        if answered > sent || !is_whole {
            return Err(format!("{sent} items were sent, {answered} answered"));
        }
        self.begun = true;
        let mut put_off = None;
        for (known, told) in self.settled.iter_mut().zip(answer.items) {
            if known.is_some() {
                continue;
            }
            if told.is_put_off() {
                put_off.get_or_insert(told);
            } else {
                *known = Some(told);
            }
        }
        Ok(put_off)
    }

    /// A try failed, after which something may have been taken.
    pub(super) fn may_have_begun(&mut self) {
        self.begun = true;
    }

    /// It is about to be sent once more.
    pub(super) fn again(&mut self) {
        // Items are only ever settled, so that the first time it is most; an item counts once.
        if self.begun && self.sent_again == 0 {
            self.sent_again = self.unsettled();
        }
    }

    /// Items of which we did not know what became of them when they were sent once more.
    pub(super) fn sent_again(&self) -> usize {
        self.sent_again
    }

    /// Items of which no answer said what became of them.
    pub(super) fn unsettled(&self) -> usize {
        self.settled.iter().filter(|told| told.is_none()).count()
    }

    pub(super) fn first(&self) -> Option<&Origin> {
        self.batch.items.first().map(|(origin, _)| origin)
    }

    /// Hands its items on in two halves, for a server that takes less at a time. None where there is
    /// one item, and where something may have been taken: the halves have keys of their own.
    pub(super) fn split(&mut self) -> Option<(Batch, Batch)> {
        let items = &mut self.batch.items;
        if self.begun || items.len() < 2 {
            return None;
        }
        let second = items.split_off(items.len() / 2);
        let first = std::mem::take(items);
        self.settled.clear();
        Some((first.into(), second.into()))
    }

    /// Each item once.
    pub(super) fn into_items(self) -> impl Iterator<Item = (Origin, Option<Told>)> {
        self.batch.items.into_iter().map(|(origin, _)| origin).zip(self.settled)
    }
}

#[cfg(test)]
mod tests;
