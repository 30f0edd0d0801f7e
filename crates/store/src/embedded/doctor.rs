//! What is wrong with the data directory and the private server, as data, with the fix in words.
//!
//! Looks only: starts nothing, makes nothing, and holds the lock for no longer than a glance.

mod database;
mod key;

use std::{fs, io, os::unix::fs::PermissionsExt as _, path::Path};

use super::{
    Config, Layout, data_dir,
    lock::{self, Held},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Ok,
    /// Works; would better be otherwise.
    Warn,
    /// Does not work, or is not safe.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub level: Level,
    /// What was looked at, in a word or two.
    pub what: &'static str,
    /// What was found.
    pub detail: String,
    /// What to do; empty when nothing.
    pub fix: String,
}

impl Finding {
    fn ok(what: &'static str, detail: impl Into<String>) -> Self {
        Self { level: Level::Ok, what, detail: detail.into(), fix: String::new() }
    }

    fn warn(what: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { level: Level::Warn, what, detail: detail.into(), fix: fix.into() }
    }

    fn bad(what: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { level: Level::Bad, what, detail: detail.into(), fix: fix.into() }
    }

    /// Our errors say what is wrong and, after the first semicolon, what to do.
    fn of_error(what: &'static str, error: &dyn std::error::Error) -> Self {
        let text = error.to_string();
        let (detail, fix) = text.split_once("; ").unwrap_or((&text, ""));
        Self::bad(what, detail, fix)
    }
}

/// What to look at.
#[derive(Debug, Clone, Copy)]
pub struct Examination<'a> {
    pub data_dir: &'a Path,
    pub config: &'a Config,
    /// The master key file, where keys are local.
    pub key_file: Option<&'a Path>,
    /// The folder that backups go to, where it is local.
    pub backups: Option<&'a Path>,
    /// `DATABASE_URL` is set: no private server will run.
    pub own_database: bool,
}

/// Looks at everything that can be looked at.
pub async fn examine(examination: &Examination<'_>) -> Vec<Finding> {
    let root = fs::canonicalize(examination.data_dir).unwrap_or_else(|_| examination.data_dir.to_owned());
    let layout = Layout::new(root);
    let mut findings = vec![directory(&layout)];
    findings.push(room(&layout));
    findings.push(holder(&layout));
    if examination.own_database {
        findings.push(Finding::ok("database", "DATABASE_URL is set; no private server is run"));
    } else {
        findings.push(database::programs(examination.config, &layout).await);
        findings.push(database::user(examination.config, &layout));
        findings.push(database::server(&layout));
    }
    if let Some(key_file) = examination.key_file {
        findings.push(key::mode(key_file));
        findings.extend(examination.backups.map(|backups| key::backups(key_file, backups)));
    }
    findings.push(Finding::ok(
        "encryption at rest",
        "custody seals credentials and what must not leak; encrypting the volume is the operator's part",
    ));
    findings
}

fn directory(layout: &Layout) -> Finding {
    let what = "data directory";
    let root = layout.root();
    let metadata = match fs::metadata(root) {
        Ok(metadata) => metadata,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Finding::ok(
                what,
                format!("{} does not exist yet; the first start makes it", root.display()),
            );
        }
        Err(e) => return Finding::of_error(what, &data_dir::io_error("look at", root)(e)),
    };
    if !metadata.is_dir() {
        return Finding::bad(
            what,
            format!("{} is no directory", root.display()),
            "choose another with CUSTODY_DATA_DIR",
        );
    }
    if let Err(error) = data_dir::check(layout) {
        return Finding::of_error(what, &error);
    }
    if let Err(errno) = nix::unistd::access(root, nix::unistd::AccessFlags::W_OK) {
        return Finding::of_error(what, &data_dir::io_error("write in", root)(errno.into()));
    }
    if metadata.permissions().mode() & 0o022 != 0 {
        let fix = format!("chmod go-w '{}'", root.display());
        return Finding::bad(what, format!("{} can be written by others", root.display()), fix);
    }
    Finding::ok(what, format!("{}, layout {}", root.display(), data_dir::LAYOUT))
}

fn room(layout: &Layout) -> Finding {
    let what = "free space";
    let needed = data_dir::needed_mib(layout);
    match data_dir::free_mib(layout.root()) {
        None => Finding::warn(what, "it cannot be told", "look with df"),
        Some(free) if free < needed => Finding::bad(
            what,
            format!("{free} MiB free, {needed} MiB needed"),
            "make room, or choose a data directory on another volume",
        ),
        Some(free) if free < 1024 => Finding::warn(
            what,
            format!("{free} MiB free"),
            "make room before it runs out: a full volume stops the log",
        ),
        Some(free) => Finding::ok(what, format!("{} GiB free", free / 1024)),
    }
}

fn holder(layout: &Layout) -> Finding {
    let what = "lock";
    match lock::peek(layout) {
        Ok(Held::Free) => Finding::ok(what, "free: no server runs on this data directory"),
        Ok(Held::By(holder)) => {
            Finding::ok(what, format!("held by process {} ({})", holder.pid, holder.purpose.as_str()))
        }
        Ok(Held::Silently) => Finding::ok(what, "held by a process that has not said its id"),
        Err(e) => Finding::of_error(what, &data_dir::io_error("look at", layout.lock())(e)),
    }
}
