//! `Content-Encoding` of requests: gzip and zstd, expanded within bounds.

use std::io::{self, Cursor, Read};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::memory::Reservation;
use crate::problem::{Kind, Problem};

/// 8 MiB, the most that a zstd frame may ask of an HTTP decoder (RFC 9659). The library's own limit,
/// 128 MiB, would let a hundred bytes reserve that much.
pub(super) const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// Bodies that are larger, or become so, are expanded on a thread of their own.
const INLINE_BYTES_MAX: usize = 16 << 10;

/// How much is expanded before memory for more is asked for: as much again as is there, within
/// these.
const STEP_BYTES_MIN: usize = 16 << 10;
const STEP_BYTES_MAX: usize = 1 << 20;

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

    /// Expands `sent` to at most `limit` bytes, in steps for which memory is reserved one by one.
    pub(crate) async fn decode(
        self,
        sent: Bytes,
        limit: usize,
        reserved: &mut Reservation,
    ) -> Result<Bytes, Problem> {
        if self == Self::Identity {
            return Ok(sent);
        }
        let sent_bytes = sent.len();
        let mut expansion = Expansion { reader: self.reader(sent)?, expanded: Vec::new() };
        loop {
            let expanded = expansion.expanded.len();
            // One byte more than is allowed tells that there are more.
            let step = expanded.clamp(STEP_BYTES_MIN, STEP_BYTES_MAX).min(limit + 1 - expanded);
            reserved.grow(sent_bytes + expanded + step + self.window(expanded + step)).await?;
            let ended;
            (expansion, ended) = if expanded == 0 && sent_bytes <= INLINE_BYTES_MAX {
                expansion.step(step)
            } else {
                let stepped = tokio::task::spawn_blocking(move || expansion.step(step)).await;
                stepped.map_err(Problem::internal)?
            }
            .map_err(broken)?;
            if expansion.expanded.len() > limit {
                return Err(Problem::too_large(limit));
            }
            if ended {
                reserved.shrink(expansion.expanded.len());
                return Ok(expansion.expanded.into());
            }
        }
    }

    fn reader(self, sent: Bytes) -> Result<Box<dyn Read + Send>, Problem> {
        let sent = Cursor::new(sent);
        Ok(match self {
            Self::Identity => Box::new(sent),
            // Several members in a row are one body: that is how `cat a.gz b.gz` and log shippers write.
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(sent)),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(sent).map_err(broken)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(broken)?;
                Box::new(decoder)
            }
        })
    }

    /// Bytes that the decoder itself keeps of what it has expanded so far; gzip's 32 KiB are nothing.
    pub(super) fn window(self, expanded: usize) -> usize {
        if self == Self::Zstd { expanded.min(1 << ZSTD_WINDOW_LOG_MAX) } else { 0 }
    }
}

/// A body on its way out of its compression.
struct Expansion {
    reader: Box<dyn Read + Send>,
    expanded: Vec<u8>,
}

impl Expansion {
    /// Goes on by at most `bytes`, and says whether that was the end.
    fn step(mut self, bytes: usize) -> io::Result<(Self, bool)> {
        let read = self.reader.by_ref().take(bytes as u64).read_to_end(&mut self.expanded)?;
        Ok((self, read < bytes))
    }
}

fn broken(error: io::Error) -> Problem {
    let detail = "The body cannot be decompressed as its Content-Encoding says.";
    Problem::new(Kind::BadRequest, detail).caused_by(error)
}
