//! Third parties' data, read in place.

use std::path::PathBuf;

/// The file or folder `name` under `CUSTODY_TEST_DATA` (default `../shared/data` beside the
/// checkout). Where it is missing, as in a lone clone, says so by the caller's name and answers
/// `None`: the test is to return.
#[track_caller]
pub fn path(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("CUSTODY_TEST_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    let at = std::panic::Location::caller();
    eprintln!("SKIPPED {}:{}: {} is not here", at.file(), at.line(), path.display());
    None
}
