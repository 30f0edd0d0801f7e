//! The data directory: made or checked, and locked, so that it has one server.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use nix::{sys::statvfs::statvfs, unistd};

use super::{DataDirError, Layout, Purpose, account, durable::write_durably, layout, lock};

/// The newest layout that this program can read and write.
pub(super) const LAYOUT: u32 = 1;
const VERSION_WORDS: &str = "custody data directory, layout ";
/// A new cluster takes 40 MB, and its write-ahead log grows past 100 MB before it is recycled.
pub(super) const NEEDED_NEW_MIB: u64 = 256;
pub(super) const NEEDED_MIB: u64 = 32;
/// A data directory, locked by this process until the last clone is dropped.
#[derive(Debug, Clone)]
pub struct DataDir(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    layout: Layout,
    lock: File,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Its words would only mislead a reader. Unlocked by name: a process that another thread is
        // just forking has a copy of the descriptor, and closing ours would leave it locked.
        let _ = self.lock.set_len(0);
        let _ = self.lock.unlock();
    }
}

impl DataDir {
    /// Makes the directory where none is, checks it, locks it. Waits for an admin command that
    /// holds it (up to a minute), never for a server.
    pub async fn open(path: &Path, purpose: Purpose) -> Result<Self, DataDirError> {
        let path = std::path::absolute(path).map_err(io_error("find", path))?;
        create_missing(&path)?;
        let root = fs::canonicalize(&path).map_err(io_error("find", &path))?;
        let layout = Layout::new(root);
        check(&layout)?;
        let lock = lock::open(&layout)?;
        lock::take(&layout, &lock).await?;
        // Again, now that nobody else can change it.
        let known = check(&layout)?;
        check_room(&layout)?;
        lock::write_holder(&lock, purpose).map_err(io_error("write", layout.lock()))?;
        if !known {
            write_version(&layout)?;
        }
        Ok(Self(Arc::new(Inner { layout, lock })))
    }

    pub fn layout(&self) -> &Layout {
        &self.0.layout
    }

    pub fn path(&self) -> &Path {
        self.0.layout.root()
    }
}

/// Maps what the operating system said to what the operator can do.
pub(super) fn io_error(
    doing: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(io::Error) -> DataDirError {
    let path = path.into();
    move |source| match source.kind() {
        io::ErrorKind::ReadOnlyFilesystem => DataDirError::ReadOnly { path },
        io::ErrorKind::PermissionDenied => DataDirError::Denied { path, user: account::my_name() },
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            let free_mib = free_mib(&path).unwrap_or_default();
            DataDirError::Full { path, free_mib, needed_mib: NEEDED_NEW_MIB }
        }
        io::ErrorKind::NotADirectory => DataDirError::NotADirectory { path },
        _ => DataDirError::Io { doing, path, source },
    }
}

/// Makes the directory and those above it. What root makes, the database's user must be able to
/// pass through, whatever the umask.
fn create_missing(path: &Path) -> Result<(), DataDirError> {
    let missing: Vec<&Path> = path
        .ancestors()
        .take_while(|p| fs::symlink_metadata(p).is_err_and(|e| e.kind() == io::ErrorKind::NotFound))
        .collect();
    for (depth, dir) in missing.iter().enumerate().rev() {
        let mode = match (depth, unistd::geteuid().is_root()) {
            (0, true) => 0o711,
            (0, false) => 0o700,
            _ => 0o755,
        };
        match fs::DirBuilder::new().mode(mode).create(dir) {
            Ok(()) => {
                fs::set_permissions(dir, Permissions::from_mode(mode))
                    .map_err(io_error("set the mode of", *dir))?;
            }
            // Another start of ours was quicker.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => {
                let parent = dir.parent().unwrap_or(dir);
                return Err(io_error("make a directory in", parent)(e));
            }
        }
    }
    let is_dir = fs::metadata(path).map_err(io_error("look at", path))?.is_dir();
    if is_dir { Ok(()) } else { Err(DataDirError::NotADirectory { path: path.to_owned() }) }
}

/// Whether the directory says its layout, and one that we know.
pub(super) fn check(layout: &Layout) -> Result<bool, DataDirError> {
    let path = layout.version();
    match fs::read_to_string(&path) {
        Ok(text) => {
            let found = text.trim_end().strip_prefix(VERSION_WORDS).and_then(|n| n.parse().ok());
            match found {
                Some(found @ 1..=LAYOUT) => {
                    tracing::debug!(layout = found, "data directory");
                    Ok(true)
                }
                Some(found) if found > LAYOUT => {
                    Err(DataDirError::Newer { path: layout.root().to_owned(), found, known: LAYOUT })
                }
                _ => Err(DataDirError::Damaged {
                    path,
                    detail: format!("it reads {:?}", text.chars().take(60).collect::<String>()),
                }),
            }
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            check_ours(layout)?;
            Ok(false)
        }
        Err(e) if e.kind() == io::ErrorKind::InvalidData => {
            Err(DataDirError::Damaged { path, detail: "it is no text".to_owned() })
        }
        Err(e) => Err(io_error("read", path)(e)),
    }
}

/// A directory without a version may hold what an interrupted first start left, and nothing else.
fn check_ours(layout: &Layout) -> Result<(), DataDirError> {
    let entries = fs::read_dir(layout.root()).map_err(io_error("read", layout.root()))?;
    for entry in entries {
        let name = entry.map_err(io_error("read", layout.root()))?.file_name();
        let ours = name.to_str().is_some_and(|n| layout::TOP.contains(&n) || n.starts_with("VERSION."));
        // A database without a version is one whose version file was lost.
        if name == "database" && layout.cluster().exists() {
            return Err(DataDirError::Damaged { path: layout.version(), detail: "it is missing".to_owned() });
        }
        if !ours {
            return Err(DataDirError::Foreign {
                path: layout.root().to_owned(),
                example: name.display().to_string(),
            });
        }
    }
    Ok(())
}

/// MiB that a normal user may still write on the volume of `path`.
pub(super) fn free_mib(path: &Path) -> Option<u64> {
    let existing = path.ancestors().find(|p| p.exists())?;
    let volume = statvfs(existing).ok()?;
    Some(volume.blocks_available().saturating_mul(volume.fragment_size()) >> 20)
}

pub(super) fn needed_mib(layout: &Layout) -> u64 {
    if layout.cluster().exists() { NEEDED_MIB } else { NEEDED_NEW_MIB }
}

fn check_room(layout: &Layout) -> Result<(), DataDirError> {
    let needed_mib = needed_mib(layout);
    match free_mib(layout.root()) {
        Some(free_mib) if free_mib < needed_mib => {
            Err(DataDirError::Full { path: layout.root().to_owned(), free_mib, needed_mib })
        }
        _ => Ok(()),
    }
}

fn write_version(layout: &Layout) -> Result<(), DataDirError> {
    let path = layout.version();
    write_durably(&path, 0o644, format!("{VERSION_WORDS}{LAYOUT}\n").as_bytes())
        .map_err(io_error("write", path))
}
