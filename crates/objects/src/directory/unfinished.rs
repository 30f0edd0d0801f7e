//! A file that is being written, and has no key yet.

use std::{
    fs::File,
    io::{self, Write},
    os::{fd::OwnedFd, unix::fs::MetadataExt as _},
};

use nix::{
    errno::Errno,
    fcntl::{AtFlags, OFlag, openat, renameat},
    sys::stat::Mode,
    unistd::{UnlinkatFlags, fsync, linkat, unlinkat},
};
use uuid::Uuid;

use super::{folders::Folders, read};
use crate::{Key, ObjectsError};

/// How often a new file may be swept away before it was locked.
const ATTEMPTS: usize = 5;
/// How much is written at a time. One call for 8 MiB takes ext4 three times as long as 32 calls
/// (5 ms against 1.4 ms, Linux 6.18).
const STEP_BYTES: usize = 256 * 1024;

/// Removed when dropped, unless it was [kept](Self::keep). It is locked as long as its writer lives,
/// which is how a sweep knows the dead.
#[derive(Debug)]
pub(super) struct Unfinished<'a> {
    folders: &'a Folders,
    name: String,
    file: File,
    kept: bool,
}

impl<'a> Unfinished<'a> {
    pub(super) fn begin(folders: &'a Folders) -> Result<Self, ObjectsError> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        for _ in 0..ATTEMPTS {
            let name = Uuid::new_v4().to_string();
            let mode = Mode::S_IRUSR | Mode::S_IWUSR;
            let file: OwnedFd = openat(&folders.unfinished, name.as_str(), flags, mode).map_err(gone)?;
            let this = Self { folders, name, file: file.into(), kept: false };
            // A sweep may have come between the two, and hold the lock or have removed the name.
            if this.file.try_lock().is_ok() && this.file.metadata()?.nlink() == 1 {
                return Ok(this);
            }
        }
        Err(ObjectsError::unavailable("new files are swept away at once"))
    }

    /// Makes it durable, then visible under its key, then that durable.
    pub(super) fn keep(mut self, key: &Key, create_only: bool) -> Result<String, ObjectsError> {
        self.file.sync_all()?;
        let (path, name) = key.as_str().rsplit_once('/').unwrap_or(("", key.as_str()));
        let folder = self.folders.make(path)?;
        let unfinished = &self.folders.unfinished;
        if create_only {
            // A link, because a rename replaces. The first name goes when this is dropped.
            linkat(unfinished, self.name.as_str(), &folder, name, AtFlags::empty()).map_err(gone)?;
        } else {
            renameat(unfinished, self.name.as_str(), &folder, name).map_err(gone)?;
            self.kept = true;
        }
        fsync(&folder)?;
        Ok(read::etag(&self.file.metadata()?))
    }
}

impl Write for Unfinished<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(&bytes[..bytes.len().min(STEP_BYTES)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed now is found by a sweep.
            let _ = unlinkat(&self.folders.unfinished, self.name.as_str(), UnlinkatFlags::NoRemoveDir);
        }
    }
}

/// Where a file is made, a missing name is a folder that somebody took away, not a missing object.
fn gone(errno: Errno) -> ObjectsError {
    match errno {
        Errno::ENOENT => ObjectsError::unavailable("the directory's own folders were removed"),
        other => other.into(),
    }
}
