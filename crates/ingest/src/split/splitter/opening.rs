//! How a body begins, until it is known what it is: a byte order mark, and the first object, in which
//! all may still lie.

use custody_domain::json::{self, Limits};
use memchr::{memchr, memmem};

use super::{BYTE_ORDER_MARK, Element, Outer, Piece, Shape, Splitter};
use crate::split::{
    Framing, RawItem, SplitErrorKind,
    scan::{Met, blanks},
};

/// As much of a body is looked at, at most, to tell a broken line from an object over many lines.
const UNDECIDED_BYTES_MAX: usize = 2 << 20;

impl Splitter {
    pub(super) fn start(&mut self, mark: usize, piece: &mut Piece<'_>) {
        let byte = piece.rest()[0];
        // Held until it is known to be a mark: in lines, half of one is part of an item.
        if mark < BYTE_ORDER_MARK.len()
            && self.item.counted_to().offset + piece.at as u64 == mark as u64
            && byte == BYTE_ORDER_MARK[mark]
        {
            if mark == 0 {
                self.item.begin(piece);
            }
            piece.at += 1;
            self.shape = Shape::Start { mark: mark + 1 };
            if mark + 1 == BYTE_ORDER_MARK.len() {
                self.item.forget();
            }
            return;
        }
        let half = self.item.is_open();
        match (self.framing, byte) {
            (Framing::Lines, _) if half => self.shape = Shape::Line,
            (Framing::Lines, _) => self.shape = Shape::LineStart,
            (Framing::Auto, _) if half => {
                let kind = SplitErrorKind::NotJson { byte: BYTE_ORDER_MARK[0] };
                self.shape = Shape::Broken(self.item.place(), kind);
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

    pub(super) fn first(&mut self, piece: &mut Piece<'_>, items: &mut Vec<RawItem>) {
        let read = self.item.length(piece);
        let room = UNDECIDED_BYTES_MAX.saturating_sub(usize::try_from(read).unwrap_or(usize::MAX));
        let looked_at = piece.rest().len().min(room);
        match self.object.run(&piece.rest()[..looked_at]) {
            Some(Met::Records(end)) => {
                piece.at += end;
                self.item.forget();
                self.shape = Shape::Array(Outer::Records, Element::First);
            }
            Some(Met::End(end)) => {
                piece.at += end;
                self.item.hold(piece);
                self.after_first(piece, items);
            }
            None => {
                piece.at += looked_at;
                if looked_at < room {
                    return;
                }
                self.item.hold(piece);
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
        if self.holds_lines() && json::parse(self.item.held(), &Limits::default()).is_err() {
            self.by_lines(piece, items);
            return;
        }
        let over_lines = memchr(b'\n', self.item.held()).is_some();
        self.end_item(Some(piece), items);
        self.shape = if over_lines { Shape::Between } else { Shape::AfterFirst };
    }

    /// Whether a line within what is held begins as an object does: that is how lines look, of which
    /// one is broken.
    pub(super) fn holds_lines(&self) -> bool {
        memmem::find(self.item.held(), b"\n{").is_some()
    }

    /// Takes what is held for lines, and goes on behind it.
    fn by_lines(&mut self, piece: &mut Piece<'_>, items: &mut Vec<RawItem>) {
        self.again_by_lines(items);
        piece.leave_behind();
    }

    pub(super) fn again_by_lines(&mut self, items: &mut Vec<RawItem>) {
        let text = self.item.take_back();
        self.shape = Shape::LineStart;
        self.push(&text, items);
    }
}
