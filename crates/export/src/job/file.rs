//! The file itself, written as the export comes.

use std::sync::{Arc, Mutex, PoisonError};

use custody_objects::{Key, ObjectsError, PutOptions};
use custody_queue::{JobError, OpContext};
use futures::stream;
use serde_json::json;

use super::{ExportServices, of_export, of_objects};
use crate::{Export, Manifest, Piece, Request};

/// Where the writing stands.
struct Writing<'c> {
    export: Export,
    context: &'c OpContext<ExportServices>,
    total: u64,
    bytes: u64,
    manifest: Arc<Mutex<Option<Manifest>>>,
}

/// Whole, or not at all.
pub(super) async fn write(
    context: &OpContext<ExportServices>,
    request: Request,
    key: &Key,
) -> Result<Manifest, JobError> {
    let ExportServices { exports, objects } = context.services();
    let manifest = Arc::new(Mutex::new(None));
    let options = PutOptions { content_type: Some(request.media_type().to_owned()), ..PutOptions::default() };
    let writing = Writing {
        total: request.head.size,
        export: exports.begin(request),
        context,
        bytes: 0,
        manifest: Arc::clone(&manifest),
    };
    let pieces = stream::try_unfold(writing, async |mut writing| {
        let piece = writing.next().await?;
        Ok::<_, JobError>(piece.map(|piece| (piece, writing)))
    });
    match objects.put_stream(key, pieces, options).await {
        Ok(_) => {}
        Err(ObjectsError::Source(source)) => {
            return Err(source.downcast::<JobError>().map_or_else(JobError::defect, |error| *error));
        }
        Err(error) => return Err(of_objects(error)),
    }
    let written = manifest.lock().unwrap_or_else(PoisonError::into_inner).take();
    written.ok_or_else(|| JobError::again("the export broke off"))
}

impl Writing<'_> {
    async fn next(&mut self) -> Result<Option<bytes::Bytes>, JobError> {
        let piece = tokio::select! {
            piece = self.export.next() => piece,
            why = self.context.should_end() => return Err(why),
        };
        match piece {
            Some(Ok(Piece::Bytes(bytes))) => {
                self.bytes += bytes.len() as u64;
                let progress = json!({"done": self.export.read(), "total": self.total, "bytes": self.bytes});
                self.context.progress(&progress);
                Ok(Some(bytes))
            }
            Some(Ok(Piece::End(manifest))) => {
                // Who slept past the lease must not replace what another has written meanwhile.
                self.context.begin().await?.commit().await?;
                *self.manifest.lock().unwrap_or_else(PoisonError::into_inner) = Some(*manifest);
                Ok(None)
            }
            Some(Err(error)) => Err(of_export(error)),
            None => Err(JobError::again("the export broke off")),
        }
    }
}
