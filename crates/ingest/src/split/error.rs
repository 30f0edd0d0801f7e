//! Why a body could not be split, and where.

use super::RawItem;

/// The end of an item could not be found, so that nothing behind it can be told apart.
#[derive(Debug, thiserror::Error)]
#[error("line {line}, byte {offset}: {kind}")]
pub struct SplitError {
    /// In bytes from the start of the body, uncompressed.
    pub offset: u64,
    /// From 1.
    pub line: u64,
    pub kind: SplitErrorKind,
    /// What stands from there on, or from the beginning of the item that it is within, as far as it
    /// was read. None where nothing does.
    pub rest: Option<Box<RawItem>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitErrorKind {
    #[error("there is nothing in it; send a JSON array or one object a line")]
    Empty,
    #[error("it ends before its last bracket; it was cut short")]
    Truncated,
    #[error("a JSON array or object must begin here, not {}", shown(*.byte))]
    NotJson { byte: u8 },
    #[error("a comma or the end of the array must stand here, not {}", shown(*.byte))]
    Unexpected { byte: u8 },
    #[error("nothing but another document may follow the end of one, but {} does", shown(*.byte))]
    Trailing { byte: u8 },
}

/// The byte itself where it can be read, a hint where it is the mark of a compressed file.
fn shown(byte: u8) -> String {
    match byte {
        0x1f => "0x1f (gzip? send Content-Encoding: gzip)".to_owned(),
        0x28 => "'(' (zstd? send Content-Encoding: zstd)".to_owned(),
        0x21..=0x7e => format!("'{}'", char::from(byte)),
        _ => format!("0x{byte:02x}"),
    }
}
