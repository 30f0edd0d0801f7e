//! What a part behind the port can do.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use url::Url;

use crate::{Download, Head, Key, ObjectsError, Page, Prefix, PutOptions, Range, Stored};

/// A place where objects are kept. Every part passes the same conformance suite.
#[async_trait]
pub trait ObjectPort: Send + Sync + std::fmt::Debug {
    async fn put(&self, key: &Key, bytes: Bytes, options: PutOptions) -> Result<Stored, ObjectsError>;

    async fn put_stream(
        &self,
        key: &Key,
        stream: BoxStream<'_, Result<Bytes, ObjectsError>>,
        options: PutOptions,
    ) -> Result<Stored, ObjectsError>;

    async fn head(&self, key: &Key) -> Result<Head, ObjectsError>;

    async fn get(&self, key: &Key, range: Option<Range>) -> Result<Download, ObjectsError>;

    async fn list(&self, prefix: &Prefix, after: Option<&Key>, limit: usize) -> Result<Page, ObjectsError>;

    async fn hold(&self, key: &Key, until: DateTime<Utc>) -> Result<bool, ObjectsError>;

    async fn delete(&self, key: &Key) -> Result<(), ObjectsError>;

    async fn signed_url(
        &self,
        key: &Key,
        expires_in: Duration,
        filename: &str,
    ) -> Result<Option<Url>, ObjectsError>;

    async fn sweep_unfinished(&self) -> Result<u64, ObjectsError>;
}
