//! A body as it is expanded: in pieces, so that none of it need be held.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_compression::{
    tokio::bufread::{GzipDecoder, ZstdDecoder},
    zstd::DParameter,
};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::io::StreamReader;

use super::{
    encoding::{Encoding, ZSTD_WINDOW_LOG_MAX},
    frames::Frames,
    halt::Halt,
};

/// A piece of what is expanded.
const PIECE_BYTES: usize = 64 << 10;

/// So much of a body is expanded however little was sent for it; past it, no more than so many times
/// what was sent. Logs come to 10 to 50 times; deflate cannot do more than 1032, zstd has no bound.
const EXPANDED_FREELY_BYTES: u64 = 32 << 20;
const EXPANSION_MAX: u64 = 256;

/// What is left of a body, expanded.
#[derive(Debug)]
pub(crate) struct Decoded {
    source: Source,
    encoding: Encoding,
    limit: u64,
    expanded: u64,
}

enum Source {
    Plain(Frames),
    Gzip(Packed<GzipDecoder<FrameReader>>),
    Zstd(Packed<ZstdDecoder<FrameReader>>),
}

/// A body on its way out of its compression.
struct Packed<D> {
    expanding: D,
    received: Arc<AtomicU64>,
    piece: BytesMut,
}

impl Decoded {
    /// At most `limit` bytes, expanded.
    pub(crate) fn new(frames: Frames, encoding: Encoding, limit: u64) -> Self {
        let received = Arc::new(AtomicU64::new(0));
        let piece = BytesMut::new();
        let source = match encoding {
            Encoding::Identity => Source::Plain(frames),
            Encoding::Gzip => {
                let mut gzip = GzipDecoder::new(reader(frames, &received));
                // Several members in a row are one body: that is how `cat a.gz b.gz` and log shippers write.
                gzip.multiple_members(true);
                Source::Gzip(Packed { expanding: gzip, received, piece })
            }
            Encoding::Zstd => {
                let window = [DParameter::window_log_max(ZSTD_WINDOW_LOG_MAX)];
                let mut zstd = ZstdDecoder::with_params(reader(frames, &received), &window);
                zstd.multiple_members(true);
                Source::Zstd(Packed { expanding: zstd, received, piece })
            }
        };
        Self { source, encoding, limit, expanded: 0 }
    }

    /// The next piece; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Halt> {
        let (piece, received) = match &mut self.source {
            Source::Plain(frames) => (frames.next().await?, u64::MAX),
            Source::Gzip(packed) => packed.next().await?,
            Source::Zstd(packed) => packed.next().await?,
        };
        self.expanded += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        if self.expanded > self.limit {
            return Err(Halt::TooLarge { limit: self.limit });
        }
        if self.expanded > EXPANDED_FREELY_BYTES.max(received.saturating_mul(EXPANSION_MAX)) {
            return Err(Halt::TooDense { times: EXPANSION_MAX });
        }
        Ok(piece)
    }

    /// Reads on without a use for it, so that a client that sends to the end before it reads comes to
    /// its answer. Bounded by the limit, and by the caller in time.
    pub(crate) async fn discard(self) {
        let mut left = self.limit;
        let mut count = |piece: &Bytes| {
            left = left.saturating_sub(piece.len() as u64);
            left > 0
        };
        let mut packed = match self.source {
            Source::Plain(mut frames) => {
                while let Ok(Some(piece)) = frames.next().await
                    && count(&piece)
                {}
                return;
            }
            Source::Gzip(packed) => packed.expanding.into_inner().into_inner(),
            Source::Zstd(packed) => packed.expanding.into_inner().into_inner(),
        };
        while let Some(Ok(piece)) = packed.next().await
            && count(&piece)
        {}
    }

    /// Bytes that the decoder itself keeps of what it has expanded so far; gzip's 32 KiB are nothing.
    pub(crate) fn window_bytes(&self) -> usize {
        let expanded = usize::try_from(self.expanded).unwrap_or(usize::MAX);
        self.encoding.window(expanded)
    }
}

impl<D: AsyncRead + Unpin> Packed<D> {
    /// The next piece, and how much of the body was received for it and what came before.
    async fn next(&mut self) -> Result<(Option<Bytes>, u64), Halt> {
        self.piece.reserve(PIECE_BYTES);
        let read = self.expanding.read_buf(&mut self.piece).await.map_err(halt)?;
        let piece = (read > 0).then(|| self.piece.split().freeze());
        Ok((piece, self.received.load(Ordering::Relaxed)))
    }
}

type FrameReader = StreamReader<stream::BoxStream<'static, io::Result<Bytes>>, Bytes>;

fn reader(frames: Frames, received: &Arc<AtomicU64>) -> FrameReader {
    let received = Arc::clone(received);
    let pieces = stream::unfold(frames, move |mut frames| {
        let received = Arc::clone(&received);
        async move {
            let piece = frames.next().await.map_err(io::Error::other).transpose()?;
            if let Ok(piece) = &piece {
                received.fetch_add(piece.len() as u64, Ordering::Relaxed);
            }
            Some((piece, frames))
        }
    });
    StreamReader::new(Box::pin(pieces))
}

/// What ended the frames comes through the decoder as it was; the rest is the decoder's own.
fn halt(error: io::Error) -> Halt {
    match error.downcast::<Halt>() {
        Ok(halt) => halt,
        Err(error) => Halt::Garbled(error),
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Gzip(_) => "Gzip",
            Self::Zstd(_) => "Zstd",
        })
    }
}

#[cfg(test)]
mod tests;
