//! How a body is kept: compressed with zstd (RFC 8878) and a dictionary that the frame names, what is
//! random in it set aside before.
//!
//! Dictionaries ship with the program and are append-only: a row names the one it needs by number,
//! for ever. They are trained on our own invented samples, never on customers' entries, which would
//! carry one tenant's values to another and past their erasure. A frame without a dictionary is
//! valid too. Sizes are in docs/adr/.
//!
//! The first byte tells which of two forms it is: that of a frame's magic number, and then it is a
//! frame of the whole body; or [`packed`]'s.

mod frame;
mod packed;

use custody_domain::{Body, commitment::Salt};

pub use frame::BODY_BYTES_MAX;

/// Why a body is not compressed, or what was kept not decompressed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// A later version wrote it.
    #[error("compressed with dictionary {0}, which this version does not have")]
    UnknownDictionary(u32),
    #[error("no intact zstd frame: {0}")]
    Damaged(String),
    /// It could be written, and never be read.
    #[error("a body of {0} bytes; at most {BODY_BYTES_MAX} can be read back")]
    TooLarge(usize),
}

/// A body's bytes as they are kept, with the current dictionary. Refuses what [`decompress`] would
/// refuse.
pub fn compress(body: &[u8]) -> Result<Vec<u8>, CodecError> {
    if body.len() > BODY_BYTES_MAX {
        return Err(CodecError::TooLarge(body.len()));
    }
    let packed = match packed::parts(body) {
        Some((salt, content)) => packed::compress(&salt, content)?,
        None => None,
    };
    packed.map_or_else(|| frame::compress(body), Ok)
}

/// The same for a full body that was not put together: its salt, and its content in canonical form.
pub fn compress_full(salt: &Salt, content: &[u8]) -> Result<Vec<u8>, CodecError> {
    let body_bytes = 1 + salt.0.len() + content.len();
    if body_bytes > BODY_BYTES_MAX {
        return Err(CodecError::TooLarge(body_bytes));
    }
    match packed::compress(salt, content)? {
        Some(packed) => Ok(packed),
        None => frame::compress(&Body::Full { salt: *salt, content: content.to_vec() }.encode()),
    }
}

/// What of a body goes into its frame: what a dictionary has to fit.
pub fn framed(body: &[u8]) -> Vec<u8> {
    packed::framed(body).unwrap_or_else(|| body.to_vec())
}

/// One frame without a dictionary: what [`compress`] is measured against.
pub fn compress_plain(body: &[u8]) -> Result<Vec<u8>, CodecError> {
    frame::compress_plain(body)
}

/// The body's bytes, whatever form, and dictionary of ours or none, they were kept with.
pub fn decompress(kept: &[u8]) -> Result<Vec<u8>, CodecError> {
    if packed::is_packed(kept) { packed::decompress(kept) } else { frame::decompress(kept) }
}

/// How many bytes [`decompress`] may answer, read from the head of what was kept: for who decides how much
/// to decompress at once. 0 where nothing can be told.
pub fn bytes_max(kept: &[u8]) -> usize {
    if packed::is_packed(kept) { packed::bytes_max(kept) } else { frame::bytes_max(kept) }
}

#[cfg(test)]
mod tests;
