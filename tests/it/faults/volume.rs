//! A small volume that can be filled.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::support::server::readable_temp_dir;

/// A file system of its own in memory, unmounted when dropped.
#[derive(Debug)]
pub(super) struct Volume {
    folder: TempDir,
}

impl Volume {
    /// None where this process may not mount; `Err` says why.
    pub(super) fn mount(mib: u32) -> Result<Self, String> {
        let folder = readable_temp_dir();
        let options = format!("size={mib}m,mode=755");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "custody-test"]).arg(folder.path());
        let output = mount.output().map_err(|error| format!("mount: {error}"))?;
        if output.status.success() {
            Ok(Self { folder })
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Fills it to the last byte.
    pub(super) fn fill(&self) {
        let file = std::fs::File::create(self.ballast()).unwrap();
        let piece = vec![1_u8; 1 << 16];
        while std::io::Write::write_all(&mut &file, &piece).is_ok() {}
        while std::io::Write::write_all(&mut &file, &[1]).is_ok() {}
    }

    /// Makes room again.
    pub(super) fn relieve(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Lazily: a process of a test that failed may still hold a file.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
