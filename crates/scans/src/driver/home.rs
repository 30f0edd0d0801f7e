//! The directory that a driver has for itself.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{
    DriverError,
    code::{FILES, PACKAGE},
};

/// Only its owner can look into it. Dropped, it is removed with all that is in it.
#[derive(Debug)]
pub(crate) struct Home(TempDir);

impl Home {
    /// In `parent`, which is made if it is not there. Blocks.
    pub(crate) fn make(parent: &Path) -> Result<Self, DriverError> {
        Self::try_make(parent)
            .map_err(|source| DriverError::Home { path: parent.display().to_string(), source })
    }

    fn try_make(parent: &Path) -> io::Result<Self> {
        fs::create_dir_all(parent)?;
        let own = fs::Permissions::from_mode(0o700);
        let home = tempfile::Builder::new().prefix("scan-").permissions(own.clone()).tempdir_in(parent)?;
        let package = home.path().join(PACKAGE);
        fs::create_dir(&package)?;
        fs::set_permissions(&package, own)?;
        for (name, text) in FILES {
            fs::write(package.join(name), text)?;
        }
        Ok(Self(home))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// One of the driver's files.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(PACKAGE).join(name)
    }
}
