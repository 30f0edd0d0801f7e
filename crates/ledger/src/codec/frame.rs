//! zstd frames, and the dictionaries that they name.

use std::{cell::RefCell, sync::LazyLock};

use zstd::{
    bulk::{Compressor, Decompressor},
    dict::{DecoderDictionary, EncoderDictionary},
    zstd_safe,
};

use super::CodecError;

/// By number, from 1; the number stands in the dictionary and in each frame made with it.
pub(super) const DICTIONARIES: [&[u8]; 2] =
    [include_bytes!("../../dictionaries/0001.dict"), include_bytes!("../../dictionaries/0002.dict")];
/// The one that new bodies are compressed with.
pub(super) const CURRENT: &[u8] = DICTIONARIES[DICTIONARIES.len() - 1];
/// Rows are written once and are small: levels above gain a few bytes and cost several times the
/// work (docs/adr/).
pub(super) const LEVEL: i32 = 3;
/// No body is larger: none that is gets compressed, and a frame that claims to be is damaged and not
/// allocated for.
pub const BODY_BYTES_MAX: usize = 64 << 20;
/// What a thread keeps to compress the next body into; a larger one is made and dropped.
const KEPT_BYTES_MAX: usize = 64 << 10;

static ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(CURRENT, LEVEL));
static DECODERS: LazyLock<Vec<DecoderDictionary<'static>>> =
    LazyLock::new(|| DICTIONARIES.into_iter().map(DecoderDictionary::copy).collect());

struct Writer {
    compressor: Compressor<'static>,
    buffer: Vec<u8>,
}

thread_local! {
    // A context is some hundred kilobytes to set up, and a body is one.
    static WRITER: RefCell<Option<Writer>> = const { RefCell::new(None) };
    /// By the dictionary's number; 0 without one.
    static READERS: RefCell<[Option<Decompressor<'static>>; DICTIONARIES.len() + 1]> =
        const { RefCell::new([const { None }; DICTIONARIES.len() + 1]) };
}

/// What every frame begins with (RFC 8878, section 3.1.1).
pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// One frame, with the current dictionary.
pub(super) fn compress(bytes: &[u8]) -> Result<Vec<u8>, CodecError> {
    compress_with(bytes, <[u8]>::to_vec)
}

/// What `keep` makes of the frame. It takes as much memory as it needs and no more: what is kept may
/// wait in a queue.
pub(super) fn compress_with(bytes: &[u8], keep: impl Fn(&[u8]) -> Vec<u8>) -> Result<Vec<u8>, CodecError> {
    WRITER.with_borrow_mut(|slot| {
        let writer = match slot {
            Some(writer) => writer,
            None => slot.insert(Writer::new()?),
        };
        writer.buffer.clear();
        writer.buffer.reserve(zstd_safe::compress_bound(bytes.len()));
        writer.compressor.compress_to_buffer(bytes, &mut writer.buffer).map_err(damaged)?;
        let kept = keep(&writer.buffer);
        writer.buffer.shrink_to(KEPT_BYTES_MAX);
        Ok(kept)
    })
}

impl Writer {
    fn new() -> Result<Self, CodecError> {
        let compressor = Compressor::with_prepared_dictionary(&ENCODER).map_err(damaged)?;
        Ok(Self { compressor, buffer: Vec::new() })
    }
}

/// One frame without a dictionary.
pub(super) fn compress_plain(bytes: &[u8]) -> Result<Vec<u8>, CodecError> {
    zstd::bulk::compress(bytes, LEVEL).map_err(damaged)
}

/// What the frame says that it holds; 0 where it does not say.
pub(super) fn bytes_max(frame: &[u8]) -> usize {
    let size = zstd_safe::get_frame_content_size(frame).ok().flatten();
    size.and_then(|size| usize::try_from(size).ok()).unwrap_or(0)
}

/// What is in a frame, whatever dictionary of ours, or none, it was made with.
pub(super) fn decompress(frame: &[u8]) -> Result<Vec<u8>, CodecError> {
    let size = zstd_safe::get_frame_content_size(frame)
        .map_err(|error| CodecError::Damaged(error.to_string()))?
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| *size <= BODY_BYTES_MAX)
        .ok_or_else(|| CodecError::Damaged("of no or too large a size".to_owned()))?;
    let number = zstd_safe::get_dict_id_from_frame(frame).map_or(0, std::num::NonZero::get);
    READERS.with_borrow_mut(|readers| {
        let slot = usize::try_from(number).ok().and_then(|at| readers.get_mut(at));
        let slot = slot.ok_or(CodecError::UnknownDictionary(number))?;
        let reader = match slot {
            Some(reader) => reader,
            None => slot.insert(reader(number)?),
        };
        reader.decompress(frame, size).map_err(damaged)
    })
}

fn reader(number: u32) -> Result<Decompressor<'static>, CodecError> {
    let Some(at) = number.checked_sub(1) else { return Decompressor::new().map_err(damaged) };
    let dictionary = usize::try_from(at).ok().and_then(|at| DECODERS.get(at));
    let dictionary = dictionary.ok_or(CodecError::UnknownDictionary(number))?;
    Decompressor::with_prepared_dictionary(dictionary).map_err(damaged)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn damaged(error: std::io::Error) -> CodecError {
    CodecError::Damaged(error.to_string())
}
