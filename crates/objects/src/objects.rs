//! The port, as the rest of the program holds it.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use url::Url;

use crate::{
    Download, Head, Key, ObjectPort, ObjectsError, Page, Prefix, PutOptions, Range, S3Options, Stored,
    directory::Directory, layout, s3::S3,
};

/// The most that one page of a list holds.
pub const PAGE_MAX: usize = 1_000;

/// Where files stay. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Objects(Arc<dyn ObjectPort>);

impl Objects {
    /// Opens `file:///absolute/path` (made where it is missing) or `s3://bucket/prefix`. Nothing is
    /// asked of S3 yet; [`check`](Self::check) does. Other URLs are [`ObjectsError::Refused`].
    pub fn open(url: &str, options: S3Options) -> Result<Self, ObjectsError> {
        let url = Url::parse(url)
            .map_err(|error| ObjectsError::refused(format!("the objects' URL is none: {error}")))?;
        match url.scheme() {
            "file" => {
                let path = url.to_file_path().map_err(|()| {
                    ObjectsError::refused("a directory is written file:///absolute/path, without a host")
                })?;
                Self::directory(&path)
            }
            "s3" => Ok(Self(Arc::new(S3::open(&url, options)?))),
            other => Err(ObjectsError::refused(format!(
                "objects are kept under file:///path or s3://bucket/prefix, not {other}:"
            ))),
        }
    }

    /// Opens a directory, and makes it where it is missing.
    pub fn directory(path: &Path) -> Result<Self, ObjectsError> {
        Ok(Self(Arc::new(Directory::open(path)?)))
    }

    /// Writes an object whole: it is durable when this returns, and before that nobody sees any of it.
    pub async fn put(&self, key: &Key, bytes: Bytes, options: PutOptions) -> Result<Stored, ObjectsError> {
        self.0.put(key, bytes, options).await
    }

    /// Writes an object from a stream, as [`put`](Self::put) does, in constant memory. Where the
    /// stream breaks nothing is kept ([`ObjectsError::Source`]).
    pub async fn put_stream<S, E>(
        &self,
        key: &Key,
        stream: S,
        options: PutOptions,
    ) -> Result<Stored, ObjectsError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let stream = stream.map_err(|error| ObjectsError::Source(error.into())).boxed();
        self.0.put_stream(key, stream, options).await
    }

    /// What is known of an object without reading it.
    pub async fn head(&self, key: &Key) -> Result<Head, ObjectsError> {
        self.0.head(key).await
    }

    /// Begins to read an object, or a part of it.
    pub async fn get(&self, key: &Key, range: Option<Range>) -> Result<Download, ObjectsError> {
        self.0.get(key, range).await
    }

    /// The objects under a prefix after this key, in the order of their keys' bytes; at most
    /// `limit`, and [`PAGE_MAX`]. What is not of the layout is left out.
    pub async fn list(
        &self,
        prefix: &Prefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Page, ObjectsError> {
        self.0.list(prefix, after, limit.clamp(1, PAGE_MAX)).await
    }

    /// Lets an object that is there stay until then at least, as [`PutOptions::locked_until`] does for one
    /// that is written. Answers whether it is held: false where the store holds nothing.
    pub async fn hold(&self, key: &Key, until: DateTime<Utc>) -> Result<bool, ObjectsError> {
        self.0.hold(key, until).await
    }

    /// Removes an object; [`ObjectsError::NotFound`] where there is none, [`ObjectsError::Locked`]
    /// where it must stay.
    pub async fn delete(&self, key: &Key) -> Result<(), ObjectsError> {
        self.0.delete(key).await
    }

    /// An address where anybody can read the object until it expires, saved under `filename`; `None`
    /// where the store has no server of its own (a directory). At most seven days.
    pub async fn signed_url(
        &self,
        key: &Key,
        expires_in: Duration,
        filename: &str,
    ) -> Result<Option<Url>, ObjectsError> {
        self.0.signed_url(key, expires_in, filename).await
    }

    /// Writes a small object under a key of no tenant, reads it back and removes it.
    pub async fn check(&self) -> Result<(), ObjectsError> {
        let key = layout::health();
        let bytes = Bytes::copy_from_slice(key.as_str().as_bytes());
        self.put(&key, bytes.clone(), PutOptions::default()).await?;
        let read = async { self.get(&key, None).await?.stream.try_collect::<Vec<_>>().await }.await;
        // Also where it could not be read: nobody else will remove it.
        let removed = self.delete(&key).await;
        let read = read?.concat();
        removed?;
        if read == bytes {
            Ok(())
        } else {
            Err(ObjectsError::Corrupt { reason: "of a health check".to_owned() })
        }
    }

    /// Removes what writers left that died: temporary files of a directory, multipart uploads of S3
    /// that are older than a day. Answers how many.
    pub async fn sweep_unfinished(&self) -> Result<u64, ObjectsError> {
        self.0.sweep_unfinished().await
    }
}
