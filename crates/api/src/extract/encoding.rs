//! `Content-Encoding` of requests: gzip and zstd, expanded within bounds.

use std::io::{self, Read};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use crate::problem::{Kind, Problem};

/// 8 MiB, the most that a zstd frame may ask of an HTTP decoder (RFC 9659). The library's own limit,
/// 128 MiB, would let a hundred bytes reserve that much.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// Bodies that are larger are expanded on a thread of their own.
const INLINE_BYTES_MAX: usize = 16 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let Some(value) = headers.get(header::CONTENT_ENCODING) else {
            return Ok(Self::Identity);
        };
        match value.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => {
                let detail = "The body's Content-Encoding is not understood; gzip and zstd are.";
                let understood = HeaderValue::from_static("gzip, zstd");
                Err(Problem::unsupported_media_type(detail).header(header::ACCEPT_ENCODING, understood))
            }
        }
    }

    /// Expands `sent` to at most `limit` bytes.
    pub(crate) async fn decode(self, sent: Bytes, limit: usize) -> Result<Bytes, Problem> {
        if self == Self::Identity {
            return Ok(sent);
        }
        if sent.len() <= INLINE_BYTES_MAX {
            return self.expand(&sent, limit);
        }
        let expanded = tokio::task::spawn_blocking(move || self.expand(&sent, limit)).await;
        expanded.map_err(Problem::internal)?
    }

    fn expand(self, sent: &[u8], limit: usize) -> Result<Bytes, Problem> {
        let expanded = match self {
            Self::Identity => return Ok(Bytes::copy_from_slice(sent)),
            // Several members in a row are one body: that is how `cat a.gz b.gz` and log shippers write.
            Self::Gzip => bounded(flate2::read::MultiGzDecoder::new(sent), limit),
            Self::Zstd => zstd::stream::read::Decoder::with_buffer(sent).and_then(|mut decoder| {
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                bounded(decoder, limit)
            }),
        };
        match expanded {
            Ok(Some(bytes)) => Ok(bytes.into()),
            Ok(None) => Err(Problem::too_large(limit)),
            Err(error) => {
                let detail = "The body cannot be decompressed as its Content-Encoding says.";
                Err(Problem::new(Kind::BadRequest, detail).caused_by(error))
            }
        }
    }
}

/// All of it, or `None` if there is more than `limit`.
fn bounded(reader: impl Read, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= limit).then_some(bytes))
}
