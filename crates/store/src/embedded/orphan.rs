//! Before a server starts: what an earlier one left behind, after a kill -9 of us, of it, or both.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt as _,
    time::{Duration, Instant},
};

use nix::sys::signal::{Signal, kill};

use super::{
    EmbeddedError, Layout,
    postmaster::{self, Identity, PidFile},
};

const LOOK_EVERY: Duration = Duration::from_millis(20);
const FORKING: Duration = Duration::from_secs(5);

/// Takes the lock that the server's processes share, to hand it to one: they inherit it, and
/// whoever holds it may still write. [`clear`] has found it free.
pub(super) fn take_server_lock(layout: &Layout) -> Result<File, EmbeddedError> {
    let lock = open_server_lock(layout)?;
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            // A process that is just being forked elsewhere in this program has a copy until it
            // executes.
            Err(TryLockError::WouldBlock) if began.elapsed() < FORKING => nap(),
            Err(TryLockError::WouldBlock) => {
                return Err(EmbeddedError::Occupied { path: layout.database(), pid: None });
            }
            Err(TryLockError::Error(e)) => return Err(EmbeddedError::io("lock", layout.server_lock())(e)),
        }
    }
}

/// Waits a moment, on the supervisor's own thread.
#[expect(clippy::disallowed_methods, reason = "the supervisor has a thread of its own and blocks no runtime")]
pub(super) fn nap() {
    std::thread::sleep(LOOK_EVERY);
}

fn open_server_lock(layout: &Layout) -> Result<File, EmbeddedError> {
    let path = layout.server_lock();
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(EmbeddedError::io("open", path))
}

/// Whether a process of a server is left, here or in another container on this machine.
pub(super) fn server_lock_is_held(layout: &Layout) -> Result<bool, EmbeddedError> {
    let lock = open_server_lock(layout)?;
    match lock.try_lock() {
        Ok(()) => lock.unlock().map(|()| false).map_err(EmbeddedError::io("unlock", layout.server_lock())),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(e)) => Err(EmbeddedError::io("lock", layout.server_lock())(e)),
    }
}

/// Returns once no process of an earlier server is left and no stale pid file stands in the way.
///
/// A server that an earlier parent left is stopped rather than taken over: it may already be
/// shutting down, and only a child can be watched. It is sent signals only when /proc shows it to
/// be this cluster's server. The stale pid file is removed only while the server lock is free:
/// PostgreSQL would find in it the shared memory of backends that outlived their postmaster.
///
/// `pause` waits and says whether to give up.
pub(super) fn clear(
    layout: &Layout,
    patience: Duration,
    mut pause: impl FnMut(Duration) -> bool,
) -> Result<(), EmbeddedError> {
    let began = Instant::now();
    let cluster = layout.cluster();
    let mut ordered = None;
    loop {
        let held = server_lock_is_held(layout)?;
        let file = PidFile::read(&cluster)
            .map_err(EmbeddedError::io("read", postmaster::pid_file_path(&cluster)))?;
        let named = file.as_ref().map(|f| f.pid);
        match named.map(|pid| (pid, postmaster::identify(pid, &cluster))) {
            Some((pid, Identity::Ours)) => order_stop(pid, began.elapsed(), patience, &mut ordered),
            Some((pid, Identity::Gone | Identity::Other)) if !held => {
                tracing::warn!(
                    database.pid = pid,
                    "removing the pid file of a database server that was killed"
                );
                let path = postmaster::pid_file_path(&cluster);
                fs::remove_file(&path).map_err(EmbeddedError::io("remove", path))?;
                return sweep_sockets(layout);
            }
            None if !held => return sweep_sockets(layout),
            // Backends that have not yet noticed that their postmaster is dead, or an initdb.
            _ => {}
        }
        // Past the immediate shutdown that half of the patience brings.
        if began.elapsed() > patience {
            return Err(EmbeddedError::Occupied { path: layout.database(), pid: named });
        }
        if pause(LOOK_EVERY) {
            return Err(EmbeddedError::Stopped);
        }
    }
}

/// A killed server leaves its socket, and beside it a lock with its pid, which PostgreSQL believes
/// for as long as any process has that number.
fn sweep_sockets(layout: &Layout) -> Result<(), EmbeddedError> {
    let run = layout.run();
    let entries = match fs::read_dir(&run) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(EmbeddedError::io("read", &run))?,
    };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(b".s.PGSQL.") {
            fs::remove_file(entry.path()).map_err(EmbeddedError::io("remove", entry.path()))?;
        }
    }
    Ok(())
}

/// Fast shutdown first, immediate once half of the patience is used up; each once.
fn order_stop(pid: i32, waited: Duration, patience: Duration, ordered: &mut Option<Signal>) {
    let signal = if waited < patience / 2 { Signal::SIGINT } else { Signal::SIGQUIT };
    if *ordered == Some(signal) {
        return;
    }
    tracing::warn!(
        database.pid = pid,
        signal = signal.as_str(),
        "stopping a database server that an earlier process left behind"
    );
    if let Err(error) = kill(postmaster::pid(pid), signal) {
        tracing::warn!(database.pid = pid, %error, "it could not be signalled");
    }
    *ordered = Some(signal);
}
