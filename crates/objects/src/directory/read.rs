//! Reading an object.

use std::{
    fs::{File, Metadata},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    sync::Arc,
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{StreamExt as _, stream};
use nix::{
    fcntl::{OFlag, openat},
    sys::stat::Mode,
};

use super::{folders::Folders, lost};
use crate::{Download, Head, Key, ObjectsError, Range, media::media_type};

/// How much is read at a time.
const PIECE_BYTES: usize = 256 * 1024;

pub(super) fn get(folders: &Folders, key: &Key, range: Option<Range>) -> Result<Download, ObjectsError> {
    let (file, head) = open(folders, key)?;
    let range = match range {
        Some(range) => range.within(head.bytes)?,
        None => 0..head.bytes,
    };
    let stream = stream::try_unfold((Arc::new(file), range.clone()), |(file, left)| async move {
        if left.is_empty() {
            return Ok(None);
        }
        let reader = Arc::clone(&file);
        let read = tokio::task::spawn_blocking(move || piece(&reader, left.start, left.end - left.start));
        let bytes = read.await.map_err(|_| lost())??;
        let next = left.start + bytes.len() as u64;
        Ok(Some((bytes, (file, next..left.end))))
    });
    let Head { bytes, sha256, etag, content_type, modified } = head;
    Ok(Download { bytes, range, sha256, etag, content_type, modified, stream: stream.boxed() })
}

/// The open file stays the version that it is, when the key is written again or removed.
pub(super) fn open(folders: &Folders, key: &Key) -> Result<(File, Head), ObjectsError> {
    let (path, name) = key.as_str().rsplit_once('/').unwrap_or(("", key.as_str()));
    let folder = folders.find(path)?;
    // Not blocking: somebody may have planted a pipe.
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = File::from(openat(&folder, name, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(ObjectsError::Denied { reason: "what is there is no file".to_owned() });
    }
    let head = Head {
        bytes: metadata.len(),
        sha256: None,
        etag: etag(&metadata),
        content_type: media_type(name).to_owned(),
        modified: modified(metadata.mtime(), metadata.mtime_nsec()),
    };
    Ok((file, head))
}

/// Another with every write, because every write makes another file.
pub(super) fn etag(metadata: &Metadata) -> String {
    let written = metadata.mtime().wrapping_mul(1_000_000_000).wrapping_add(metadata.mtime_nsec());
    format!("{:x}-{written:x}-{:x}", metadata.ino(), metadata.len())
}

pub(super) fn modified(seconds: i64, nanoseconds: i64) -> DateTime<Utc> {
    let nanoseconds = u32::try_from(nanoseconds).unwrap_or_default();
    DateTime::from_timestamp(seconds, nanoseconds).unwrap_or_default()
}

fn piece(file: &File, from: u64, left: u64) -> Result<Bytes, ObjectsError> {
    let size = usize::try_from(left).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
    let mut bytes = vec![0; size];
    let read = file.read_at(&mut bytes, from)?;
    if read == 0 {
        return Err(ObjectsError::Corrupt { reason: "the file was cut while it was read".to_owned() });
    }
    bytes.truncate(read);
    Ok(bytes.into())
}
