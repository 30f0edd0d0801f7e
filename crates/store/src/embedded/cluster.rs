//! PostgreSQL's own directory: made by `initdb`, once, whole or not at all.

use std::{
    fs,
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    EmbeddedError, Layout,
    account::Account,
    orphan,
    provision::SUPERUSER,
    secret::{self, Password},
    spawn,
};

const UNFINISHED: &str = "cluster.new-";
const INITDB_WITHIN: Duration = Duration::from_mins(3);

/// The major version of PostgreSQL that made the cluster; `None` where there is none.
pub(super) fn major(layout: &Layout) -> Option<u32> {
    fs::read_to_string(layout.cluster().join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Makes the folder around the cluster: ours, and open to the server's user only to pass through.
pub(super) fn make_folder(layout: &Layout, account: &Account) -> Result<(), EmbeddedError> {
    let database = layout.database();
    match fs::create_dir(&database) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
            return Err(EmbeddedError::io("make", database)(e));
        }
        _ => {}
    }
    let mode = if account.switch { 0o711 } else { 0o700 };
    fs::set_permissions(&database, fs::Permissions::from_mode(mode))
        .map_err(EmbeddedError::io("set the mode of", database))
}

/// Makes what in that folder is the server's, and removes what an interrupted `initdb` left. No
/// server runs.
pub(super) fn prepare(layout: &Layout, account: &Account) -> Result<(), EmbeddedError> {
    account.own_dir(&layout.run())?;
    let database = layout.database();
    for entry in fs::read_dir(&database).map_err(EmbeddedError::io("read", &database))?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    adopt(layout, account)
}

/// A cluster that root copied here belongs to root; the server's user gets it.
fn adopt(layout: &Layout, account: &Account) -> Result<(), EmbeddedError> {
    match fs::metadata(layout.cluster()) {
        Ok(metadata) if account.switch && metadata.uid() != account.uid.as_raw() => {
            account.own_tree(&layout.cluster())
        }
        _ => Ok(()),
    }
}

/// Runs `initdb` beside the final place and moves the result there when it is complete and synced.
/// `pause` waits and says whether to give up.
pub(super) fn initialise(
    layout: &Layout,
    bin_dir: &Path,
    account: &Account,
    password: &Password,
    mut pause: impl FnMut(Duration) -> bool,
) -> Result<(), EmbeddedError> {
    let fresh = layout.database().join(format!("{UNFINISHED}{}", std::process::id()));
    account.own_dir(&fresh)?;
    let password_file = write_password(layout, account, password)?;
    let outcome = run(layout, bin_dir, account, &fresh, &password_file, &mut pause);
    let _ = fs::remove_file(&password_file);
    if let Err(error) = outcome {
        let _ = fs::remove_dir_all(&fresh);
        return Err(error);
    }
    let cluster = layout.cluster();
    fs::rename(&fresh, &cluster).map_err(EmbeddedError::io("move into place", &cluster))?;
    let synced = fs::File::open(layout.database()).and_then(|dir| dir.sync_all());
    synced.map_err(EmbeddedError::io("sync", layout.database()))
}

/// For initdb to read, which cannot take it from anywhere safer as another user: the verifier, which
/// PostgreSQL stores as it is, so that the password itself never lies on the disk.
fn write_password(layout: &Layout, account: &Account, password: &Password) -> Result<PathBuf, EmbeddedError> {
    let path = layout.run().join(".initdb");
    let _ = fs::remove_file(&path);
    let written =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).and_then(|mut file| {
            file.write_all(secret::verifier(password).as_bytes())?;
            account.own_file(&file)
        });
    written.map_err(EmbeddedError::io("write", &path))?;
    Ok(path)
}

fn run(
    layout: &Layout,
    bin_dir: &Path,
    account: &Account,
    fresh: &Path,
    password_file: &Path,
    pause: &mut impl FnMut(Duration) -> bool,
) -> Result<(), EmbeddedError> {
    let program = bin_dir.join("initdb");
    let log_path = layout.database().join("initdb.log");
    let log = fs::File::create(&log_path).map_err(EmbeddedError::io("write", &log_path))?;
    let log_again = log.try_clone().map_err(EmbeddedError::io("write", &log_path))?;
    // While initdb runs it holds the server lock, so that the next start waits for one that a kill
    // -9 of us left behind.
    let lock = orphan::take_server_lock(layout)?;
    let mut command = Command::new(&program);
    command
        .arg("--pgdata")
        .arg(fresh)
        .arg("--pwfile")
        .arg(password_file)
        .args(["--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"])
        .args(["--data-checksums", "--no-instructions"])
        .current_dir(layout.run())
        .stdin(Stdio::from(lock))
        .stdout(Stdio::from(log))
        .stderr(Stdio::from(log_again));
    spawn::clean_environment(&mut command);
    let mut child = spawn::spawn(&mut command, account).map_err(|source| EmbeddedError::Spawn {
        program,
        user: account.name.clone(),
        source,
    })?;
    drop(command);
    let began = Instant::now();
    let failure = loop {
        match child.try_wait().map_err(EmbeddedError::io("wait for", bin_dir.join("initdb")))? {
            Some(status) if status.success() => {
                let _ = fs::remove_file(&log_path);
                return Ok(());
            }
            Some(status) => break EmbeddedError::Initdb { detail: format!("{status}: {}", tail(&log_path)) },
            None if began.elapsed() > INITDB_WITHIN => {
                let detail = format!("not done after {} s: {}", INITDB_WITHIN.as_secs(), tail(&log_path));
                break EmbeddedError::Initdb { detail };
            }
            None if pause(Duration::from_millis(20)) => break EmbeddedError::Stopped,
            None => {}
        }
    };
    let _ = child.kill();
    let _ = child.wait();
    Err(failure)
}

/// The last words of a log, on one line.
pub(super) fn tail(path: &Path) -> String {
    const TAIL_MAX_BYTES: u64 = 2048;
    let read = || -> io::Result<Vec<u8>> {
        let mut file = fs::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(io::SeekFrom::Start(length.saturating_sub(TAIL_MAX_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(TAIL_MAX_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        "it said nothing".to_owned()
    } else {
        lines[lines.len().saturating_sub(6)..].join(" | ")
    }
}
