//! The server's command line, its inherited files, and its log.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    process::{Child, Command, Stdio},
};

use super::{EmbeddedError, Layout, endpoint::Endpoint, orphan, settings, spawn, supervisor::Plan};

const LOG_MAX_BYTES: u64 = 16 << 20;

/// Starts the server as a child of this thread. It is not ready yet.
pub(super) fn server(plan: &Plan, endpoint: &Endpoint) -> Result<Child, EmbeddedError> {
    let layout = plan.data_dir.layout();
    settings::write(layout, plan.config.connections)?;
    let log_path = layout.server_log();
    bound_log(layout);
    let open = || OpenOptions::new().create(true).append(true).mode(0o600).open(&log_path);
    let (out, err) =
        open().and_then(|out| Ok((out.try_clone()?, out))).map_err(EmbeddedError::io("write", &log_path))?;
    // The server and all its backends inherit this as their standard input, which they never read:
    // the lock is held for as long as one of them lives, whatever its name and wherever its pid can
    // be seen.
    let lock = orphan::take_server_lock(layout)?;
    let program = plan.bin_dir.join("postgres");
    let mut command = Command::new(&program);
    command
        .arg("-D")
        .arg(layout.cluster())
        .args(settings::fixed(layout, endpoint))
        .current_dir("/")
        .stdin(Stdio::from(lock))
        .stdout(Stdio::from(out))
        .stderr(Stdio::from(err));
    spawn::clean_environment(&mut command);
    let user = plan.account.name.clone();
    spawn::spawn(&mut command, &plan.account).map_err(|source| EmbeddedError::Spawn { program, user, source })
}

/// Keeps the log below twice its bound. The server appends, so that it goes on at the new end.
pub(super) fn bound_log(layout: &Layout) {
    let log = layout.server_log();
    if fs::metadata(&log).is_ok_and(|m| m.len() > LOG_MAX_BYTES) {
        let outcome = fs::copy(&log, log.with_extension("log.1"))
            .and_then(|_| OpenOptions::new().write(true).open(&log)?.set_len(0));
        if let Err(error) = outcome {
            tracing::warn!(%error, "the database's log could not be shortened");
        }
    }
}
