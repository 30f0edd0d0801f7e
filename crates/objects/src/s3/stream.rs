//! Writing from a stream: one request where it is short, a multipart upload where it is not.

use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use object_store::{ObjectStore as _, PutMultipartOptions, WriteMultipart};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{PART_BYTES, S3, answer, put, request::CREATE_ONLY, retention::Retention};
use crate::{Key, ObjectsError, PutOptions, Stored};

/// How many parts are on their way at a time; with the one that is being filled, what a stream holds
/// in memory.
const PARTS_MAX: usize = 4;

pub(super) async fn put(
    s3: &S3,
    key: &Key,
    mut stream: BoxStream<'_, Result<Bytes, ObjectsError>>,
    options: PutOptions,
) -> Result<Stored, ObjectsError> {
    let (mut begin, mut size) = (Vec::<Bytes>::new(), 0);
    while size <= PART_BYTES {
        let Some(piece) = stream.next().await else {
            return put::whole(s3, key, Bytes::from(begin.concat()), options).await;
        };
        let piece = piece?;
        size += piece.len();
        begin.push(piece);
    }

    let retention = Retention::of(s3, options.locked_until).await?;
    let write = Uuid::new_v4().to_string();
    let mut multipart =
        PutMultipartOptions { attributes: put::attributes(key, &options, &write), ..Default::default() };
    if let Some(retention) = retention {
        multipart.extensions.insert(retention);
    }
    let upload = s3.bounded(s3.large.put_multipart_opts(&s3.path(key)?, multipart)).await?;
    let mut upload = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
    let mut stream = futures::stream::iter(begin).map(Ok).chain(stream);
    let (mut hash, mut size) = (Sha256::new(), 0);
    while let Some(piece) = stream.next().await {
        let sent = match piece {
            Ok(piece) => {
                hash.update(&piece);
                size += piece.len() as u64;
                send(&mut upload, piece).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            // What cannot be taken back now is found by a sweep.
            let _ = s3.bounded(upload.abort()).await;
            return Err(error);
        }
    }
    let finished = if options.create_only {
        CREATE_ONLY.scope((), upload.finish()).await
    } else {
        upload.finish().await
    };
    let etag = match finished {
        Ok(done) => put::etag(done.e_tag.as_deref()),
        Err(error) => put::own(s3, key, &write, options.create_only, unfinished(&error)).await?,
    };
    let locked = put::holds(s3, key, retention).await;
    Ok(Stored { bytes: size, sha256: hash.finalize().into(), etag, locked })
}

async fn send(upload: &mut WriteMultipart, mut piece: Bytes) -> Result<(), ObjectsError> {
    while !piece.is_empty() {
        upload.wait_for_capacity(PARTS_MAX).await.map_err(|error| answer::error(&error))?;
        upload.put(piece.split_to(piece.len().min(PART_BYTES)));
    }
    Ok(())
}

/// Here "not found" is the upload, which is gone when it was completed and the answer was lost.
fn unfinished(error: &object_store::Error) -> ObjectsError {
    match answer::error(error) {
        ObjectsError::NotFound => ObjectsError::unavailable("the upload is gone"),
        other => other,
    }
}
