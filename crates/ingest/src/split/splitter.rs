//! A body in pieces into items. Whatever the pieces, the items are the same.

mod opening;

use bytes::Bytes;
use memchr::memchr;

use super::{
    Framing, RawItem, SplitError, SplitErrorKind,
    current_item::{CurrentItem, Piece},
    place::Place,
    scan::{Met, ObjectScan, ValueScan, begins_value, blanks},
};
use crate::format::Format;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Takes a body in pieces and gives its items, each as soon as its last byte is there.
///
/// A line or an item that is no JSON is an item still: whether it can become an entry is decided
/// later, one by one. Only where the end of an item cannot be found, nothing more can be said of the
/// body; what comes after it is then held as one [`SplitError::rest`].
#[derive(Debug)]
pub struct Splitter {
    shape: Shape,
    framing: Framing,
    /// Whether `{"Records": […]}` is looked for.
    records: bool,
    value: ValueScan,
    object: ObjectScan,
    item: CurrentItem,
}

/// What is being read.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Nothing yet but blanks, and so many bytes of a byte order mark.
    Start {
        mark: usize,
    },
    /// The first object, in which all may still lie: the first line, a whole item, `Records`.
    First,
    /// What follows the first object on its line.
    AfterFirst,
    LineStart,
    Line,
    /// What may stand before and after a document.
    Between,
    /// An object that is an item, or holds `Records`.
    Object,
    Array(Outer, Element),
    /// The members after `Records`.
    AfterRecords,
    /// Nothing can be told apart any more.
    Broken(Place, SplitErrorKind),
}

/// What an array stands in.
#[derive(Clone, Copy, Debug)]
enum Outer {
    Nothing,
    Records,
}

/// Where in an array.
#[derive(Clone, Copy, Debug)]
enum Element {
    First,
    Next,
    Within,
    After,
}

impl Splitter {
    pub fn new(framing: Framing, format: Format) -> Self {
        let records = format != Format::Custody;
        Self {
            shape: Shape::Start { mark: 0 },
            framing,
            records,
            value: ValueScan::default(),
            object: ObjectScan::new(records),
            item: CurrentItem::none(),
        }
    }

    /// Takes the next piece and adds the items that end in it to `items`.
    pub fn push(&mut self, piece: &Bytes, items: &mut Vec<RawItem>) {
        let mut piece = Piece::new(piece);
        while piece.at < piece.bytes.len() {
            self.step(&mut piece, items);
        }
        self.item.pass(&piece);
    }

    /// The body ended as it should. Adds its last item, if that is what it ends with.
    pub fn finish(mut self, items: &mut Vec<RawItem>) -> Result<(), SplitError> {
        if matches!(self.shape, Shape::First) && self.holds_lines() {
            self.again_by_lines(items);
        }
        let end = self.item.counted_to();
        let nothing = self.item.found() == 0;
        match self.shape {
            Shape::Start { mark: 1 | 2 } if self.framing == Framing::Lines => self.end_item(None, items),
            Shape::Start { mark: 1 | 2 } => {
                let byte = BYTE_ORDER_MARK[0];
                return Err(self.fault(Place::START, SplitErrorKind::NotJson { byte }));
            }
            Shape::Start { .. } => return Err(self.fault(end, SplitErrorKind::Empty)),
            Shape::LineStart if nothing => return Err(self.fault(end, SplitErrorKind::Empty)),
            Shape::Line => self.end_item(None, items),
            Shape::AfterFirst | Shape::Between | Shape::LineStart => {}
            Shape::Broken(place, kind) => return Err(self.fault(place, kind)),
            Shape::First | Shape::Object | Shape::Array(..) | Shape::AfterRecords => {
                return Err(self.fault(end, SplitErrorKind::Truncated));
            }
        }
        Ok(())
    }

    /// The body broke off: answers what had come of an item that did not end.
    pub fn break_off(mut self) -> Option<RawItem> {
        self.item.take_rest()
    }

    /// Whether nothing more can be told apart.
    pub fn is_broken(&self) -> bool {
        matches!(self.shape, Shape::Broken(..))
    }

    /// How many items there were so far.
    pub fn found(&self) -> u64 {
        self.item.found()
    }

    /// What it holds of an item that has not ended.
    pub fn memory_bytes(&self) -> usize {
        self.item.memory_bytes()
    }

    fn step(&mut self, piece: &mut Piece<'_>, items: &mut Vec<RawItem>) {
        match self.shape {
            Shape::Start { mark } => self.start(mark, piece),
            Shape::First => self.first(piece, items),
            Shape::AfterFirst => match piece.rest()[0] {
                b'\n' => self.shape = Shape::LineStart,
                b' ' | b'\t' | b'\r' => piece.at += 1,
                _ => self.shape = Shape::Between,
            },
            Shape::LineStart => {
                let blank = piece.rest().iter().position(|byte| !byte.is_ascii_whitespace());
                piece.at += blank.unwrap_or(piece.rest().len());
                if blank.is_some() {
                    self.item.begin(piece);
                    self.shape = Shape::Line;
                }
            }
            Shape::Line => match memchr(b'\n', piece.rest()) {
                Some(end) => {
                    piece.at += end;
                    self.end_item(Some(piece), items);
                    self.shape = Shape::LineStart;
                }
                None => piece.at = piece.bytes.len(),
            },
            Shape::Between => self.between(piece),
            Shape::Object => self.object(piece, items),
            Shape::Array(outer, element) => self.array(outer, element, piece, items),
            Shape::AfterRecords => match self.value.run(piece.rest()) {
                Some(end) => {
                    piece.at += end;
                    self.shape = Shape::Between;
                }
                None => piece.at = piece.bytes.len(),
            },
            Shape::Broken(..) => piece.at = piece.bytes.len(),
        }
    }

    fn between(&mut self, piece: &mut Piece<'_>) {
        piece.at += blanks(piece.rest());
        match piece.rest().first() {
            None => {}
            Some(b'{') => {
                self.begin_object(piece);
                self.shape = Shape::Object;
            }
            Some(b'[') => {
                piece.at += 1;
                self.shape = Shape::Array(Outer::Nothing, Element::First);
            }
            Some(&byte) => self.broken(piece, SplitErrorKind::Trailing { byte }),
        }
    }

    fn object(&mut self, piece: &mut Piece<'_>, items: &mut Vec<RawItem>) {
        match self.object.run(piece.rest()) {
            Some(Met::End(end)) => {
                piece.at += end;
                self.end_item(Some(piece), items);
                self.shape = Shape::Between;
            }
            Some(Met::Records(end)) => {
                piece.at += end;
                self.item.forget();
                self.shape = Shape::Array(Outer::Records, Element::First);
            }
            None => piece.at = piece.bytes.len(),
        }
    }

    fn array(&mut self, outer: Outer, element: Element, piece: &mut Piece<'_>, items: &mut Vec<RawItem>) {
        if matches!(element, Element::Within) {
            match self.value.run(piece.rest()) {
                Some(end) => {
                    piece.at += end;
                    self.end_item(Some(piece), items);
                    self.shape = Shape::Array(outer, Element::After);
                }
                None => piece.at = piece.bytes.len(),
            }
            return;
        }
        piece.at += blanks(piece.rest());
        let Some(&byte) = piece.rest().first() else { return };
        match (element, byte) {
            (Element::First | Element::After, b']') => {
                piece.at += 1;
                self.value = ValueScan::inside();
                self.shape = match outer {
                    Outer::Nothing => Shape::Between,
                    Outer::Records => Shape::AfterRecords,
                };
            }
            (Element::After, b',') => {
                piece.at += 1;
                self.shape = Shape::Array(outer, Element::Next);
            }
            (Element::First | Element::Next, byte) if begins_value(byte) => {
                self.item.begin(piece);
                self.value = ValueScan::default();
                self.shape = Shape::Array(outer, Element::Within);
            }
            (_, byte) => self.broken(piece, SplitErrorKind::Unexpected { byte }),
        }
    }

    fn begin_object(&mut self, piece: &mut Piece<'_>) {
        self.item.begin(piece);
        piece.at += 1;
        self.object = ObjectScan::new(self.records);
    }

    /// The item ends where `piece` was read to, or, without one, with what is held.
    fn end_item(&mut self, piece: Option<&Piece<'_>>, items: &mut Vec<RawItem>) {
        let mut item = self.item.end(piece);
        if matches!(self.shape, Shape::Line) && item.cut.is_none() {
            item.bytes.truncate(item.bytes.trim_ascii_end().len());
        }
        items.push(item);
    }

    /// From here on all is one rest.
    fn broken(&mut self, piece: &mut Piece<'_>, kind: SplitErrorKind) {
        self.item.begin(piece);
        self.shape = Shape::Broken(self.item.place(), kind);
        piece.at = piece.bytes.len();
    }

    fn fault(&mut self, place: Place, kind: SplitErrorKind) -> SplitError {
        SplitError { offset: place.offset, line: place.line, kind, rest: self.item.take_rest().map(Box::new) }
    }
}
