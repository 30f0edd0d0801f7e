//! A body in pieces into items. Whatever the pieces, the items are the same.

use bytes::Bytes;
use custody_domain::json::{self, Limits};
use memchr::{memchr, memmem};

use super::{
    Framing, RawItem, SplitError, SplitErrorKind,
    held::{Held, ITEM_HELD_BYTES_MAX},
    place::{Counted, Place},
    scan::{Met, ObjectScan, ValueScan, begins_value, blanks},
};
use crate::format::Format;

/// As much of a body is looked at, at most, to tell a broken line from an object over many lines.
const UNDECIDED_BYTES_MAX: usize = 2 << 20;

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
    /// Of the current item, what came with earlier pieces.
    held: Held,
    /// Where the current item begins.
    item: Place,
    /// Whether there is one.
    holding: bool,
    counted: Counted,
    found: u64,
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

/// A piece of the body, and how far it was read.
struct Piece<'b> {
    bytes: &'b Bytes,
    at: usize,
    /// Lines before it were counted.
    counted: usize,
    /// Where in it the current item begins or goes on.
    from: usize,
}

impl Piece<'_> {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }
}

impl Splitter {
    pub fn new(framing: Framing, format: Format) -> Self {
        let records = format != Format::Custody;
        let counted = Counted::start();
        Self {
            shape: Shape::Start { mark: 0 },
            framing,
            records,
            value: ValueScan::default(),
            object: ObjectScan::new(records),
            held: Held::default(),
            item: counted.place(),
            holding: false,
            counted,
            found: 0,
        }
    }

    /// Takes the next piece and adds the items that end in it to `items`.
    pub fn push(&mut self, piece: &Bytes, items: &mut Vec<RawItem>) {
        let mut piece = Piece { bytes: piece, at: 0, counted: 0, from: 0 };
        while piece.at < piece.bytes.len() {
            self.step(&mut piece, items);
        }
        if self.holding {
            self.held.extend(&piece.bytes[piece.from..]);
        }
        self.counted.pass(&piece.bytes[piece.counted..]);
    }

    /// The body ended as it should. Adds its last item, if that is what it ends with.
    pub fn finish(mut self, items: &mut Vec<RawItem>) -> Result<(), SplitError> {
        if matches!(self.shape, Shape::First) && self.holds_lines() {
            self.again_by_lines(items);
        }
        let end = self.counted.place();
        let nothing = self.found == 0;
        match self.shape {
            Shape::Start { mark: 1 | 2 } if self.framing == Framing::Lines => self.end_item(None, items),
            Shape::Start { mark: 1 | 2 } => {
                let byte = BYTE_ORDER_MARK[0];
                return Err(self.fault(Counted::start().place(), SplitErrorKind::NotJson { byte }));
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
        self.rest()
    }

    /// Whether nothing more can be told apart.
    pub fn is_broken(&self) -> bool {
        matches!(self.shape, Shape::Broken(..))
    }

    /// How many items there were so far.
    pub fn found(&self) -> u64 {
        self.found
    }

    /// What it holds of an item that has not ended.
    pub fn memory_bytes(&self) -> usize {
        self.held.memory_bytes()
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
                    self.begin_item(piece);
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

    fn start(&mut self, mark: usize, piece: &mut Piece<'_>) {
        let byte = piece.rest()[0];
        // Held until it is known to be a mark: in lines, half of one is part of an item.
        if mark < BYTE_ORDER_MARK.len()
            && self.counted.place().offset + piece.at as u64 == mark as u64
            && byte == BYTE_ORDER_MARK[mark]
        {
            if mark == 0 {
                self.begin_item(piece);
            }
            piece.at += 1;
            self.shape = Shape::Start { mark: mark + 1 };
            if mark + 1 == BYTE_ORDER_MARK.len() {
                self.forget_item();
            }
            return;
        }
        let half = self.holding;
        match (self.framing, byte) {
            (Framing::Lines, _) if half => self.shape = Shape::Line,
            (Framing::Lines, _) => self.shape = Shape::LineStart,
            (Framing::Auto, _) if half => {
                let kind = SplitErrorKind::NotJson { byte: BYTE_ORDER_MARK[0] };
                self.shape = Shape::Broken(self.item, kind);
            }
            (Framing::Auto, b' ' | b'\t' | b'\r' | b'\n') => piece.at += blanks(piece.rest()),
            (Framing::Auto, b'{') => {
                self.begin_object(piece);
                self.shape = Shape::First;
            }
            (Framing::Auto, b'[') => self.between(piece),
            (Framing::Auto, byte) => self.broken(piece, SplitErrorKind::NotJson { byte }),
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

    fn first(&mut self, piece: &mut Piece<'_>, items: &mut Vec<RawItem>) {
        let read = self.held.length() + (piece.at - piece.from) as u64;
        let room = UNDECIDED_BYTES_MAX.saturating_sub(usize::try_from(read).unwrap_or(usize::MAX));
        let looked_at = piece.rest().len().min(room);
        match self.object.run(&piece.rest()[..looked_at]) {
            Some(Met::Records(end)) => {
                piece.at += end;
                self.forget_item();
                self.shape = Shape::Array(Outer::Records, Element::First);
            }
            Some(Met::End(end)) => {
                piece.at += end;
                self.held.extend(&piece.bytes[piece.from..piece.at]);
                piece.from = piece.at;
                self.after_first(piece, items);
            }
            None => {
                piece.at += looked_at;
                if looked_at < room {
                    return;
                }
                self.held.extend(&piece.bytes[piece.from..piece.at]);
                piece.from = piece.at;
                if self.holds_lines() {
                    self.by_lines(piece, items);
                } else {
                    self.shape = Shape::Object;
                }
            }
        }
    }

    /// The first object is closed, and `held` is all of it.
    fn after_first(&mut self, piece: &mut Piece<'_>, items: &mut Vec<RawItem>) {
        // Brackets of a broken line may close in a later one. Only then it is read here.
        if self.holds_lines() && json::parse(self.held.bytes(), &Limits::default()).is_err() {
            self.by_lines(piece, items);
            return;
        }
        let over_lines = memchr(b'\n', self.held.bytes()).is_some();
        self.end_item(Some(piece), items);
        self.shape = if over_lines { Shape::Between } else { Shape::AfterFirst };
    }

    /// Whether a line within what is held begins as an object does: that is how lines look, of which
    /// one is broken.
    fn holds_lines(&self) -> bool {
        memmem::find(self.held.bytes(), b"\n{").is_some()
    }

    /// Takes what is held for lines, and goes on behind it.
    fn by_lines(&mut self, piece: &mut Piece<'_>, items: &mut Vec<RawItem>) {
        self.again_by_lines(items);
        piece.counted = piece.at;
        piece.from = piece.at;
    }

    fn again_by_lines(&mut self, items: &mut Vec<RawItem>) {
        let (text, _) = self.held.take();
        self.holding = false;
        self.counted = Counted::from(self.item);
        self.shape = Shape::LineStart;
        self.push(&text, items);
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
                self.forget_item();
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
                self.begin_item(piece);
                self.value = ValueScan::default();
                self.shape = Shape::Array(outer, Element::Within);
            }
            (_, byte) => self.broken(piece, SplitErrorKind::Unexpected { byte }),
        }
    }

    fn begin_object(&mut self, piece: &mut Piece<'_>) {
        self.begin_item(piece);
        piece.at += 1;
        self.object = ObjectScan::new(self.records);
    }

    fn begin_item(&mut self, piece: &mut Piece<'_>) {
        self.item = self.counted.pass(&piece.bytes[piece.counted..piece.at]);
        piece.counted = piece.at;
        piece.from = piece.at;
        self.holding = true;
    }

    fn forget_item(&mut self) {
        self.held = Held::default();
        self.holding = false;
    }

    /// The item ends where `piece` was read to, or, without one, with what is held.
    fn end_item(&mut self, piece: Option<&Piece<'_>>, items: &mut Vec<RawItem>) {
        let mut item = match piece {
            Some(piece) if self.held.is_empty() && piece.at - piece.from <= ITEM_HELD_BYTES_MAX => {
                self.holding = false;
                RawItem { bytes: piece.bytes.slice(piece.from..piece.at), ..self.item() }
            }
            piece => {
                if let Some(piece) = piece {
                    self.held.extend(&piece.bytes[piece.from..piece.at]);
                }
                self.take_item()
            }
        };
        if matches!(self.shape, Shape::Line) && item.cut.is_none() {
            item.bytes.truncate(item.bytes.trim_ascii_end().len());
        }
        self.found += 1;
        items.push(item);
    }

    fn item(&self) -> RawItem {
        RawItem { offset: self.item.offset, line: self.item.line, ..RawItem::whole(Bytes::new()) }
    }

    fn take_item(&mut self) -> RawItem {
        let (bytes, cut) = self.held.take();
        self.holding = false;
        RawItem { bytes, cut, ..self.item() }
    }

    /// From here on all is one rest.
    fn broken(&mut self, piece: &mut Piece<'_>, kind: SplitErrorKind) {
        self.begin_item(piece);
        self.shape = Shape::Broken(self.item, kind);
        piece.at = piece.bytes.len();
    }

    fn rest(&mut self) -> Option<RawItem> {
        (self.holding && !self.held.is_empty()).then(|| self.take_item())
    }

    fn fault(&mut self, place: Place, kind: SplitErrorKind) -> SplitError {
        SplitError { offset: place.offset, line: place.line, kind, rest: self.rest().map(Box::new) }
    }
}
