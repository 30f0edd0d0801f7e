//! Hands on an export at its reader's pace, and tells the log how it ended.

use bytes::Bytes;
use custody_export::{Export, ExportError, Manifest, Piece, Request, trail};
use custody_store::Store;
use http::{HeaderMap, HeaderName};
use http_body::Frame;

use crate::{middleware::header_value, pieces::Pieces, streams::Stream};

/// The trailer that says what the file must be.
pub(super) const TRAILER: &str = "custody-export";

type Frames = Pieces<Frame<Bytes>>;

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
    match trail::whole(&store, &request, &manifest).await {
        Ok(()) => {
            let value = header_value(&manifest.in_brief());
            let trailers = HeaderMap::from_iter([(HeaderName::from_static(TRAILER), value)]);
            let _ = frames.send(Frame::trailers(trailers)).await;
        }
        Err(error) => {
            // Who has the file can look it up in the log; if it is not there, it is not whole.
            tracing::error!(%error, export.id = %request.id, "the log was not told that an export is whole");
            frames.cut_off().await;
        }
    }
}

/// None where it was cut off. `bytes` counts what was handed on.
async fn hand_on(mut export: Export, frames: &Frames, bytes: &mut u64) -> Option<Manifest> {
    loop {
        // A query that finds little sends nothing for long; its reader may leave meanwhile.
        let piece = tokio::select! {
            piece = export.next() => piece,
            () = frames.gone() => return None,
        };
        let piece = match piece.unwrap_or(Err(ExportError::BrokenOff)) {
            Ok(Piece::Bytes(piece)) => piece,
            Ok(Piece::End(manifest)) => return Some(*manifest),
            Err(error) => {
                tracing::error!(%error, "an export was cut off");
                frames.cut_off().await;
                return None;
            }
        };
        let length = piece.len() as u64;
        frames.send(Frame::data(piece)).await.ok()?;
        *bytes += length;
    }
}
