//! From a file to its items: a JSON array, `{"Records": […]}`, NDJSON, or values one after another.

use std::io::{self, BufRead};

use serde_json::value::RawValue;

use super::{
    faults::Fault,
    scanner::{End, ITEM_BYTES_MAX, Place, Scanner},
};

/// One event, as one line, and where it stood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) json: Vec<u8>,
    pub(super) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Unknown,
    /// Within an array; `bool`: within the `Records` of an object.
    Array {
        records: bool,
        first: bool,
    },
    /// One item a line, whatever stands in it: a broken line ends at its line feed, and goes to the
    /// server's quarantine.
    Lines,
    /// Values over several lines, one after another: a broken one ends the reading.
    Values,
    Done,
}

/// The items of one file, in order, each or what is wrong in its place. After a fault that leaves
/// no way to find the next item there is none.
#[derive(Debug)]
pub(super) struct Items<R> {
    scanner: Scanner<R>,
    shape: Shape,
    /// Whether the shape was learnt.
    entered: bool,
    /// A first line past the limit, met while the shape was learnt.
    too_large: Option<Place>,
}

impl<R: BufRead> Items<R> {
    /// `by_lines`: the file's name says NDJSON.
    pub(super) fn new(input: R, by_lines: bool) -> Self {
        let shape = if by_lines { Shape::Lines } else { Shape::Unknown };
        Self { scanner: Scanner::new(input), shape, entered: false, too_large: None }
    }

    fn step(&mut self) -> io::Result<Option<Result<Item, Fault>>> {
        if !self.entered {
            self.entered = true;
            self.scanner.skip_byte_order_mark()?;
            self.enter()?;
        }
        if let Some(place) = self.too_large.take() {
            return Ok(Some(Err(too_large(place))));
        }
        match self.shape {
            Shape::Unknown => Ok(Some(Err(self.foreign()?))),
            Shape::Array { records, first } => self.element(records, first),
            Shape::Lines => self.line(),
            Shape::Values => self.value(),
            Shape::Done => Ok(None),
        }
    }

    /// Learns the shape from the first bytes.
    fn enter(&mut self) -> io::Result<()> {
        match self.scanner.next_token()? {
            None => self.shape = Shape::Done,
            Some(b'[') => {
                self.scanner.step(b'[');
                self.shape = Shape::Array { records: false, first: true };
            }
            Some(b'{') => self.enter_object()?,
            Some(_) => {}
        }
        Ok(())
    }

    /// An object: the one that holds `Records`, or the first event.
    fn enter_object(&mut self) -> io::Result<()> {
        let place = self.scanner.place();
        let mut text = Vec::new();
        if self.opens_records(&mut text)? {
            self.shape = Shape::Array { records: true, first: true };
            return Ok(());
        }
        self.scanner.rewind(place, text);
        if self.shape == Shape::Lines {
            return Ok(());
        }
        let mut line = Vec::new();
        let end = self.scanner.line(&mut line)?;
        let whole = syntax(&line).is_ok();
        self.shape = if whole || end == End::TooLarge { Shape::Lines } else { Shape::Values };
        match end {
            // It cannot be put back, and in either shape it is one item that nobody takes.
            End::TooLarge => self.too_large = Some(place),
            End::Whole => line.push(b'\n'),
            End::Truncated => {}
        }
        if end != End::TooLarge {
            self.scanner.rewind(place, line);
        }
        Ok(())
    }

    /// Whether what comes is `{"Records": [`. Everything that was read is in `text`.
    fn opens_records(&mut self, text: &mut Vec<u8>) -> io::Result<bool> {
        for expected in [b'{', b'"', b':', b'['] {
            while let Some(space @ (b' ' | b'\t' | b'\n' | b'\r')) = self.scanner.peek()? {
                self.scanner.step(space);
                text.push(space);
            }
            if self.scanner.peek()? != Some(expected) {
                return Ok(false);
            }
            if expected == b'"' {
                let start = text.len();
                self.scanner.value(text)?;
                if text.get(start..) != Some(br#""Records""#) {
                    return Ok(false);
                }
            } else {
                self.scanner.step(expected);
                text.push(expected);
            }
        }
        Ok(true)
    }

    fn element(&mut self, records: bool, first: bool) -> io::Result<Option<Result<Item, Fault>>> {
        let place = self.scanner.place();
        let token = match self.scanner.next_token()? {
            Some(b',') if !first => {
                self.scanner.step(b',');
                self.scanner.next_token()?
            }
            Some(b']') => {
                self.scanner.step(b']');
                return Ok(self.after_array(records)?.map(Err));
            }
            token if first => token,
            Some(_) => return Ok(Some(Err(self.lost(place, "expected , or ] after an item")))),
            None => None,
        };
        let place = self.scanner.place();
        if token.is_none() {
            return Ok(Some(Err(self.lost(place, "the file ends within its array: it is truncated"))));
        }
        self.shape = Shape::Array { records, first: false };
        let mut json = Vec::new();
        let end = self.scanner.value(&mut json)?;
        if end == End::Truncated {
            return Ok(Some(Err(self.lost(place, "the file ends within an item: it is truncated"))));
        }
        if json.is_empty() && end == End::Whole {
            return Ok(Some(Err(self.lost(place, "expected an item"))));
        }
        Ok(Some(item(place, json, end)))
    }

    /// Steps over what an object holds after its `Records`.
    fn after_array(&mut self, records: bool) -> io::Result<Option<Fault>> {
        self.shape = Shape::Done;
        let mut rest = Vec::new();
        while let Some(byte) = self.scanner.next_token()? {
            let place = self.scanner.place();
            match byte {
                b'}' if records => {
                    self.scanner.step(byte);
                    let tail = self.scanner.next_token()?;
                    return Ok(tail.map(|_| {
                        self.lost(self.scanner.place(), "there is more after the end of the JSON")
                    }));
                }
                b',' | b':' if records => self.scanner.step(byte),
                _ if records => {
                    rest.clear();
                    self.scanner.value(&mut rest)?;
                    if rest.is_empty() {
                        return Ok(Some(self.lost(place, "expected , or } after the records")));
                    }
                }
                _ => return Ok(Some(self.lost(place, "there is more after the end of the JSON"))),
            }
        }
        let place = self.scanner.place();
        Ok(records.then(|| self.lost(place, "the file ends before its last }: it is truncated")))
    }

    fn line(&mut self) -> io::Result<Option<Result<Item, Fault>>> {
        if self.scanner.next_token()?.is_none() {
            self.shape = Shape::Done;
            return Ok(None);
        }
        let place = self.scanner.place();
        let mut json = Vec::new();
        let end = self.scanner.line(&mut json)?;
        // Where it ends is known, whatever stands in it: the server keeps it if it is no JSON.
        Ok(Some(if end == End::TooLarge { Err(too_large(place)) } else { Ok(Item { json, place }) }))
    }

    fn value(&mut self) -> io::Result<Option<Result<Item, Fault>>> {
        if self.scanner.next_token()?.is_none() {
            self.shape = Shape::Done;
            return Ok(None);
        }
        let place = self.scanner.place();
        let mut json = Vec::new();
        let end = self.scanner.value(&mut json)?;
        if end == End::Truncated {
            return Ok(Some(Err(self.lost(place, "the file ends within an item: it is truncated"))));
        }
        let found = item(place, json, end);
        if found.is_err() && end == End::Whole {
            // Where it should have ended cannot be known.
            self.shape = Shape::Done;
        }
        Ok(Some(found))
    }

    /// A file whose first byte starts no object and no array.
    fn foreign(&mut self) -> io::Result<Fault> {
        let place = self.scanner.place();
        let byte = self.scanner.peek()?.unwrap_or_default();
        let seen = if byte.is_ascii_graphic() {
            format!("{:?}", char::from(byte))
        } else {
            format!("byte 0x{byte:02x}")
        };
        Ok(self.lost(place, &format!("not JSON: it starts with {seen}, where {{ or [ is expected")))
    }

    fn lost(&mut self, place: Place, detail: &str) -> Fault {
        self.shape = Shape::Done;
        Fault { place: Some(place), detail: detail.to_owned() }
    }
}

/// The item, if its bytes are one JSON value, on one line.
fn item(place: Place, mut json: Vec<u8>, end: End) -> Result<Item, Fault> {
    if end == End::TooLarge {
        return Err(too_large(place));
    }
    if let Err(wrong) = syntax(&json) {
        let before = json.split(|&b| b == b'\n').take(wrong.line() - 1);
        let line_start: usize = before.map(|line| line.len() + 1).sum();
        let place = Place {
            line: place.line + wrong.line() as u64 - 1,
            byte: place.byte + (line_start + wrong.column().saturating_sub(1)) as u64,
        };
        let told = wrong.to_string();
        let detail = format!("not JSON ({})", told.split(" at line ").next().unwrap_or_default());
        return Err(Fault { place: Some(place), detail });
    }
    // Outside of strings a line break is white space, and within them there is none.
    for byte in &mut json {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    Ok(Item { json, place })
}

fn too_large(place: Place) -> Fault {
    Fault { place: Some(place), detail: format!("the item is larger than {} MiB", ITEM_BYTES_MAX >> 20) }
}

/// Whether these bytes have the syntax of one JSON value. Text that is no UTF-8 passes: that is for
/// the server to judge and to keep, as are duplicate keys, surrogates and depth.
fn syntax(json: &[u8]) -> Result<(), serde_json::Error> {
    serde_json::from_str::<&RawValue>(&String::from_utf8_lossy(json)).map(|_| ())
}

impl<R: BufRead> Iterator for Items<R> {
    type Item = Result<Item, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().unwrap_or_else(|error| {
            let place = self.scanner.place();
            let what = match error.kind() {
                io::ErrorKind::UnexpectedEof => "the compressed file is truncated".to_owned(),
                _ => format!("cannot read on: {error}"),
            };
            Some(Err(self.lost(place, &what)))
        })
    }
}

#[cfg(test)]
#[path = "items_tests.rs"]
mod tests;
