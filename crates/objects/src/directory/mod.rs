//! A local directory. Nothing but what was written whole and is durable is ever seen under a key.
//!
//! `object_store`'s `LocalFileSystem` is not used, though it can fsync: it stages an upload beside its
//! target under a name that can be guessed, leaves that there when the process dies and cannot tell it
//! from one that is being written, completes a stream only by replacing, follows every link that
//! somebody planted, makes files with the umask's mode, and lists in no order.

mod folders;
mod list;
mod read;
mod sweep;
mod unfinished;
mod write;

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use url::Url;

use self::folders::Folders;
use crate::{Download, Head, Key, ObjectPort, ObjectsError, Page, Prefix, PutOptions, Range, Stored};

/// Objects in the folders below one.
#[derive(Debug)]
pub(crate) struct Directory {
    folders: Arc<Folders>,
}

impl Directory {
    pub(crate) fn open(path: &Path) -> Result<Self, ObjectsError> {
        Ok(Self { folders: Arc::new(Folders::open(path)?) })
    }

    /// Files block a thread, so that none of the runtime's may touch one.
    async fn blocking<T, F>(&self, task: F) -> Result<T, ObjectsError>
    where
        T: Send + 'static,
        F: FnOnce(&Folders) -> Result<T, ObjectsError> + Send + 'static,
    {
        let folders = Arc::clone(&self.folders);
        tokio::task::spawn_blocking(move || task(&folders)).await.map_err(|_| lost())?
    }
}

/// A thread for files panicked, or the runtime ends.
fn lost() -> ObjectsError {
    ObjectsError::unavailable("the thread that had the file ended")
}

#[async_trait]
impl ObjectPort for Directory {
    async fn put(&self, key: &Key, bytes: Bytes, options: PutOptions) -> Result<Stored, ObjectsError> {
        write::whole(self, key, bytes, options.create_only).await
    }

    async fn put_stream(
        &self,
        key: &Key,
        stream: BoxStream<'_, Result<Bytes, ObjectsError>>,
        options: PutOptions,
    ) -> Result<Stored, ObjectsError> {
        write::streamed(self, key, stream, options.create_only).await
    }

    async fn head(&self, key: &Key) -> Result<Head, ObjectsError> {
        let key = key.clone();
        self.blocking(move |folders| Ok(read::open(folders, &key)?.1)).await
    }

    async fn get(&self, key: &Key, range: Option<Range>) -> Result<Download, ObjectsError> {
        let key = key.clone();
        self.blocking(move |folders| read::get(folders, &key, range)).await
    }

    async fn list(&self, prefix: &Prefix, after: Option<&Key>, limit: usize) -> Result<Page, ObjectsError> {
        let (prefix, after) = (prefix.clone(), after.cloned());
        self.blocking(move |folders| list::page(folders, &prefix, after.as_ref(), limit)).await
    }

    async fn hold(&self, key: &Key, _: DateTime<Utc>) -> Result<bool, ObjectsError> {
        self.head(key).await.map(|_| false)
    }

    async fn delete(&self, key: &Key) -> Result<(), ObjectsError> {
        let key = key.clone();
        self.blocking(move |folders| write::delete(folders, &key)).await
    }

    async fn signed_url(&self, _: &Key, _: Duration, _: &str) -> Result<Option<Url>, ObjectsError> {
        Ok(None)
    }

    async fn sweep_unfinished(&self) -> Result<u64, ObjectsError> {
        self.blocking(sweep::unfinished).await
    }
}
