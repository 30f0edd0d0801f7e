//! The key file: made once, whole or not at all; read only while nobody else can.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use zeroize::Zeroizing;

use super::{KEY_LEN, MasterKey};
use crate::KeyError;

const HEADER: &str = "custody-master-key v1";
const FILE_MAX_BYTES: u64 = 64 * 1024;

fn io(path: &Path, doing: &'static str) -> impl FnOnce(std::io::Error) -> KeyError {
    move |source| KeyError::Io { path: path.to_owned(), doing, source }
}

pub(super) fn exists(path: &Path) -> Result<bool, KeyError> {
    path.try_exists().map_err(io(path, "looked for"))
}

/// Writes a new file beside `path` and links it into place, so that a crash leaves either the
/// whole file or none, and a file that appeared meanwhile is kept.
pub(super) fn create(path: &Path, key: &MasterKey) -> Result<(), KeyError> {
    let text = Zeroizing::new(format!(
        "{HEADER}\n{} {}\n",
        hex::encode(key.id),
        *Zeroizing::new(hex::encode(key.key.as_slice()))
    ));
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let unfinished = parent.join(format!(".master-key-{:016x}", rand::random::<u64>()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        match fs::hard_link(&unfinished, path) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(e),
            _ => File::open(parent)?.sync_all(),
        }
    })();
    let removed = fs::remove_file(&unfinished);
    written.and(removed).map_err(io(path, "made"))
}

/// The keys of the file: the older ones, and the current.
pub(super) fn read(path: &Path) -> Result<(Vec<MasterKey>, MasterKey), KeyError> {
    let mut file = File::open(path).map_err(io(path, "opened"))?;
    // Of the open file, not of the path: what is checked is what is read.
    let metadata = file.metadata().map_err(io(path, "examined"))?;
    let bad = |line, detail| KeyError::BadFile { path: path.to_owned(), line, detail };
    if !metadata.is_file() || metadata.len() > FILE_MAX_BYTES {
        return Err(bad(1, "it is not a key file"));
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned(), mode });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.read_to_end(&mut bytes).map_err(io(path, "read"))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| bad(1, "it is not text"))?;
    let mut lines = text.lines().enumerate();
    if lines.next().map(|(_, line)| line) != Some(HEADER) {
        return Err(bad(1, "the header line is missing"));
    }
    if !text.ends_with('\n') {
        return Err(bad(text.lines().count(), "the line is cut short"));
    }
    let mut keys = lines
        .map(|(at, line)| parse(line).map_err(|detail| bad(at + 1, detail)))
        .collect::<Result<Vec<_>, _>>()?;
    let current = keys.pop().ok_or_else(|| bad(2, "it holds no key"))?;
    Ok((keys, current))
}

fn parse(line: &str) -> Result<MasterKey, &'static str> {
    let (id, digits) = line.split_once(' ').ok_or("not `<id> <key>`")?;
    let mut key = Zeroizing::new([0; KEY_LEN]);
    hex::decode_to_slice(digits, key.as_mut_slice()).map_err(|_| "the key is not 64 hex digits")?;
    let key = MasterKey::new(*key);
    if hex::encode(key.id) != id {
        return Err("the key does not fit its id; the file is damaged");
    }
    Ok(key)
}
