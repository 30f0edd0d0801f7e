//! What can go wrong with a key, told so that the operator knows what to do.

use std::path::PathBuf;

/// Never carries a byte of a key or of a plaintext.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes were not sealed by us in a form that this version knows, or are cut short.
    #[error("the sealed bytes have no form that is known here ({0})")]
    Malformed(&'static str),
    /// The bytes were changed, or sealed for another purpose. Which of the two cannot be told.
    #[error("the sealed bytes do not open: they were changed, or sealed for another purpose")]
    Refused,
    /// Sealed under a master key that is not at hand.
    #[error(
        "sealed under master key {key_id}, which the key file does not hold; restore the key file \
         that belongs to this database"
    )]
    UnknownKey { key_id: String },
    /// The key file could be read or written by others.
    #[error(
        "the key file {} has mode {mode:04o} and can be reached by others; run: chmod 600 '{}'",
        path.display(), path.display()
    )]
    Exposed { path: PathBuf, mode: u32 },
    /// The key file is there and is not one, or is damaged.
    #[error("the key file {} is not usable, line {line}: {detail}", path.display())]
    BadFile { path: PathBuf, line: usize, detail: &'static str },
    /// The operating system refused to read or write the key file.
    #[error("the key file {} cannot be {doing}: {source}", path.display())]
    Io { path: PathBuf, doing: &'static str, source: std::io::Error },
    /// The key service did not answer; trying again may help.
    #[error("the key service is not available: {0}")]
    Unavailable(String),
}
