//! Reading, rendering and writing at once: batches are read ahead, several are rendered on threads of
//! their own, and what they give is put together in order.

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, stream::FuturesOrdered};
use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, spawn_blocking},
};

use crate::{
    ExportError, Manifest, Piece, Request, Source,
    assemble::Assembler,
    render::{self, Rendered},
    running::Running,
};

/// Batches in hand: as many threads as render, and one that is ready for each.
const IN_HAND_MAX: usize = 4;
/// A piece of the file, as it is handed on.
const PIECE_BYTES: usize = 256 * 1024;

pub(crate) type Pieces = mpsc::Sender<Result<Piece, ExportError>>;

/// Until the file is whole, or nobody wants it any more; then this future is dropped.
pub(crate) async fn run(
    request: Arc<Request>,
    source: Arc<dyn Source>,
    pieces: Pieces,
    read: watch::Sender<u64>,
    running: Running,
) {
    match write(&request, &*source, &pieces, &read).await {
        Ok(manifest) => {
            drop(running);
            let _ = pieces.send(Ok(Piece::End(Box::new(manifest)))).await;
        }
        Err(error) => {
            drop(running);
            let _ = pieces.send(Err(error)).await;
        }
    }
}

async fn write(
    request: &Arc<Request>,
    source: &dyn Source,
    pieces: &Pieces,
    read: &watch::Sender<u64>,
) -> Result<Manifest, ExportError> {
    let mut batches = source.open(&request.scope, &request.asked, request.head, None).await?;
    let (mut assembler, head) = Assembler::begin(request)?;
    send(pieces, head).await?;
    let mut rendering = FuturesOrdered::new();
    let mut is_over = false;
    loop {
        tokio::select! {
            biased;
            Some(rendered) = rendering.next() => {
                let rendered: Rendered = broken_off(rendered)??;
                let next_seq = rendered.next_seq;
                let grown;
                (assembler, grown) = broken_off(spawn_blocking(move || {
                    let grown = assembler.push(rendered);
                    (assembler, grown)
                }).await)?;
                send(pieces, grown?).await?;
                read.send_replace(next_seq);
            }
            batch = batches.next(), if !is_over && rendering.len() < IN_HAND_MAX => match batch {
                Some(batch) => {
                    let (batch, request) = (batch?, Arc::clone(request));
                    rendering.push_back(spawn_blocking(move || {
                        render::render(request.format, &request.asked, batch)
                    }));
                }
                None => is_over = true,
            },
            else => break,
        }
    }
    let (tail, manifest) = broken_off(spawn_blocking(move || assembler.end()).await)??;
    send(pieces, tail).await?;
    Ok(manifest)
}

/// At the reader's pace.
pub(crate) async fn send(pieces: &Pieces, mut bytes: Bytes) -> Result<(), ExportError> {
    while !bytes.is_empty() {
        let piece = bytes.split_to(PIECE_BYTES.min(bytes.len()));
        pieces.send(Ok(Piece::Bytes(piece))).await.map_err(|_| ExportError::BrokenOff)?;
    }
    Ok(())
}

pub(crate) fn broken_off<T>(joined: Result<T, JoinError>) -> Result<T, ExportError> {
    joined.map_err(|error| {
        if error.is_panic() {
            tracing::error!(%error, "an export's thread panicked");
        }
        ExportError::BrokenOff
    })
}
