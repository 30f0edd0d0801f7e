//! What is said of an object: when it is written, read and listed.

use std::{fmt, ops};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;

use crate::{Key, ObjectsError};

/// How to write an object.
#[derive(Clone, Debug, Default)]
pub struct PutOptions {
    /// The media type, kept by S3 and given back with the object. A directory keeps bytes alone and
    /// says the type that belongs to the name's ending, as S3 does where this is `None`.
    pub content_type: Option<String>,
    /// Refuse to replace: of several writers exactly one wins, the others get
    /// [`ObjectsError::AlreadyExists`].
    pub create_only: bool,
    /// What is written stays until then (S3 Object Lock). Where the bucket has none, and in a
    /// directory, it is written all the same and [`Stored::locked`] is false. Without `create_only`
    /// a later write puts a newer version in front of it.
    pub locked_until: Option<DateTime<Utc>>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub bytes: u64,
    pub sha256: [u8; 32],
    /// Changes with every write of the key; without quotation marks.
    pub etag: String,
    /// Whether it is held by S3 Object Lock until the time that was asked for.
    pub locked: bool,
}

/// An object, or a part of it, that is being read.
pub struct Download {
    /// The size of the complete object.
    pub bytes: u64,
    /// Which of them the stream brings.
    pub range: ops::Range<u64>,
    /// Where the store keeps it: of S3's objects that were written in one piece. A stream of the
    /// complete object is compared with it and ends with [`ObjectsError::Corrupt`].
    pub sha256: Option<[u8; 32]>,
    pub etag: String,
    pub content_type: String,
    pub modified: DateTime<Utc>,
    /// The version as it stood when the reading began, whatever is written meanwhile. Fewer bytes
    /// than `range` end with an error, never quietly.
    pub stream: BoxStream<'static, Result<Bytes, ObjectsError>>,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("bytes", &self.bytes)
            .field("range", &self.range)
            .field("etag", &self.etag)
            .field("content_type", &self.content_type)
            .field("modified", &self.modified)
            .finish_non_exhaustive()
    }
}

/// What is known of an object without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub bytes: u64,
    /// As in [`Download::sha256`].
    pub sha256: Option<[u8; 32]>,
    pub etag: String,
    pub content_type: String,
    pub modified: DateTime<Utc>,
}

/// A line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub key: Key,
    pub bytes: u64,
    pub modified: DateTime<Utc>,
}

/// A part of a list, in the order of the keys' bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub objects: Vec<Listed>,
    /// Whether there are more after the last one.
    pub more: bool,
}
