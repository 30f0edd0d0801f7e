//! What stands in the way of a private server, in words that say what to do.

use std::{io, path::PathBuf, time::Duration};

use super::{Holder, binaries::BinariesError};

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataDirError {
    #[error("the data directory {} is in use {}; one data directory has one server: stop that one, or choose another with CUSTODY_DATA_DIR", path.display(), holder_words(*holder))]
    Held { path: PathBuf, holder: Option<Holder> },
    #[error("the data directory {} was written by a newer custody (layout {found}, this program knows layouts up to {known}); run that version, or choose another directory with CUSTODY_DATA_DIR", path.display())]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("{} does not say which layout the data directory has ({detail}); restore this file, whose one line is `custody data directory, layout 1`", path.display())]
    Damaged { path: PathBuf, detail: String },
    #[error("{} holds other files ({example}) and is no data directory of custody; choose an empty or a new directory with CUSTODY_DATA_DIR", path.display())]
    Foreign { path: PathBuf, example: String },
    #[error("{} is no directory; choose another with CUSTODY_DATA_DIR", path.display())]
    NotADirectory { path: PathBuf },
    #[error("the data directory {} is on a read-only file system; mount it for writing, or choose another with CUSTODY_DATA_DIR", path.display())]
    ReadOnly { path: PathBuf },
    #[error("{user} may not write in {}; give it to them (chown {user} '{}'), or choose another data directory with CUSTODY_DATA_DIR", path.display(), path.display())]
    Denied { path: PathBuf, user: String },
    #[error("the volume of {} is full: {free_mib} MiB free, {needed_mib} MiB needed; make room, or choose a data directory on another volume with CUSTODY_DATA_DIR", path.display())]
    Full { path: PathBuf, free_mib: u64, needed_mib: u64 },
    #[error("the file system of {} has no file locks ({source}), so two servers could write at once; choose a data directory on a local file system with CUSTODY_DATA_DIR", path.display())]
    NoLocks { path: PathBuf, source: io::Error },
    #[error("cannot {doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
}

fn holder_words(holder: Option<Holder>) -> String {
    match holder {
        Some(holder) => format!("by process {} ({})", holder.pid, holder.purpose.as_str()),
        None => "by a process that has not said its id".to_owned(),
    }
}

/// Why the private server does not run, or cannot be reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Binaries(#[from] BinariesError),
    #[error(
        "there is no user `{name}` on this machine to run the database as; name one that exists, or leave the choice to custody"
    )]
    NoUser { name: String },
    #[error(
        "the database cannot run as root, and this machine has neither a user `postgres` nor `nobody`; add one (adduser --system postgres), or run custody as a normal user"
    )]
    NoUnprivilegedUser,
    #[error(
        "user id {uid} has no line in /etc/passwd, and PostgreSQL refuses to run as a user without a name; add one (echo 'custody:x:{uid}:{gid}::/:/sbin/nologin' >> /etc/passwd), run as a user that has one, or set DATABASE_URL"
    )]
    NamelessUser { uid: u32, gid: u32 },
    #[error(
        "only root can run the database as another user (`{name}`); run custody as {name}, or leave the choice to custody"
    )]
    CannotSwitch { name: String },
    #[error("the database's user `{user}` may not pass through {}, which leads to {}; run: chmod o+x '{}', or choose another place with CUSTODY_DATA_DIR, for example /var/lib/custody", offender.display(), path.display(), offender.display())]
    Untraversable { user: String, offender: PathBuf, path: PathBuf },
    #[error("{} belongs to {owner}, and this is {me}, who cannot read it; run custody as {owner} or as root, or give it away: chown -R {me} '{}'", path.display(), path.display())]
    OwnedByAnother { path: PathBuf, owner: String, me: String },
    #[error("another process{} still uses the database in {}, and it is not one that can be stopped from here (another container?); stop it, then start again", pid.map(|p| format!(" ({p})")).unwrap_or_default(), path.display())]
    Occupied { path: PathBuf, pid: Option<i32> },
    #[error("{} could not be started as {user}: {source}", program.display())]
    Spawn { program: PathBuf, user: String, source: io::Error },
    #[error("initdb failed: {detail}")]
    Initdb { detail: String },
    #[error("the database did not start: {detail}; its log is {}", log.display())]
    Start { detail: String, log: PathBuf },
    #[error("the database was not ready within {} s; its log is {}", within.as_secs(), log.display())]
    Slow { within: Duration, log: PathBuf },
    #[error("{} cannot be opened with the master key at hand ({source}); restore the key file that belongs to this data directory", path.display())]
    Secret { path: PathBuf, source: custody_keys::KeyError },
    #[error("the database {} is there, and the password to it ({}) is not; restore that file from the same backup", cluster.display(), secret.display())]
    SecretLost { cluster: PathBuf, secret: PathBuf },
    #[error("the private database could not be prepared: {0}")]
    Provision(#[source] sqlx::Error),
    #[error("process {} holds the data directory {} and no private database became ready there within {} s; if it runs with DATABASE_URL, give this command the same", holder.map_or_else(|| "?".to_owned(), |h| h.pid.to_string()), path.display(), within.as_secs())]
    NotServing { path: PathBuf, holder: Option<Holder>, within: Duration },
    #[error("stopped while it was starting")]
    Stopped,
    #[error("cannot {doing} {}: {source}{}", path.display(), io_hint(source))]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
}

impl EmbeddedError {
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}

fn io_hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull => "; make room on the volume",
        io::ErrorKind::ReadOnlyFilesystem => "; mount the volume for writing",
        io::ErrorKind::PermissionDenied => "; `custody doctor` shows whose files these are",
        _ => "",
    }
}
