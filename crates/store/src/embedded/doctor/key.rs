//! The master key file: who reaches it, and what lies beside it.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use super::Finding;

pub(super) fn mode(key_file: &Path) -> Finding {
    let what = "master key file";
    match fs::metadata(key_file) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            Finding::ok(what, "not made yet; the first start makes it")
        }
        Err(e) => Finding::bad(
            what,
            format!("{} cannot be looked at: {e}", key_file.display()),
            "run this as root or as the owner of the file",
        ),
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
            let mode = metadata.permissions().mode() & 0o7777;
            Finding::bad(
                what,
                format!("{} has mode {mode:04o} and can be reached by others", key_file.display()),
                format!("chmod 600 '{}'", key_file.display()),
            )
        }
        Ok(_) => Finding::ok(
            what,
            format!("{}, mode closed to others; keep a copy where the backups are not", key_file.display()),
        ),
    }
}

pub(super) fn backups(key_file: &Path, backups: &Path) -> Finding {
    let what = "key and backups";
    let volume = |path: &Path| path.ancestors().find_map(|p| fs::metadata(p).ok()).map(|m| m.dev());
    match (volume(key_file), volume(backups)) {
        (Some(key), Some(copies)) if key == copies => Finding::warn(
            what,
            format!(
                "{} and the backups in {} are on one volume: who takes it has both, and who loses it has neither",
                key_file.display(),
                backups.display()
            ),
            "put the backups on another volume, and a copy of the key file on a third",
        ),
        _ => Finding::ok(what, "on different volumes"),
    }
}
