//! Writing in one request, and removing.

use bytes::Bytes;
use chrono::Utc;
use object_store::{Attribute, Attributes, ObjectStore as _, ObjectStoreExt as _, PutMode, path::Path};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;
use uuid::Uuid;

use super::{LARGE_ATTEMPTS, S3, SMALL_BYTES, answer, read, retention::Retention};
use crate::{Key, ObjectsError, PutOptions, Stored, media::media_type};

/// Names the write that made an object, so that a writer whose answer was lost knows its own.
pub(super) const WRITE: &str = "custody-write";
/// The SHA-256 of an object that was written in one request, in hexadecimal.
pub(super) const SHA256: &str = "custody-sha256";

/// How often a create is tried that met another which then came to nothing.
const CREATES_MAX: usize = 3;

/// What became of a write that may only create and had no clear answer.
enum Found {
    /// It was ours.
    Ours {
        etag: String,
    },
    Another,
    Nothing,
}

pub(super) async fn whole(
    s3: &S3,
    key: &Key,
    bytes: Bytes,
    options: PutOptions,
) -> Result<Stored, ObjectsError> {
    let path = s3.path(key)?;
    let sha256: [u8; 32] = Sha256::digest(&bytes).into();
    let retention = Retention::of(s3, options.locked_until).await?;
    let stored = async |etag| {
        let locked = holds(s3, key, retention).await;
        Ok(Stored { bytes: bytes.len() as u64, sha256, etag, locked })
    };
    for _ in 0..CREATES_MAX {
        let write = Uuid::new_v4().to_string();
        let mut attributes = attributes(key, &options, &write);
        attributes.insert(Attribute::Metadata(SHA256.into()), hex::encode(sha256).into());
        let mut put = object_store::PutOptions { attributes, ..Default::default() };
        put.mode = if options.create_only { PutMode::Create } else { PutMode::Overwrite };
        if let Some(retention) = retention {
            put.extensions.insert(retention);
        }
        let failed = match send(s3, &path, bytes.clone(), put).await {
            Ok(etag) => return stored(etag).await,
            Err(error) => error,
        };
        if !options.create_only || !is_unclear(&failed) {
            return Err(failed);
        }
        match whose(s3, key, &write).await? {
            Found::Ours { etag } => return stored(etag).await,
            Found::Another => return Err(ObjectsError::AlreadyExists),
            Found::Nothing if matches!(failed, ObjectsError::AlreadyExists) => {}
            Found::Nothing => return Err(failed),
        }
    }
    Err(others())
}

async fn send(
    s3: &S3,
    path: &Path,
    bytes: Bytes,
    put: object_store::PutOptions,
) -> Result<String, ObjectsError> {
    let answer = if bytes.len() <= SMALL_BYTES {
        s3.bounded(s3.small.put_opts(path, bytes.into(), put)).await?
    } else {
        let bound = s3.options.part_timeout * LARGE_ATTEMPTS;
        let answer = timeout(bound, s3.large.put_opts(path, bytes.into(), put)).await;
        answer.map_err(|_| answer::timed_out())?.map_err(|error| answer::error(&error))?
    };
    Ok(etag(answer.e_tag.as_deref()))
}

pub(super) async fn holds(s3: &S3, key: &Key, retention: Option<Retention>) -> bool {
    match retention {
        Some(retention) => retention.holds(s3, key).await,
        None => false,
    }
}

/// Whether the write may have been done all the same. `object_store` sends a write again after a 500,
/// and after some broken connections; what it then meets may be the first one's object.
pub(super) fn is_unclear(error: &ObjectsError) -> bool {
    matches!(error, ObjectsError::AlreadyExists | ObjectsError::Unavailable { .. })
}

/// [`Stored::etag`] of an upload that failed, or whose answer was lost.
pub(super) async fn own(
    s3: &S3,
    key: &Key,
    write: &str,
    create_only: bool,
    failed: ObjectsError,
) -> Result<String, ObjectsError> {
    match whose(s3, key, write).await? {
        Found::Ours { etag } => Ok(etag),
        Found::Another if create_only => Err(ObjectsError::AlreadyExists),
        // It met another that was just being created and came to nothing.
        Found::Nothing if matches!(failed, ObjectsError::AlreadyExists) => Err(others()),
        Found::Another | Found::Nothing => Err(failed),
    }
}

fn others() -> ObjectsError {
    ObjectsError::unavailable("others create and remove the same object")
}

async fn whose(s3: &S3, key: &Key, write: &str) -> Result<Found, ObjectsError> {
    match read::head(s3, key).await {
        Ok(found) if found.write.as_deref() == Some(write) => Ok(Found::Ours { etag: found.head.etag }),
        Ok(_) => Ok(Found::Another),
        Err(ObjectsError::NotFound) => Ok(Found::Nothing),
        Err(_) => Err(ObjectsError::unavailable("whether the object was created is not known")),
    }
}

pub(super) fn attributes(key: &Key, options: &PutOptions, write: &str) -> Attributes {
    let content_type = options.content_type.clone().unwrap_or_else(|| media_type(key.name()).to_owned());
    Attributes::from_iter([
        (Attribute::ContentType, content_type),
        (Attribute::Metadata(WRITE.into()), write.to_owned()),
    ])
}

/// Without its quotation marks.
pub(super) fn etag(text: Option<&str>) -> String {
    text.unwrap_or_default().trim_matches('"').to_owned()
}

/// S3 answers 204 also where there was nothing, and hides a locked object behind a marker.
pub(super) async fn delete(s3: &S3, key: &Key) -> Result<(), ObjectsError> {
    let found = read::head(s3, key).await?;
    if found.held.is_some_and(|held| held.holds(Utc::now())) {
        return Err(ObjectsError::Locked);
    }
    s3.bounded(s3.small.delete(&s3.path(key)?)).await
}
