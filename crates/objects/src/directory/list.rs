//! A list in the order of the keys' bytes, as S3 lists.

use std::os::fd::OwnedFd;

use nix::{
    dir::{Dir, Type},
    errno::Errno,
    fcntl::AtFlags,
    sys::stat::{FileStat, SFlag, fstatat},
};

use super::{
    folders::{Folders, open},
    read::modified,
};
use crate::{Key, Listed, ObjectsError, Page, Prefix};

/// Deeper than any key of the layout.
const DEPTH_MAX: usize = 8;

struct Walk<'a> {
    prefix: &'a Prefix,
    after: &'a str,
    /// One more than is shown, to know whether there are more.
    limit: usize,
    found: Vec<Listed>,
}

pub(super) fn page(
    folders: &Folders,
    prefix: &Prefix,
    after: Option<&Key>,
    limit: usize,
) -> Result<Page, ObjectsError> {
    let after = after.map_or("", Key::as_str);
    let mut walk = Walk { prefix, after, limit: limit + 1, found: Vec::new() };
    match folders.find(prefix.as_str()) {
        Ok(folder) => walk.folder(folder, prefix.as_str(), 0)?,
        Err(Errno::ENOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let mut objects = walk.found;
    let more = objects.len() > limit;
    objects.truncate(limit);
    Ok(Page { objects, more })
}

impl Walk<'_> {
    fn folder(&mut self, folder: OwnedFd, path: &str, depth: usize) -> Result<(), ObjectsError> {
        let mut folder = Dir::from_fd(folder)?;
        for name in names(&mut folder)? {
            if self.found.len() >= self.limit {
                break;
            }
            let text = format!("{path}{name}");
            if let Some(below) = name.strip_suffix('/') {
                let all_before = text.as_str() < self.after && !self.after.starts_with(&text);
                if all_before || depth == DEPTH_MAX {
                    continue;
                }
                match open(&folder, below) {
                    Ok(below) => self.folder(below, &text, depth + 1)?,
                    // Removed, or made a link of, since it was read.
                    Err(Errno::ENOENT | Errno::ELOOP | Errno::ENOTDIR) => {}
                    Err(error) => return Err(error.into()),
                }
            } else if text.as_str() > self.after {
                self.file(&folder, &name, &text)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, folder: &Dir, name: &str, text: &str) -> Result<(), ObjectsError> {
        let Ok(key) = Key::parse_for(self.prefix.tenant(), text) else { return Ok(()) };
        match fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(stat) if is(&stat, SFlag::S_IFREG) => {
                let bytes = u64::try_from(stat.st_size).unwrap_or_default();
                self.found.push(Listed { key, bytes, modified: modified(stat.st_mtime, stat.st_mtime_nsec) });
            }
            Ok(_) | Err(Errno::ENOENT) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// In the order that their keys have: a folder's name is followed by a slash in them, which stands
/// behind `-` and `.`.
fn names(folder: &mut Dir) -> Result<Vec<String>, ObjectsError> {
    let mut names = Vec::new();
    let entries: Vec<_> = folder.iter().collect::<Result<_, _>>()?;
    for entry in entries {
        let Ok(name) = entry.file_name().to_str() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let is_folder = match entry.file_type() {
            Some(kind) => kind == Type::Directory,
            // Some file systems do not say.
            None => fstatat(&*folder, name, AtFlags::AT_SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| is(&stat, SFlag::S_IFDIR)),
        };
        names.push(if is_folder { format!("{name}/") } else { name.to_owned() });
    }
    names.sort_unstable();
    Ok(names)
}

fn is(stat: &FileStat, kind: SFlag) -> bool {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == kind
}
