//! Clocks that are wrong, by libfaketime (Debian: `faketime`).

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// Where distributions put the library.
const LIBRARIES: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
];

fn library() -> Option<&'static str> {
    LIBRARIES.into_iter().find(|path| Path::new(path).exists())
}

/// The environment of a process whose clock is off by `offset` (`-1h`), as long as it lives.
pub(super) fn off_by(offset: &str) -> Option<Vec<(String, String)>> {
    let environment = [
        ("LD_PRELOAD", library()?),
        ("FAKETIME", offset),
        // Timers go on as they are: only the time of day is wrong.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    Some(environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
}

/// Programs of a PostgreSQL whose clock can be set while it runs.
#[derive(Debug)]
pub(crate) struct Clock {
    folder: PathBuf,
}

impl Clock {
    /// None where the library or packaged server programs are missing. `folder` must be one that
    /// the database's user can read.
    pub(crate) fn make(folder: &Path) -> Option<Self> {
        let (library, programs) = (library()?, programs()?);
        let clock = Self { folder: folder.join("clock") };
        std::fs::create_dir(&clock.folder).unwrap();
        clock.set("+0");
        let preload = format!(
            "export LD_PRELOAD={library} FAKETIME_TIMESTAMP_FILE={} FAKETIME_NO_CACHE=1 \
             FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1\n",
            clock.file().display()
        );
        for (program, preload) in [("postgres", preload.as_str()), ("initdb", "")] {
            let path = clock.folder.join(program);
            let script = format!("#!/bin/sh\n{preload}exec {}/{program} \"$@\"\n", programs.display());
            std::fs::write(&path, script).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Some(clock)
    }

    /// For the server that is to run this PostgreSQL.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        vec![("CUSTODY_PG_BIN".to_owned(), self.folder.display().to_string())]
    }

    /// Sets it off by this much (`+3600s`), at once: every reading of the clock reads the file.
    pub(crate) fn set(&self, offset: &str) {
        // Written beside and moved, so that nobody reads half of it.
        let new = self.folder.join("new");
        std::fs::write(&new, offset).unwrap();
        std::fs::rename(new, self.file()).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.folder.join("offset")
    }
}

fn programs() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CUSTODY_TEST_PG_BIN") {
        return Some(named.into());
    }
    let mut found: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .map(|version| version.unwrap().path().join("bin"))
        .filter(|bin| bin.join("postgres").exists())
        .collect();
    found.sort();
    found.pop()
}
