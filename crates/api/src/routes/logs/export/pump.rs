//! Hands on an export at its reader's pace, and tells the log how it ended.

use std::{io, time::Duration};

use bytes::Bytes;
use custody_export::{Export, ExportError, Manifest, Piece, Request, trail};
use custody_store::Store;
use http::{HeaderMap, HeaderName};
use http_body::Frame;
use tokio::{sync::mpsc, time::timeout};

use crate::{middleware::header_value, streams::Stream};

/// The trailer that says what the file must be.
pub(super) const TRAILER: &str = "custody-export";

/// A reader that takes no piece (256 KiB) for so long has gone away.
const PIECE_TIME_MAX: Duration = Duration::from_mins(1);

type Frames = mpsc::Sender<Result<Frame<Bytes>, io::Error>>;

/// Until the export ends or its reader does.
pub(super) async fn run(store: Store, request: Request, export: Export, frames: Frames, place: Stream) {
    let mut bytes = 0;
    let manifest = hand_on(export, &frames, &mut bytes).await;
    // Nothing is held for it any more but what is said of it.
    drop(place);
    let Some(manifest) = manifest else {
        metrics::counter!("custody_exports_total", "result" => "cut_off").increment(1);
        if let Err(error) = trail::cut_off(&store, &request, bytes).await {
            tracing::error!(%error, export.id = %request.id, "the log was not told that an export was cut off");
        }
        return;
    };
    metrics::counter!("custody_exports_total", "result" => "whole").increment(1);
    let last = match trail::whole(&store, &request, &manifest).await {
        Ok(()) => {
            let value = header_value(&manifest.in_brief());
            Ok(Frame::trailers(HeaderMap::from_iter([(HeaderName::from_static(TRAILER), value)])))
        }
        Err(error) => {
            // Who has the file can look it up in the log; if it is not there, it is not whole.
            tracing::error!(%error, export.id = %request.id, "the log was not told that an export is whole");
            Err(io::Error::other("cut off"))
        }
    };
    let _ = timeout(PIECE_TIME_MAX, frames.send(last)).await;
}

/// None where it was cut off. `bytes` counts what was handed on.
async fn hand_on(mut export: Export, frames: &Frames, bytes: &mut u64) -> Option<Manifest> {
    loop {
        // A query that finds little sends nothing for long; its reader may leave meanwhile.
        let piece = tokio::select! {
            piece = export.next() => piece,
            () = frames.closed() => return None,
        };
        let piece = match piece.unwrap_or(Err(ExportError::BrokenOff)) {
            Ok(Piece::Bytes(piece)) => piece,
            Ok(Piece::End(manifest)) => return Some(*manifest),
            Err(error) => {
                tracing::error!(%error, "an export was cut off");
                // Ends the connection, so that nobody takes what there is for all.
                let _ = timeout(PIECE_TIME_MAX, frames.send(Err(io::Error::other("cut off")))).await;
                return None;
            }
        };
        let length = piece.len() as u64;
        match timeout(PIECE_TIME_MAX, frames.send(Ok(Frame::data(piece)))).await {
            Ok(Ok(())) => *bytes += length,
            Ok(Err(_)) | Err(_) => return None,
        }
    }
}
