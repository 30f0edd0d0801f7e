//! What processes have used, as the kernel counts it (proc(5)).

use std::{
    collections::BTreeMap,
    fs, io,
    iter::Sum,
    ops::{AddAssign, Sub},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use nix::unistd::{SysconfVar, sysconf};

/// Time on a processor, user and system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cpu(pub(crate) Duration);

impl AddAssign for Cpu {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl<'a> Sum<&'a Self> for Cpu {
    fn sum<I: Iterator<Item = &'a Self>>(all: I) -> Self {
        Self(all.map(|cpu| cpu.0).sum())
    }
}

impl Sub for Cpu {
    type Output = Self;

    /// Never negative: a process that ended between two looks took its own time with it.
    fn sub(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

/// One line of `/proc/PID/stat`.
struct Stat {
    parent: u32,
    own: Cpu,
    /// Of children that ended and were waited for.
    children: Cpu,
}

/// The time of one process.
pub(crate) fn cpu_of(pid: u32) -> anyhow::Result<Cpu> {
    Ok(stat(&PathBuf::from(format!("/proc/{pid}"))).with_context(|| format!("process {pid}"))?.own)
}

/// The time of a process and all its children, dead ones included, by what PostgreSQL calls them
/// (`checkpointer`, `client backend`, …).
pub(crate) fn cpu_of_family(parent: u32) -> anyhow::Result<BTreeMap<String, Cpu>> {
    let folder = PathBuf::from(format!("/proc/{parent}"));
    let head = stat(&folder).with_context(|| format!("process {parent}"))?;
    let mut by_role =
        BTreeMap::from([("postmaster".to_owned(), head.own), ("ended".to_owned(), head.children)]);
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let Ok(child) = stat(&path) else { continue };
        if child.parent == parent {
            *by_role.entry(role(&path)).or_default() += child.own;
        }
    }
    Ok(by_role)
}

/// Of PostgreSQL's process title, what it is: all that serve a client are one.
fn role(process: &Path) -> String {
    let title = fs::read(process.join("cmdline")).unwrap_or_default();
    let title = String::from_utf8_lossy(&title).replace('\0', " ");
    let words = title.trim().trim_start_matches("postgres:").trim();
    let own =
        ["checkpointer", "background writer", "walwriter", "autovacuum", "logical replication launcher"];
    own.iter().find(|name| words.starts_with(**name)).map_or("client backends", |name| *name).to_owned()
}

fn stat(process: &Path) -> io::Result<Stat> {
    let text = fs::read_to_string(process.join("stat"))?;
    // The name, in brackets, may hold anything.
    let fields: Vec<&str> =
        text.rsplit_once(')').map(|(_, after)| after.split_whitespace().collect()).unwrap_or_default();
    let number = |field: usize| fields.get(field).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let time = |user, system| Cpu(Duration::from_secs_f64(seconds(number(user) + number(system))));
    Ok(Stat { parent: u32::try_from(number(1)).unwrap_or(0), own: time(11, 12), children: time(13, 14) })
}

#[expect(clippy::cast_precision_loss, reason = "ticks of a day are far below 2^52")]
fn seconds(ticks: u64) -> f64 {
    let a_second = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100);
    ticks as f64 / a_second as f64
}

/// Resident bytes of one process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    /// The most since the last [`forget_peak`].
    pub(crate) peak: u64,
}

pub(crate) fn memory_of(pid: u32) -> anyhow::Result<Memory> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).with_context(|| format!("process {pid}"))?;
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or(0)
    };
    Ok(Memory { now: 1024 * kib("VmRSS:"), peak: 1024 * kib("VmHWM:") })
}

/// Lets the peak begin again at what is held now (proc(5), `clear_refs`).
pub(crate) fn forget_peak(pid: u32) -> anyhow::Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").with_context(|| format!("process {pid}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_time_and_memory() {
        let me = std::process::id();
        assert!(cpu_of(me).unwrap() <= Cpu(Duration::from_hours(1)));
        let memory = memory_of(me).unwrap();
        assert!(memory.peak >= memory.now && memory.now > 1 << 20, "{memory:?}");
    }

    #[test]
    fn a_child_s_time_is_its_family_s() {
        let mut child = std::process::Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let began = std::time::Instant::now();
        let busy = || cpu_of_family(std::process::id()).unwrap()["client backends"];
        while busy() == Cpu::default() && began.elapsed() < Duration::from_secs(10) {
            std::thread::yield_now();
        }
        let seen = busy();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(seen > Cpu::default());
    }
}
