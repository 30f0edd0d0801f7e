//! A strict parser of RFC 8259: valid UTF-8, unique keys, paired surrogates, bounded depth and size.
//! Strings without escapes and all numbers are borrowed from the input.

mod error;
mod reader;

pub use error::{ParseError, ParseErrorKind};
use reader::{Failure, Reader};

use super::Value;

/// What the parser puts up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Arrays and objects open at once; at most [`Limits::DEEPEST`] whatever is asked for.
    pub depth: usize,
    /// Bytes of the text.
    pub bytes: usize,
}

impl Limits {
    /// The parser calls itself for every level, so its stack sets a bound of its own.
    pub const DEEPEST: usize = 256;
    /// For what we wrote ourselves: mapping a source event and the form of a redacted body add a few
    /// levels, salts and commitments add bytes.
    pub const STORED: Self = Self { depth: 128, bytes: 64 << 20 };
}

impl Default for Limits {
    /// One item from outside: 64 levels, 2 MiB (white space included; an entry's canonical form is
    /// bounded tighter, by `content::BYTES_MAX`).
    fn default() -> Self {
        Self { depth: 64, bytes: 2 << 20 }
    }
}

/// Reads exactly one JSON text, with white space around it.
pub fn parse<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Value<'a>, ParseError> {
    let refuse = |offset, kind| Err(ParseError { offset, kind, pointer: String::new() });
    if bytes.len() > limits.bytes {
        return refuse(limits.bytes, ParseErrorKind::TooLarge { bytes_max: limits.bytes });
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return refuse(0, ParseErrorKind::ByteOrderMark);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => read(text, limits).map_err(Failure::into_error),
        Err(error) => Err(not_utf8(bytes, error.valid_up_to(), limits)),
    }
}

fn read<'a>(text: &'a str, limits: &Limits) -> Result<Value<'a>, Failure> {
    let mut reader = Reader::new(text, limits.depth.min(Limits::DEEPEST));
    let value = reader.value()?;
    reader.end()?;
    Ok(value)
}

/// Says where in the document the bad byte stands, by reading up to it; an error that comes before
/// it wins.
fn not_utf8(bytes: &[u8], offset: usize, limits: &Limits) -> ParseError {
    let prefix = bytes.get(..offset).and_then(|p| std::str::from_utf8(p).ok());
    let pointer = match prefix.map(|p| read(p, limits)) {
        Some(Err(failure)) if failure.offset() < offset => return failure.into_error(),
        Some(Err(failure)) => failure.into_error().pointer,
        _ => String::new(),
    };
    ParseError { offset, kind: ParseErrorKind::InvalidUtf8, pointer }
}

#[cfg(test)]
mod tests;
