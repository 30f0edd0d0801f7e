//! The process group of a driver.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

/// Its number is the kernel's, and stays the group's as long as one process of it is there.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    leader: Option<Pid>,
    ended: Arc<Ended>,
}

#[derive(Debug, Default)]
struct Ended {
    by_us: AtomicBool,
    /// Nobody is left: the number may become another's.
    whole: AtomicBool,
}

impl Group {
    pub(crate) fn led_by(process: Option<u32>) -> Self {
        let leader = process.and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        Self { leader, ended: Arc::default() }
    }

    pub(crate) fn terminate(&self) {
        self.ended.by_us.store(true, Ordering::Relaxed);
        self.signal(Signal::SIGTERM);
    }

    pub(crate) fn kill(&self) {
        self.ended.by_us.store(true, Ordering::Relaxed);
        self.signal(Signal::SIGKILL);
    }

    /// What its leader has left behind. Afterwards no signal is sent.
    pub(crate) fn bury(&self) {
        self.signal(Signal::SIGKILL);
        self.ended.whole.store(true, Ordering::Relaxed);
    }

    pub(crate) fn was_ended_by_us(&self) -> bool {
        self.ended.by_us.load(Ordering::Relaxed)
    }

    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.leader
            && !self.ended.whole.load(Ordering::Relaxed)
        {
            // An error says that nobody is left.
            let _ = killpg(leader, signal);
        }
    }
}
