//! How a body is compressed: one zstd frame (RFC 8878), with a dictionary that the frame names.
//!
//! Dictionaries ship with the program and are append-only: a row names the one it needs by number,
//! for ever. They are trained on our own invented samples, never on customers' entries, which would
//! carry one tenant's values to another and past their erasure. A frame without a dictionary is
//! valid too. Sizes are in docs/adr/.

use std::{cell::RefCell, sync::LazyLock};

use zstd::{
    bulk::{Compressor, Decompressor},
    dict::{DecoderDictionary, EncoderDictionary},
    zstd_safe,
};

/// By number, from 1; the number stands in the dictionary and in each frame made with it.
const DICTIONARIES: [&[u8]; 1] = [include_bytes!("../dictionaries/0001.dict")];
/// The one that new bodies are compressed with.
const CURRENT: &[u8] = DICTIONARIES[DICTIONARIES.len() - 1];
/// Rows are written once and are small: levels above gain a few bytes and cost several times the
/// work (docs/adr/).
const LEVEL: i32 = 3;
/// No body is larger: none that is gets compressed, and a frame that claims to be is damaged and not
/// allocated for.
pub const BODY_BYTES_MAX: usize = 64 << 20;

/// Why a body is not compressed, or a frame not decompressed.
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

static ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(CURRENT, LEVEL));
static DECODERS: LazyLock<Vec<DecoderDictionary<'static>>> =
    LazyLock::new(|| DICTIONARIES.into_iter().map(DecoderDictionary::copy).collect());

thread_local! {
    // A context is some hundred kilobytes to set up, and a body is one.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// One frame, with the current dictionary. Refuses what [`decompress`] would refuse.
pub fn compress(body: &[u8]) -> Result<Vec<u8>, CodecError> {
    if body.len() > BODY_BYTES_MAX {
        return Err(CodecError::TooLarge(body.len()));
    }
    COMPRESSOR.with_borrow_mut(|slot| {
        let compressor = match slot {
            Some(compressor) => compressor,
            None => slot.insert(Compressor::with_prepared_dictionary(&ENCODER).map_err(damaged)?),
        };
        compressor.compress(body).map_err(damaged)
    })
}

/// One frame without a dictionary: what [`compress`] is measured against.
pub fn compress_plain(body: &[u8]) -> Result<Vec<u8>, CodecError> {
    zstd::bulk::compress(body, LEVEL).map_err(damaged)
}

/// The body in a frame, whatever dictionary of ours, or none, it was made with.
pub fn decompress(frame: &[u8]) -> Result<Vec<u8>, CodecError> {
    let size = zstd_safe::get_frame_content_size(frame)
        .map_err(|error| CodecError::Damaged(error.to_string()))?
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| *size <= BODY_BYTES_MAX)
        .ok_or_else(|| CodecError::Damaged("of no or too large a size".to_owned()))?;
    let mut decompressor = match zstd_safe::get_dict_id_from_frame(frame) {
        None => Decompressor::new().map_err(damaged)?,
        Some(number) => {
            let dictionary = usize::try_from(number.get() - 1)
                .ok()
                .and_then(|at| DECODERS.get(at))
                .ok_or(CodecError::UnknownDictionary(number.get()))?;
            Decompressor::with_prepared_dictionary(dictionary).map_err(damaged)?
        }
    };
    decompressor.decompress(frame, size).map_err(damaged)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn damaged(error: std::io::Error) -> CodecError {
    CodecError::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// Rows need them for ever. One that no longer has its hash was changed: put it back, and give the
    /// new one the next number.
    #[test]
    fn no_dictionary_that_was_released_has_changed() {
        const RELEASED: [&str; DICTIONARIES.len()] =
            ["eeecdf6347171750598f8939f18be7abf50151dc37667a18847b0505b0651bf7"];
        let hashes = DICTIONARIES.map(|dictionary| hex::encode(Sha256::digest(dictionary)));
        assert_eq!(hashes, RELEASED);
    }

    #[test]
    fn what_could_not_be_read_back_is_not_written() {
        let largest = vec![0; BODY_BYTES_MAX];
        assert_eq!(decompress(&compress(&largest).unwrap()).unwrap().len(), BODY_BYTES_MAX);
        let larger = vec![0; BODY_BYTES_MAX + 1];
        assert_eq!(compress(&larger), Err(CodecError::TooLarge(BODY_BYTES_MAX + 1)));
    }

    #[test]
    fn each_dictionary_bears_its_number_and_fits_its_bound() {
        for (number, dictionary) in (1..).zip(DICTIONARIES) {
            let id = zstd_safe::get_dict_id_from_dict(dictionary).map(std::num::NonZero::get);
            assert_eq!(id, Some(number));
            assert!(dictionary.len() <= 32 * 1024);
        }
    }

    #[test]
    fn a_frame_names_its_dictionary_and_one_without_is_valid() {
        let body = br#"{"action":"order.updated","actor":{"id":"u1"}}"#;
        let with = compress(body).unwrap();
        let named = zstd_safe::get_dict_id_from_frame(&with).map(std::num::NonZero::get);
        assert_eq!(named, u32::try_from(DICTIONARIES.len()).ok());
        assert_eq!(decompress(&with).unwrap(), body);
        let plain = compress_plain(body).unwrap();
        assert_eq!(zstd_safe::get_dict_id_from_frame(&plain), None);
        assert_eq!(decompress(&plain).unwrap(), body);
    }

    #[test]
    fn a_dictionary_of_a_later_version_is_named() {
        let mut dictionary = CURRENT.to_vec();
        dictionary[4..8].copy_from_slice(&200_u32.to_le_bytes());
        let frame = Compressor::with_dictionary(LEVEL, &dictionary).unwrap().compress(b"body").unwrap();
        assert_eq!(decompress(&frame), Err(CodecError::UnknownDictionary(200)));
    }

    proptest! {
        #[test]
        fn any_body_comes_back(body: Vec<u8>) {
            prop_assert_eq!(decompress(&compress(&body).unwrap()).unwrap(), body);
        }

        #[test]
        fn any_bytes_are_a_body_or_an_error(frame: Vec<u8>) {
            let _ = decompress(&frame);
        }
    }
}
