//! A finding's text as it is kept: zstd, with a text of the same check as the dictionary.

use std::{io, sync::OnceLock};

use zstd::{
    bulk::{Compressor, Decompressor},
    dict::{DecoderDictionary, EncoderDictionary},
};

use super::FINDING_BYTES_MAX;

/// Of the base's text so much serves: more costs time with each batch and finds no more.
const DICTIONARY_BYTES_MAX: usize = 64 << 10;

const LEVEL: i32 = 6;

/// Bytes that are no body, or one of another base.
#[derive(Debug, thiserror::Error)]
#[error("a finding's body cannot be read: {0}")]
pub struct BodyError(String);

/// A base's text, made ready for the bodies that lean on it.
pub struct Dictionary {
    text: Vec<u8>,
    decoder: OnceLock<DecoderDictionary<'static>>,
    encoder: OnceLock<EncoderDictionary<'static>>,
}

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dictionary").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

impl Dictionary {
    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let text = bytes[..bytes.len().min(DICTIONARY_BYTES_MAX)].to_vec();
        Self { text, decoder: OnceLock::new(), encoder: OnceLock::new() }
    }

    /// The text of a body that was packed with it.
    pub fn unpack(&self, body: &[u8]) -> Result<String, BodyError> {
        let decoder = self.decoder.get_or_init(|| DecoderDictionary::copy(&self.text));
        text_of(Decompressor::with_prepared_dictionary(decoder), body)
    }

    fn encoder(&self) -> &EncoderDictionary<'static> {
        self.encoder.get_or_init(|| EncoderDictionary::copy(&self.text, LEVEL))
    }
}

/// Packs many texts, each with its own dictionary.
pub(crate) struct Packer<'d>(Compressor<'d>);

impl<'d> Packer<'d> {
    pub(crate) fn new() -> Result<Self, BodyError> {
        Compressor::new(LEVEL).map(Self).map_err(|error| BodyError(error.to_string()))
    }

    pub(crate) fn pack(&mut self, text: &str, with: &'d Dictionary) -> Result<Vec<u8>, BodyError> {
        self.0
            .set_prepared_dictionary(with.encoder())
            .and_then(|()| self.0.compress(text.as_bytes()))
            .map_err(|error| BodyError(error.to_string()))
    }
}

/// A base's own text.
pub(crate) fn pack_base(text: &str) -> Result<Vec<u8>, BodyError> {
    zstd::bulk::compress(text.as_bytes(), LEVEL).map_err(|error| BodyError(error.to_string()))
}

pub(crate) fn unpack_base(body: &[u8]) -> Result<String, BodyError> {
    text_of(Decompressor::new(), body)
}

fn text_of(decompressor: io::Result<Decompressor<'_>>, body: &[u8]) -> Result<String, BodyError> {
    let bytes = decompressor
        .and_then(|mut decompressor| decompressor.decompress(body, FINDING_BYTES_MAX))
        .map_err(|error| BodyError(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| BodyError("it is no UTF-8".to_owned()))
}
