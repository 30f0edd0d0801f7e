//! What can go wrong with an object.

use std::io;

use nix::errno::Errno;
use thiserror::Error;

/// Why an object was not written, read, listed or removed. No text names a credential, and none
/// names another tenant.
#[derive(Debug, Error)]
pub enum ObjectsError {
    #[error("there is no such object")]
    NotFound,

    /// A write that may only create, and another has created it.
    #[error("the object exists already")]
    AlreadyExists,

    /// A key, a URL or a setting that can never work.
    #[error("refused: {reason}")]
    Refused { reason: String },

    /// Nothing of what was asked for lies inside the object.
    #[error("the range begins beyond the end: the object has {bytes} bytes")]
    BeyondTheEnd { bytes: u64 },

    /// The disk or the quota; nothing of the object was kept.
    #[error("the disk is full, or the quota is used up")]
    Full,

    /// Answered by nobody, or with an error, after all attempts; whether it was written is unknown
    /// where it was a write, so write it again.
    #[error("the object store is not available: {reason}")]
    Unavailable { reason: String },

    /// The credentials or the file's mode do not allow it.
    #[error("the object store does not allow it: {reason}")]
    Denied { reason: String },

    /// What was read is not what was written.
    #[error("the object's bytes are not those that were stored: {reason}")]
    Corrupt { reason: String },

    /// It must stay for longer.
    #[error("the object is locked and cannot be removed")]
    Locked,

    /// The stream that was to be stored broke; nothing of it was kept.
    #[error("what was to be stored could not be read: {0}")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ObjectsError {
    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }

    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into() }
    }
}

impl From<Errno> for ObjectsError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::ENOENT => Self::NotFound,
            Errno::EEXIST => Self::AlreadyExists,
            Errno::ENOSPC | Errno::EDQUOT => Self::Full,
            Errno::EACCES | Errno::EPERM | Errno::EROFS => Self::Denied { reason: errno.desc().to_owned() },
            // O_NOFOLLOW met a link: ELOOP for a file, ENOTDIR for a folder.
            Errno::ELOOP | Errno::ENOTDIR => {
                Self::Denied { reason: "something on the way to the file is a link, or no folder".to_owned() }
            }
            other => Self::Unavailable { reason: other.desc().to_owned() },
        }
    }
}

impl From<io::Error> for ObjectsError {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(number) => Errno::from_raw(number).into(),
            None => Self::Unavailable { reason: error.to_string() },
        }
    }
}
