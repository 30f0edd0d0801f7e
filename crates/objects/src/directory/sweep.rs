//! Removing what writers left that died.

use std::fs::{File, TryLockError};

use nix::{
    dir::Dir,
    errno::Errno,
    fcntl::{OFlag, openat},
    sys::stat::Mode,
    unistd::{UnlinkatFlags, unlinkat},
};

use super::folders::{Folders, open};
use crate::ObjectsError;

/// A file whose lock is free has no writer any more: a lock ends with its process.
pub(super) fn unfinished(folders: &Folders) -> Result<u64, ObjectsError> {
    let mut folder = Dir::from_fd(open(&folders.unfinished, ".")?)?;
    let mut swept = 0;
    let entries: Vec<_> = folder.iter().collect::<Result<_, _>>()?;
    for entry in entries {
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let flags = OFlag::O_WRONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let file = match openat(&folder, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            // Finished meanwhile; and what is no file was not left by a writer.
            Err(_) => continue,
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => continue,
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        match unlinkat(&folder, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) => swept += 1,
            Err(Errno::ENOENT) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(swept)
}
