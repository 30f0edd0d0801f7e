//! The item that is being read: where it begins, and what of it came with earlier pieces.

use bytes::Bytes;

use super::{
    RawItem,
    held::{Held, ITEM_HELD_BYTES_MAX},
    place::{Counted, Place},
};

/// A piece of the body, and how far it was read.
pub(super) struct Piece<'b> {
    pub(super) bytes: &'b Bytes,
    pub(super) at: usize,
    /// Lines before it were counted.
    counted: usize,
    /// Where in it the current item begins or goes on.
    from: usize,
}

impl<'b> Piece<'b> {
    pub(super) fn new(bytes: &'b Bytes) -> Self {
        Self { bytes, at: 0, counted: 0, from: 0 }
    }

    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// What was read of it was counted already, and is no part of the item to come.
    pub(super) fn leave_behind(&mut self) {
        self.counted = self.at;
        self.from = self.at;
    }

    /// What was read of it of the current item.
    fn of_item(&self) -> &[u8] {
        &self.bytes[self.from..self.at]
    }
}

/// The current item, if there is one, and the items before it as a count.
#[derive(Debug)]
pub(super) struct CurrentItem {
    /// What came with earlier pieces.
    held: Held,
    /// Where it begins.
    place: Place,
    /// Whether there is one.
    open: bool,
    counted: Counted,
    found: u64,
}

impl CurrentItem {
    /// At the start of a body.
    pub(super) fn none() -> Self {
        let counted = Counted::start();
        Self { held: Held::default(), place: counted.place(), open: false, counted, found: 0 }
    }

    /// It begins where `piece` was read to.
    pub(super) fn begin(&mut self, piece: &mut Piece<'_>) {
        self.place = self.counted.pass(&piece.bytes[piece.counted..piece.at]);
        piece.leave_behind();
        self.open = true;
    }

    /// It was none.
    pub(super) fn forget(&mut self) {
        self.held = Held::default();
        self.open = false;
    }

    /// Holds what was read of it so far.
    pub(super) fn hold(&mut self, piece: &mut Piece<'_>) {
        self.held.extend(piece.of_item());
        piece.from = piece.at;
    }

    /// The whole piece was read.
    pub(super) fn pass(&mut self, piece: &Piece<'_>) {
        if self.open {
            self.held.extend(&piece.bytes[piece.from..]);
        }
        self.counted.pass(&piece.bytes[piece.counted..]);
    }

    /// It ends where `piece` was read to, or, without one, with what is held. Where all of it is in
    /// the piece it is a slice of that.
    pub(super) fn end(&mut self, piece: Option<&Piece<'_>>) -> RawItem {
        self.found += 1;
        match piece {
            Some(piece) if self.held.is_empty() && piece.of_item().len() <= ITEM_HELD_BYTES_MAX => {
                self.open = false;
                RawItem { bytes: piece.bytes.slice(piece.from..piece.at), ..self.placed() }
            }
            piece => {
                if let Some(piece) = piece {
                    self.held.extend(piece.of_item());
                }
                self.take()
            }
        }
    }

    /// What had come of it, as it will not end.
    pub(super) fn take_rest(&mut self) -> Option<RawItem> {
        (self.open && !self.held.is_empty()).then(|| self.take())
    }

    /// Gives back what is held, as if nothing had been read from its beginning on.
    pub(super) fn take_back(&mut self) -> Bytes {
        let (text, _) = self.held.take();
        self.open = false;
        self.counted = Counted::from(self.place);
        text
    }

    /// Where it begins.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    pub(super) fn held(&self) -> &[u8] {
        self.held.bytes()
    }

    /// Of what was read of it, held or not.
    pub(super) fn length(&self, piece: &Piece<'_>) -> u64 {
        self.held.length() + piece.of_item().len() as u64
    }

    /// The place up to which lines were counted.
    pub(super) fn counted_to(&self) -> Place {
        self.counted.place()
    }

    /// How many items ended.
    pub(super) fn found(&self) -> u64 {
        self.found
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.held.memory_bytes()
    }

    fn placed(&self) -> RawItem {
        RawItem { offset: self.place.offset, line: self.place.line, ..RawItem::whole(Bytes::new()) }
    }

    fn take(&mut self) -> RawItem {
        let (bytes, cut) = self.held.take();
        self.open = false;
        RawItem { bytes, cut, ..self.placed() }
    }
}
