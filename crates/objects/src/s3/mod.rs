//! S3.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use url::Url;

use crate::{
    Download, Head, Key, ObjectPort, ObjectsError, Page, Prefix, PutOptions, Range, S3Options, Stored,
};

#[derive(Debug)]
pub(crate) struct S3;

#[async_trait]
impl ObjectPort for S3 {
    async fn put(&self, _: &Key, _: Bytes, _: PutOptions) -> Result<Stored, ObjectsError> {
        Err(ObjectsError::NotFound)
    }
    async fn put_stream(
        &self,
        _: &Key,
        _: BoxStream<'_, Result<Bytes, ObjectsError>>,
        _: PutOptions,
    ) -> Result<Stored, ObjectsError> {
        Err(ObjectsError::NotFound)
    }
    async fn head(&self, _: &Key) -> Result<Head, ObjectsError> {
        Err(ObjectsError::NotFound)
    }
    async fn get(&self, _: &Key, _: Option<Range>) -> Result<Download, ObjectsError> {
        Err(ObjectsError::NotFound)
    }
    async fn list(&self, _: &Prefix, _: Option<&Key>, _: usize) -> Result<Page, ObjectsError> {
        Err(ObjectsError::NotFound)
    }
    async fn delete(&self, _: &Key) -> Result<(), ObjectsError> {
        Err(ObjectsError::NotFound)
    }
    async fn signed_url(&self, _: &Key, _: Duration, _: &str) -> Result<Option<Url>, ObjectsError> {
        Ok(None)
    }
    async fn sweep_unfinished(&self) -> Result<u64, ObjectsError> {
        Ok(0)
    }
}
impl S3 {
    pub(crate) fn open(_: &Url, _: S3Options) -> Result<Self, ObjectsError> {
        Ok(Self)
    }
}
