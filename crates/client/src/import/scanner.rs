//! Finds where a JSON value ends, without judging it, and counts lines and bytes on the way.

use std::io::{self, BufRead};

/// The largest item that is sent. The server quarantines items above 2 MiB, and says so.
pub(super) const ITEM_BYTES_MAX: usize = 4 << 20;

/// A place in a file: `line` from 1, `byte` from 0, both in the decompressed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) byte: u64,
}

/// How the end of a value or a line was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It is all there.
    Whole,
    /// The file ended before it did.
    Truncated,
    /// It goes on past `ITEM_BYTES_MAX`; it was read to its end and not kept.
    TooLarge,
}

/// A reader that knows where it is.
#[derive(Debug)]
pub(super) struct Scanner<R> {
    input: R,
    /// Bytes that were put back, in front of `input`.
    ahead: Vec<u8>,
    place: Place,
}

impl<R: BufRead> Scanner<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, ahead: Vec::new(), place: Place { line: 1, byte: 0 } }
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Puts back `text`, which was read since `place`.
    pub(super) fn rewind(&mut self, place: Place, text: Vec<u8>) {
        let later = std::mem::replace(&mut self.ahead, text);
        self.ahead.extend(later);
        self.place = place;
    }

    /// The next byte, left where it is; none at the end of the file.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.buffer()?.first().copied())
    }

    /// Steps over one byte that was peeked at.
    pub(super) fn step(&mut self, byte: u8) {
        self.consume(1);
        self.passed(&[byte]);
    }

    fn buffer(&mut self) -> io::Result<&[u8]> {
        if self.ahead.is_empty() {
            while let Err(error) = self.input.fill_buf() {
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            return self.input.fill_buf();
        }
        Ok(&self.ahead)
    }

    fn consume(&mut self, length: usize) {
        if self.ahead.is_empty() {
            self.input.consume(length);
        } else {
            self.ahead.drain(..length);
        }
    }

    /// Steps over JSON's white space and answers the byte after it.
    pub(super) fn next_token(&mut self) -> io::Result<Option<u8>> {
        while let Some(byte) = self.peek()? {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Ok(Some(byte));
            }
            self.step(byte);
        }
        Ok(None)
    }

    /// A byte order mark at the start says nothing about the events; some exporters write one.
    pub(super) fn skip_byte_order_mark(&mut self) -> io::Result<()> {
        if self.buffer()?.starts_with(b"\xef\xbb\xbf") {
            self.consume(3);
            self.place.byte += 3;
        }
        Ok(())
    }

    /// One line without its end, appended to `into`. `Truncated` means that the file ended without
    /// a line feed.
    pub(super) fn line(&mut self, into: &mut Vec<u8>) -> io::Result<End> {
        let end = self.take_until(into, |byte| if byte == b'\n' { Step::EndBefore } else { Step::On })?;
        if self.peek()? == Some(b'\n') {
            self.step(b'\n');
        }
        Ok(end)
    }

    /// One value from its first byte to its last, appended to `into`.
    pub(super) fn value(&mut self, into: &mut Vec<u8>) -> io::Result<End> {
        let mut depth = 0_u64;
        let mut text = Text::Outside;
        let mut bare = false;
        let end = self.take_until(into, |byte| {
            match (text, byte) {
                (Text::Escaped, _) | (Text::Outside, b'"') => text = Text::Inside,
                (Text::Inside, b'\\') => text = Text::Escaped,
                (Text::Inside, b'"') => {
                    text = Text::Outside;
                    if depth == 0 {
                        return Step::EndAfter;
                    }
                }
                (Text::Inside, _) => {}
                (Text::Outside, b'{' | b'[') => depth += 1,
                (Text::Outside, b'}' | b']') => {
                    if depth == 0 {
                        return Step::EndBefore;
                    }
                    depth -= 1;
                    if depth == 0 {
                        return Step::EndAfter;
                    }
                }
                (Text::Outside, b',' | b' ' | b'\t' | b'\n' | b'\r') if depth == 0 => return Step::EndBefore,
                (Text::Outside, _) => bare |= depth == 0,
            }
            Step::On
        })?;
        // A bare number or word has no closing mark; the end of the file ends it as well.
        Ok(if end == End::Truncated && bare { End::Whole } else { end })
    }

    /// Appends bytes to `into` until `step` says where to end; past the limit they are dropped.
    fn take_until(&mut self, into: &mut Vec<u8>, mut step: impl FnMut(u8) -> Step) -> io::Result<End> {
        let start = into.len();
        let mut whole = true;
        loop {
            let buffer = self.buffer()?;
            if buffer.is_empty() {
                return Ok(if whole { End::Truncated } else { End::TooLarge });
            }
            let mut length = buffer.len();
            let mut ended = false;
            for (index, &byte) in buffer.iter().enumerate() {
                match step(byte) {
                    Step::On => {}
                    Step::EndBefore => (length, ended) = (index, true),
                    Step::EndAfter => (length, ended) = (index + 1, true),
                }
                if ended {
                    break;
                }
            }
            whole &= into.len() - start + length <= ITEM_BYTES_MAX;
            let taken = buffer.get(..length).unwrap_or_default();
            if whole {
                into.extend_from_slice(taken);
            }
            let lines = newlines(taken);
            self.place.byte += length as u64;
            self.place.line += lines;
            self.consume(length);
            if ended {
                return Ok(if whole { End::Whole } else { End::TooLarge });
            }
        }
    }

    fn passed(&mut self, bytes: &[u8]) {
        self.place.byte += bytes.len() as u64;
        self.place.line += newlines(bytes);
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&b| u64::from(b == b'\n')).sum()
}

#[derive(Clone, Copy)]
enum Text {
    Outside,
    Inside,
    Escaped,
}

enum Step {
    On,
    /// The byte is not part of it.
    EndBefore,
    /// The byte is its last.
    EndAfter,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use std::io::BufReader;

    use super::*;

    /// A buffer of one byte, so that every value crosses a border.
    fn scanner(text: &str) -> Scanner<BufReader<&[u8]>> {
        Scanner::new(BufReader::with_capacity(1, text.as_bytes()))
    }

    fn value(text: &str) -> (String, End, Place) {
        let mut scanner = scanner(text);
        let mut bytes = Vec::new();
        let end = scanner.value(&mut bytes).unwrap();
        (String::from_utf8(bytes).unwrap(), end, scanner.place())
    }

    #[test]
    fn a_value_ends_where_its_marks_close() {
        let text = "{\"a\": \"}\\\"]\",\n \"b\": [1, {}]} tail";
        let (found, end, place) = value(text);
        assert_eq!((found.as_str(), end), (&text[..text.len() - 5], End::Whole));
        assert_eq!(place, Place { line: 2, byte: text.len() as u64 - 5 });
        assert_eq!(value("\"a b\",1").0, "\"a b\"");
        assert_eq!(value("12]"), ("12".to_owned(), End::Whole, Place { line: 1, byte: 2 }));
        assert_eq!(value("true").1, End::Whole);
    }

    #[test]
    fn a_value_that_breaks_off_says_so() {
        for text in ["{\"a\": 1", "[1, 2", "\"abc", "{\"a\": \"}"] {
            assert_eq!(value(text).1, End::Truncated, "{text}");
        }
    }

    #[test]
    fn what_is_too_large_is_passed_over_whole() {
        let text = format!("\"{}\" 1", "x".repeat(ITEM_BYTES_MAX));
        let mut scanner = Scanner::new(text.as_bytes());
        let mut bytes = Vec::new();
        assert_eq!(scanner.value(&mut bytes).unwrap(), End::TooLarge);
        assert_eq!(scanner.next_token().unwrap(), Some(b'1'));
    }

    #[test]
    fn what_was_put_back_is_read_again() {
        let mut scanner = scanner("{\n1}");
        let start = scanner.place();
        let mut text = Vec::new();
        scanner.line(&mut text).unwrap();
        text.push(b'\n');
        scanner.rewind(start, text);
        assert_eq!(scanner.place(), start);
        let mut value = Vec::new();
        assert_eq!(scanner.value(&mut value).unwrap(), End::Whole);
        assert_eq!((value.as_slice(), scanner.place().line), (b"{\n1}".as_slice(), 2));
    }

    #[test]
    fn lines_are_counted() {
        let mut scanner = scanner("a\n\nb");
        let mut line = Vec::new();
        assert_eq!(scanner.line(&mut line).unwrap(), End::Whole);
        assert_eq!(scanner.place(), Place { line: 2, byte: 2 });
        assert_eq!(scanner.line(&mut line).unwrap(), End::Whole);
        assert_eq!(scanner.line(&mut line).unwrap(), End::Truncated);
        assert_eq!((line.as_slice(), scanner.place().line), (b"ab".as_slice(), 3));
    }
}
