//! What is wrong with a text, and where.

use std::fmt;

/// Why a text is no acceptable JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}{}", At(.pointer))]
pub struct ParseError {
    /// Bytes from the start of the text.
    pub offset: usize,
    pub kind: ParseErrorKind,
    /// The JSON pointer of the value that was being read; empty at the top.
    pub pointer: String,
}

struct At<'p>(&'p str);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, ", in {}", self.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseErrorKind {
    #[error("the text ends too early")]
    UnexpectedEnd,
    /// Something else stood where this was wanted.
    #[error("expected {0}")]
    Expected(&'static str),
    #[error("not a number of JSON")]
    InvalidNumber,
    #[error("not an escape of JSON")]
    InvalidEscape,
    #[error("a control character must be escaped")]
    ControlCharacter,
    #[error("half of a surrogate pair")]
    LoneSurrogate,
    #[error("not UTF-8")]
    InvalidUtf8,
    #[error("a byte order mark is not allowed")]
    ByteOrderMark,
    #[error("the same key stands twice")]
    DuplicateKey,
    #[error("nested deeper than {depth_max} levels")]
    TooDeep { depth_max: usize },
    #[error("larger than {bytes_max} bytes")]
    TooLarge { bytes_max: usize },
    #[error("something follows the value")]
    Trailing,
}
