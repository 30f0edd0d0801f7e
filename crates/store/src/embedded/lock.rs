//! The lock on a data directory: one server, or one command at a time.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    time::{Duration, Instant},
};

use super::{DataDirError, Layout, data_dir::io_error};

/// `custody doctor` looks at the lock by taking a shared one for a moment.
const BRIEFLY_HELD: Duration = Duration::from_secs(1);
/// A command holds the lock for as long as it works; it is waited for.
const COMMAND_HELD: Duration = Duration::from_mins(1);

/// What a process holds the data directory for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `custody serve`: for long; others may attach to its database.
    Serve,
    /// An admin command that runs while no server does: for a moment; others wait.
    Command,
}

impl Purpose {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Command => "command",
        }
    }
}

/// Who holds the lock, by its own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    pub pid: i32,
    pub purpose: Purpose,
}

pub(super) fn open(layout: &Layout) -> Result<File, DataDirError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        .open(layout.lock())
        .map_err(io_error("open", layout.lock()))
}

pub(super) async fn take(layout: &Layout, lock: &File) -> Result<(), DataDirError> {
    let began = Instant::now();
    let mut told = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(source)) => {
                return Err(DataDirError::NoLocks { path: layout.root().to_owned(), source });
            }
        }
        let holder = read_holder(lock);
        let patience = match holder {
            Some(Holder { purpose: Purpose::Command, .. }) => COMMAND_HELD,
            // An earlier server of this very process may be stopping.
            Some(holder) if u32::try_from(holder.pid) == Ok(std::process::id()) => BRIEFLY_HELD,
            Some(_) => Duration::ZERO,
            None => BRIEFLY_HELD,
        };
        if began.elapsed() >= patience {
            return Err(DataDirError::Held { path: layout.root().to_owned(), holder });
        }
        if let (false, Some(holder)) = (told, holder) {
            tracing::info!(holder.pid, "waiting for the command that holds the data directory");
            told = true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(super) fn write_holder(mut lock: &File, purpose: Purpose) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{} {}", std::process::id(), purpose.as_str())
}

fn read_holder(mut lock: &File) -> Option<Holder> {
    let mut text = String::new();
    lock.rewind().ok()?;
    lock.take(64).read_to_string(&mut text).ok()?;
    parse_holder(&text)
}

fn parse_holder(text: &str) -> Option<Holder> {
    let (pid, purpose) = text.strip_suffix('\n')?.split_once(' ')?;
    let purpose = match purpose {
        "serve" => Purpose::Serve,
        "command" => Purpose::Command,
        _ => return None,
    };
    Some(Holder { pid: pid.parse().ok()?, purpose })
}

/// Who holds the data directory now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Free,
    By(Holder),
    /// By a process that has not said who it is, or not yet.
    Silently,
}

/// Looks by taking a shared lock for a moment; changes nothing.
pub(super) fn peek(layout: &Layout) -> io::Result<Held> {
    let lock = match File::open(layout.lock()) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Held::Free),
        other => other?,
    };
    match lock.try_lock_shared() {
        Ok(()) => lock.unlock().map(|()| Held::Free),
        Err(TryLockError::WouldBlock) => Ok(read_holder(&lock).map_or(Held::Silently, Held::By)),
        Err(TryLockError::Error(e)) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use super::*;

    #[test]
    fn a_holder_is_read_as_it_was_written_and_half_a_line_is_none() {
        let file = tempfile::tempfile().unwrap();
        write_holder(&file, Purpose::Command).unwrap();
        let pid = i32::try_from(std::process::id()).unwrap();
        assert_eq!(read_holder(&file), Some(Holder { pid, purpose: Purpose::Command }));
        for text in ["", "12", "12 ser", "12 serve", "x serve\n", "12 dance\n"] {
            assert_eq!(parse_holder(text), None, "{text:?}");
        }
    }
}
