//! Amazon S3, and what is compatible with it.

mod answer;
mod bucket;
mod connect;
mod list;
mod put;
mod read;
mod request;
mod retention;
mod stream;
mod unfinished;

use std::{fmt, future::Future, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::{BoxStream, StreamExt as _};
use object_store::{aws::AmazonS3, client::HttpClient, path::Path};
use tokio::{sync::OnceCell, time::timeout};
use url::Url;

use self::retention::Retention;
use crate::{
    Download, Head, Key, ObjectPort, ObjectsError, Page, Prefix, PutOptions, Range, S3Options, Stored,
};

/// A part of a multipart upload, and the most that is written in one request.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// What counts as a small operation when it is written.
const SMALL_BYTES: usize = 1024 * 1024;
/// How often a write of more than that may run into its timeout.
const LARGE_ATTEMPTS: u32 = 3;

/// Objects in a bucket, below a prefix.
pub(crate) struct S3 {
    /// For small operations, and to read: an answer is waited for only a short time.
    small: AmazonS3,
    /// For writes of up to [`PART_BYTES`].
    large: AmazonS3,
    /// For what `object_store` has no call for, by addresses that it signs.
    http: HttpClient,
    /// With a slash at its end, or empty.
    prefix: String,
    options: S3Options,
    /// Set once the bucket was seen to have Object Lock. That it has none may change.
    has_lock: OnceCell<()>,
}

// `object_store` prints its credentials.
impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3")
            .field("prefix", &self.prefix)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl S3 {
    pub(crate) fn open(url: &Url, options: S3Options) -> Result<Self, ObjectsError> {
        connect::open(url, options)
    }

    fn path(&self, key: &Key) -> Result<Path, ObjectsError> {
        // The key is the layout's, so only the prefix could be wrong, and that was parsed already.
        Path::parse(format!("{}{key}", self.prefix)).map_err(|error| ObjectsError::refused(error.to_string()))
    }

    /// A small operation, with all its attempts in a bounded time.
    async fn bounded<T>(
        &self,
        operation: impl Future<Output = object_store::Result<T>> + Send,
    ) -> Result<T, ObjectsError> {
        match timeout(self.options.total_timeout, operation).await {
            Ok(answer) => answer.map_err(|error| answer::error(&error)),
            Err(_) => Err(answer::timed_out()),
        }
    }
}

#[async_trait]
impl ObjectPort for S3 {
    async fn put(&self, key: &Key, bytes: Bytes, options: PutOptions) -> Result<Stored, ObjectsError> {
        if bytes.len() > PART_BYTES {
            let stream = futures::stream::once(async { Ok(bytes) }).boxed();
            return self.put_stream(key, stream, options).await;
        }
        put::whole(self, key, bytes, options).await
    }

    async fn put_stream(
        &self,
        key: &Key,
        stream: BoxStream<'_, Result<Bytes, ObjectsError>>,
        options: PutOptions,
    ) -> Result<Stored, ObjectsError> {
        stream::put(self, key, stream, options).await
    }

    async fn head(&self, key: &Key) -> Result<Head, ObjectsError> {
        Ok(read::head(self, key).await?.head)
    }

    async fn get(&self, key: &Key, range: Option<Range>) -> Result<Download, ObjectsError> {
        read::get(self, key, range).await
    }

    async fn list(&self, prefix: &Prefix, after: Option<&Key>, limit: usize) -> Result<Page, ObjectsError> {
        list::page(self, prefix, after, limit).await
    }

    async fn hold(&self, key: &Key, until: DateTime<Utc>) -> Result<bool, ObjectsError> {
        match Retention::of(self, Some(until)).await? {
            Some(retention) => retention.ensure(self, key).await.map(|()| true),
            None => read::head(self, key).await.map(|_| false),
        }
    }

    async fn delete(&self, key: &Key) -> Result<(), ObjectsError> {
        put::delete(self, key).await
    }

    async fn signed_url(
        &self,
        key: &Key,
        expires_in: Duration,
        filename: &str,
    ) -> Result<Option<Url>, ObjectsError> {
        read::signed_url(self, key, expires_in, filename).await.map(Some)
    }

    async fn sweep_unfinished(&self) -> Result<u64, ObjectsError> {
        unfinished::sweep(self).await
    }
}
