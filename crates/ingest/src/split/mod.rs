//! A body into its items: slices of the bytes that came, each still unparsed, so that every byte is
//! parsed once and an item that is broken stays what it was when it is quarantined.

mod error;
mod scan;

use bytes::Bytes;

pub use error::{SplitError, SplitErrorKind};

use crate::format::Format;

/// The most items that one body may hold. A body is held whole while its items are worked on, so
/// their number is bounded like its bytes.
pub const ITEMS_MAX: usize = 100_000;

/// One item as it was sent, and where it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawItem {
    pub bytes: Bytes,
    /// In bytes from the start of the body.
    pub offset: usize,
    /// The line it begins on, from 1.
    pub line: usize,
}

impl RawItem {
    /// An item that is a whole body, as `POST /logs` sends it.
    pub fn whole(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into(), offset: 0, line: 1 }
    }
}

/// How items are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// By what the body looks like: a JSON array, CloudTrail's `{"Records": […]}`, one object, or
    /// one object a line.
    #[default]
    Auto,
    /// One item a line, whatever stands in it.
    Lines,
}

impl Framing {
    /// The framing that a media type promises; parameters such as `charset` are ignored.
    pub fn of_media_type(media_type: &str) -> Self {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let lines =
            ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines"];
        if lines.iter().any(|name| essence.eq_ignore_ascii_case(name)) { Self::Lines } else { Self::Auto }
    }
}

/// Splits a body. A line or an item that is no JSON is an item still: whether it can become an entry
/// is decided later, one by one. Only where the end of an item cannot be found, nothing more can be
/// said of the body, and that is an error, which carries what was complete before it.
pub fn split(body: &Bytes, framing: Framing, format: Format) -> Result<Vec<RawItem>, SplitError> {
    let mut items = Items { body, found: Vec::new(), counted_to: 0, line: 1 };
    match items.collect(framing, format) {
        Ok(()) => Ok(items.found),
        Err((offset, kind)) => {
            Err(SplitError { offset, line: items.line_of(offset), kind, complete: items.found })
        }
    }
}

/// Offset and kind; the line is found once, at the end.
type Fault = (usize, SplitErrorKind);

struct Items<'b> {
    body: &'b Bytes,
    found: Vec<RawItem>,
    /// Up to where line breaks were counted, and the line that begins there.
    counted_to: usize,
    line: usize,
}

impl Items<'_> {
    fn collect(&mut self, framing: Framing, format: Format) -> Result<(), Fault> {
        let text = self.body.clone();
        let mark = text.starts_with(b"\xef\xbb\xbf");
        let start = scan::skip_blank(&text, if mark { 3 } else { 0 });
        match (framing, text.get(start)) {
            (_, None) => Err((start, SplitErrorKind::Empty)),
            (Framing::Lines, _) => self.lines(&text, start),
            (Framing::Auto, Some(b'[')) => {
                let end = self.array(&text, start)?;
                nothing_after(&text, end)
            }
            (Framing::Auto, Some(b'{')) => self.object_or_lines(&text, start, format),
            (Framing::Auto, Some(&byte)) => Err((start, SplitErrorKind::NotJson { byte })),
        }
    }

    fn object_or_lines(&mut self, text: &[u8], start: usize, format: Format) -> Result<(), Fault> {
        if format != Format::Custody && scan::records(text, start).is_some() {
            return self.record_files(text, start);
        }
        let end = scan::value_end(text, start);
        if let Ok(end) = end
            && scan::skip_blank(text, end) == text.len()
        {
            return self.push(start, end);
        }
        if scan::lines_beginning_with_brace(text, start) > 1 {
            return self.lines(text, start);
        }
        match end {
            Ok(end) => nothing_after(text, end),
            Err(_) => Err((text.len(), SplitErrorKind::Truncated)),
        }
    }

    /// `{"Records": […]}`, and more of the same behind it, as concatenated files give.
    fn record_files(&mut self, text: &[u8], mut start: usize) -> Result<(), Fault> {
        while start < text.len() {
            let Some(array) = scan::records(text, start) else {
                return nothing_after(text, start);
            };
            let array_end = self.array(text, array)?;
            let end = scan::close(text, array_end).map_err(|_| (text.len(), SplitErrorKind::Truncated))?;
            start = scan::skip_blank(text, end);
        }
        Ok(())
    }

    /// The items of the array that begins at `start`; answers where it ends.
    fn array(&mut self, text: &[u8], start: usize) -> Result<usize, Fault> {
        let mut at = scan::skip_blank(text, start + 1);
        if text.get(at) == Some(&b']') {
            return Ok(at + 1);
        }
        loop {
            let end = scan::value_end(text, at).map_err(|stop| stop.fault(text, at))?;
            self.push(at, end)?;
            at = scan::skip_blank(text, end);
            match text.get(at) {
                Some(b',') => at = scan::skip_blank(text, at + 1),
                Some(b']') => return Ok(at + 1),
                Some(&byte) => return Err((at, SplitErrorKind::Unexpected { byte })),
                None => return Err((at, SplitErrorKind::Truncated)),
            }
        }
    }

    fn lines(&mut self, text: &[u8], start: usize) -> Result<(), Fault> {
        let mut at = start;
        for line in text[start..].split(|&b| b == b'\n') {
            let blank = line.len() - line.trim_ascii_start().len();
            let length = line.trim_ascii().len();
            if length > 0 {
                self.push(at + blank, at + blank + length)?;
            }
            at += line.len() + 1;
        }
        Ok(())
    }

    fn push(&mut self, start: usize, end: usize) -> Result<(), Fault> {
        if self.found.len() == ITEMS_MAX {
            return Err((start, SplitErrorKind::TooMany));
        }
        let line = self.line_of(start);
        self.found.push(RawItem { bytes: self.body.slice(start..end), offset: start, line });
        Ok(())
    }

    /// Asked for rising offsets, so that no byte is looked at twice.
    fn line_of(&mut self, offset: usize) -> usize {
        let passed = self.body.get(self.counted_to..offset).unwrap_or_default();
        self.line += passed.split(|b| *b == b'\n').count() - 1;
        self.counted_to = self.counted_to.max(offset);
        self.line
    }
}

fn nothing_after(text: &[u8], end: usize) -> Result<(), Fault> {
    let at = scan::skip_blank(text, end);
    match text.get(at) {
        None => Ok(()),
        Some(&byte) => Err((at, SplitErrorKind::Trailing { byte })),
    }
}

#[cfg(test)]
mod tests;
