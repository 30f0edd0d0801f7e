//! Reading, rendering and writing at once: batches are read ahead, several are rendered on threads of
//! their own, and one thread puts together in order what they give.
//!
//! The columns of Parquet are made on that one thread, too: memory that is taken by one and given back by
//! another stays with the process (measured: 60 MiB for one export).

use std::sync::Arc;

use bytes::Bytes;
use custody_ledger::{EntryBatch, Ledger};
use futures::{StreamExt as _, stream::FuturesOrdered};
use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, spawn_blocking},
};

use crate::{
    ExportError, Format, Manifest, Piece, Request,
    assemble::Assembler,
    render::{Rendered, render},
    running::Running,
    source::Source,
};

/// Batches in hand: as many threads as render, and one that is ready for each.
const IN_HAND_MAX: usize = 4;
/// A piece of the file, as it is handed on.
const PIECE_BYTES: usize = 256 * 1024;

pub(crate) type Pieces = mpsc::Sender<Result<Piece, ExportError>>;

/// What the thread that writes is told.
enum Work {
    Render(EntryBatch),
    Add(Rendered),
    /// All is there. A channel that ends without it is an export that broke off.
    End,
}

/// Until the file is whole, or nobody wants it any more; then this future is dropped.
pub(crate) async fn run(
    request: Arc<Request>,
    ledger: Ledger,
    pieces: Pieces,
    read: watch::Sender<u64>,
    running: Running,
) {
    let (work, todo) = mpsc::channel(1);
    let writer = spawn_blocking({
        let (request, pieces) = (Arc::clone(&request), pieces.clone());
        move || {
            let manifest = write(&request, todo, &pieces, &read);
            drop(running);
            manifest
        }
    });
    let fed = feed(&request, &ledger, work).await;
    let written = broken_off(writer.await).flatten();
    // What the reading failed of is why the writing did.
    let end = match (fed, written) {
        (Ok(()), Ok(manifest)) => Ok(Piece::End(Box::new(manifest))),
        (Err(error), _) | (Ok(()), Err(error)) => Err(error),
    };
    let _ = pieces.send(end).await;
}

/// Reads batches and has them rendered; ends early, and well, where the writer did.
async fn feed(request: &Arc<Request>, ledger: &Ledger, work: mpsc::Sender<Work>) -> Result<(), ExportError> {
    let mut batches = Source::open(ledger, &request.scope, &request.asked, request.head);
    let mut rendering = FuturesOrdered::new();
    let mut is_over = false;
    loop {
        let next = tokio::select! {
            biased;
            Some(rendered) = rendering.next() => Work::Add(broken_off(rendered).flatten()?),
            batch = batches.next(), if !is_over && rendering.len() < IN_HAND_MAX => match batch.transpose()? {
                Some(batch) if request.format == Format::Parquet => Work::Render(batch),
                Some(batch) => {
                    let request = Arc::clone(request);
                    rendering.push_back(spawn_blocking(move || render(request.format, &request.asked, batch)));
                    continue;
                }
                None => {
                    is_over = true;
                    continue;
                }
            },
            else => break,
        };
        if work.send(next).await.is_err() {
            return Ok(());
        }
    }
    let _ = work.send(Work::End).await;
    Ok(())
}

/// On a thread that may block.
fn write(
    request: &Request,
    mut todo: mpsc::Receiver<Work>,
    pieces: &Pieces,
    read: &watch::Sender<u64>,
) -> Result<Manifest, ExportError> {
    let (mut assembler, head) = Assembler::begin(request)?;
    hand_on(pieces, head)?;
    loop {
        let rendered = match todo.blocking_recv().ok_or(ExportError::BrokenOff)? {
            Work::Render(batch) => render(request.format, &request.asked, batch)?,
            Work::Add(rendered) => rendered,
            Work::End => break,
        };
        let next_seq = rendered.next_seq;
        hand_on(pieces, assembler.push(rendered)?)?;
        read.send_replace(next_seq);
    }
    let (tail, manifest) = assembler.end()?;
    hand_on(pieces, tail)?;
    Ok(manifest)
}

/// At the reader's pace.
fn hand_on(pieces: &Pieces, bytes: Bytes) -> Result<(), ExportError> {
    parts(bytes)
        .try_for_each(|part| pieces.blocking_send(Ok(Piece::Bytes(part))).map_err(|_| ExportError::BrokenOff))
}

/// The same for who may not block.
pub(crate) async fn send(pieces: &Pieces, bytes: Bytes) -> Result<(), ExportError> {
    for part in parts(bytes) {
        pieces.send(Ok(Piece::Bytes(part))).await.map_err(|_| ExportError::BrokenOff)?;
    }
    Ok(())
}

fn parts(mut bytes: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let length = PIECE_BYTES.min(bytes.len());
        (length > 0).then(|| bytes.split_to(length))
    })
}

pub(crate) fn broken_off<T>(joined: Result<T, JoinError>) -> Result<T, ExportError> {
    joined.map_err(|error| {
        if error.is_panic() {
            tracing::error!(%error, "an export's thread panicked");
        }
        ExportError::BrokenOff
    })
}
