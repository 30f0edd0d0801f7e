//! The folders of a directory, reached one by one from its root so that no link leads elsewhere.

use std::{
    collections::HashSet,
    fs::File,
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    },
    path::Path,
    sync::{Mutex, PoisonError},
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, openat},
    sys::stat::{Mode, mkdirat},
    unistd::fsync,
};

use crate::ObjectsError;

/// Where writers keep what they have not finished. No key begins with a dot.
const UNFINISHED: &str = ".unfinished";
/// How many folders are remembered as durable.
const DURABLE_MAX: usize = 10_000;

#[derive(Debug)]
pub(super) struct Folders {
    root: File,
    pub(super) unfinished: OwnedFd,
    /// Folders whose own entries, up to the root, are known to be on disk. That a folder is there does
    /// not say so: another writer may have made it a moment ago and not have synced it yet.
    durable: Mutex<HashSet<String>>,
}

impl Folders {
    /// Opens the root, which may itself be a link, and makes it where it is missing.
    pub(super) fn open(path: &Path) -> Result<Self, ObjectsError> {
        if !path.exists() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
            for parent in path.ancestors().skip(1) {
                // The new names in it. One that we may not open was not made by us.
                let _ = File::open(parent).and_then(|parent| parent.sync_all());
            }
        }
        let root =
            std::fs::OpenOptions::new().read(true).custom_flags(OFlag::O_DIRECTORY.bits()).open(path)?;
        let unfinished = make_or_open(&root, UNFINISHED)?;
        fsync(&root)?;
        Ok(Self { root, unfinished, durable: Mutex::default() })
    }

    /// An existing folder, by its path from the root; ENOENT where it is missing.
    pub(super) fn find(&self, path: &str) -> Result<OwnedFd, Errno> {
        let mut folder = open(&self.root, ".")?;
        for name in names(path) {
            folder = open(&folder, name)?;
        }
        Ok(folder)
    }

    /// A folder, made where it is missing, and durable in all that leads to it.
    pub(super) fn make(&self, path: &str) -> Result<OwnedFd, ObjectsError> {
        if self.is_durable(path) {
            match self.find(path) {
                // Somebody removed it behind our back.
                Err(Errno::ENOENT) => self.forget(),
                found => return Ok(found?),
            }
        }
        let mut folder = open(&self.root, ".")?;
        for name in names(path) {
            let below = make_or_open(&folder, name)?;
            fsync(&folder)?;
            folder = below;
        }
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        if durable.len() >= DURABLE_MAX {
            durable.clear();
        }
        durable.insert(path.to_owned());
        Ok(folder)
    }

    fn is_durable(&self, path: &str) -> bool {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner).contains(path)
    }

    fn forget(&self) {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A folder in another, and never through a link.
pub(super) fn open(folder: impl AsFd, name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat(folder, name, flags, Mode::empty())
}

fn make_or_open(folder: impl AsFd, name: &str) -> Result<OwnedFd, Errno> {
    match open(&folder, name) {
        Err(Errno::ENOENT) => {}
        found => return found,
    }
    match mkdirat(&folder, name, Mode::S_IRWXU) {
        // Another was quicker.
        Ok(()) | Err(Errno::EEXIST) => open(&folder, name),
        Err(error) => Err(error),
    }
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}
