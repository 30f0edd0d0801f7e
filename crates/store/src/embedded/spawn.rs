//! The one room of this crate with `unsafe` in it: starting a process of the server so that it does
//! not outlive us by long.
#![expect(
    unsafe_code,
    reason = "`pre_exec` is the only way to arm the parent-death signal after the change of user, which would clear it"
)]

use std::{
    io,
    os::unix::process::CommandExt as _,
    process::{Child, Command},
};

use nix::{
    errno::Errno,
    sys::{prctl, signal::Signal},
    unistd,
};

use super::account::Account;

/// Starts `command` as `account`, in a process group of its own (a terminal's Ctrl-C is for us; we
/// stop the server in order), such that the kernel sends it SIGINT when **the calling thread** ends.
/// To `postgres` that is a fast shutdown, to `initdb` the order to stop and clean up. So the caller
/// must be a thread that lives as long as the child is wanted, never a worker of a runtime.
pub(super) fn spawn(command: &mut Command, account: &Account) -> io::Result<Child> {
    account.apply(command);
    command.process_group(0);
    let parent = unistd::getpid();
    let arm = move || {
        prctl::set_pdeathsig(Signal::SIGINT)?;
        // The parent may have died before the signal was armed.
        if unistd::getppid() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; `arm` makes two plain
    // system calls, allocates nothing, takes no lock, and captures one integer.
    unsafe { command.pre_exec(arm) };
    command.spawn()
}

/// A child of the server sees none of our environment: `PG…` variables would steer it, and the rest
/// may hold secrets. The library path stays, for binaries that are not where they were built for.
pub(super) fn clean_environment(command: &mut Command) {
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C");
    if let Some(path) = std::env::var_os("LD_LIBRARY_PATH") {
        command.env("LD_LIBRARY_PATH", path);
    }
}
