//! Ending a server that is our child, in order if it obeys.

use std::{
    process::Child,
    time::{Duration, Instant},
};

use nix::sys::signal::{Signal, kill};

use super::{Layout, orphan, postmaster};

/// How long the harder steps may take, each.
const HARDER_AFTER: Duration = Duration::from_secs(10);

/// Fast shutdown within `patience`, then an immediate one, then none; each bounded. Returns once no
/// process of the server is left, or says in the log that one is.
pub(super) fn stop(child: &mut Child, layout: &Layout, patience: Duration) {
    let steps =
        [(Signal::SIGINT, patience), (Signal::SIGQUIT, HARDER_AFTER), (Signal::SIGKILL, HARDER_AFTER)];
    for (signal, patience) in steps {
        // Once it was waited for, its number may be another's.
        if !matches!(child.try_wait(), Ok(None)) {
            break;
        }
        if signal != Signal::SIGINT {
            let signal = signal.as_str();
            tracing::warn!(database.pid = child.id(), signal, "the private database is slow to stop");
        }
        if let Ok(raw) = i32::try_from(child.id()) {
            let _ = kill(postmaster::pid(raw), signal);
        }
        wait_until(patience, || !matches!(child.try_wait(), Ok(None)));
    }
    // After a harder stop, backends need a moment to notice.
    if !wait_until(HARDER_AFTER, || !orphan::server_lock_is_held(layout).unwrap_or(false)) {
        tracing::error!("processes of the private database are left; the next start waits for them");
    }
}

fn wait_until(patience: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while !condition() {
        if began.elapsed() > patience {
            return false;
        }
        orphan::nap();
    }
    true
}
