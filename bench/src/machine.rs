//! What the numbers were taken on.

use std::{fs, path::Path, process::Command};

use serde::Serialize;

/// The machine, as it says of itself.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    pub(crate) kernel: String,
    /// Of the data directory's volume.
    pub(crate) file_system: String,
    /// Processes that wanted a core, mean of the last minute, before the bench began.
    pub(crate) load_before: f64,
    /// The commit that was checked out, and whether files differ from it.
    pub(crate) commit: String,
}

impl Machine {
    pub(crate) fn look(data: &Path) -> Self {
        let line = |file: &str, name: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let kib = line("/proc/meminfo", "MemTotal").trim_end_matches("kB").trim().parse::<u64>();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            cpu: line("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            memory_gib: kib.unwrap_or(0) >> 20,
            kernel: said("uname", &["-sr"]),
            file_system: said("stat", &["-f", "-c", "%T", &data.display().to_string()]),
            load_before: load.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or_default(),
            commit: said("git", &["describe", "--always", "--dirty", "--abbrev=10"]),
        }
    }

    /// Why the numbers may mislead, if they may.
    pub(crate) fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if self.load_before > 0.3 {
            doubts.push(format!("the machine was not quiet before: load {:.2}", self.load_before));
        }
        if self.file_system == "tmpfs" {
            doubts.push("the data directory is in memory (tmpfs): nothing here was durable".to_owned());
        }
        doubts
    }
}

/// What a program prints, or nothing where it is missing.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default()
}
