//! What a running server says of itself, and what the kernel says of it.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    path::{Path, PathBuf},
};

use nix::unistd::Pid;

/// `postmaster.pid`, as PostgreSQL 15 to 18 write it (src/include/utils/pidfile.h): one fact a
/// line, the later lines only once they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: i32,
    pub(super) port: Option<u16>,
    /// `None` where the server has no socket.
    pub(super) socket_dir: Option<PathBuf>,
    /// The status line reads `ready`.
    pub(super) ready: bool,
}

pub(super) fn pid_file_path(cluster: &Path) -> PathBuf {
    cluster.join("postmaster.pid")
}

impl PidFile {
    /// `None` where there is none, or it is being written.
    pub(super) fn read(cluster: &Path) -> io::Result<Option<Self>> {
        match fs::read(pid_file_path(cluster)) {
            Ok(bytes) => Ok(Self::parse(&bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let lines: Vec<&[u8]> = bytes.split(|&b| b == b'\n').collect();
        let text = |line: usize| lines.get(line).and_then(|l| std::str::from_utf8(l).ok()).map(str::trim);
        // A stand-alone backend writes its id negated; whoever it is, it uses the cluster.
        let pid: i32 = text(0)?.parse().ok().map(i32::abs).filter(|&pid| pid > 1)?;
        let socket_dir = lines.get(4).map(|l| l.trim_ascii_end()).filter(|l| !l.is_empty());
        Some(Self {
            pid,
            port: text(3).and_then(|p| p.parse().ok()),
            socket_dir: socket_dir.map(|dir| PathBuf::from(OsStr::from_bytes(dir))),
            ready: text(7) == Some("ready"),
        })
    }
}

/// What stands behind a process id that a pid file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// Nothing, or a zombie: under a PID 1 that reaps nobody the dead keep their number.
    Gone,
    /// The number was given to another process.
    Other,
    /// A PostgreSQL process that the kernel shows too little of to tell whose it is.
    Unclear,
    /// The server of this cluster.
    Ours,
}

/// Looks in /proc: a server's executable is `postgres`, and its working directory is its cluster.
/// Where the kernel does not show these (root without `CAP_SYS_PTRACE`, as in most containers), the
/// process must belong to the cluster's owner and have been started with `-D` and this cluster.
pub(super) fn identify(pid: i32, cluster: &Path) -> Identity {
    let proc = PathBuf::from(format!("/proc/{pid}"));
    let Ok(stat) = fs::read(proc.join("stat")) else { return Identity::Gone };
    if is_dead(&stat) {
        return Identity::Gone;
    }
    let Ok(place) = fs::metadata(cluster) else { return Identity::Other };
    match (fs::read_link(proc.join("exe")), fs::metadata(proc.join("cwd"))) {
        (Ok(exe), Ok(cwd)) => {
            let ours = is_postgres(exe.as_os_str().as_bytes())
                && (cwd.dev(), cwd.ino()) == (place.dev(), place.ino());
            if ours { Identity::Ours } else { Identity::Other }
        }
        (Err(e), _) | (_, Err(e)) if e.kind() == io::ErrorKind::PermissionDenied => {
            identify_by_owner(&proc, place.uid(), cluster)
        }
        _ => Identity::Other,
    }
}

fn identify_by_owner(proc: &Path, owner: u32, cluster: &Path) -> Identity {
    if !fs::metadata(proc).is_ok_and(|p| p.uid() == owner) {
        return Identity::Other;
    }
    if fs::read(proc.join("cmdline")).is_ok_and(|cmdline| serves(&cmdline, cluster)) {
        return Identity::Ours;
    }
    let named_so = fs::read(proc.join("comm")).is_ok_and(|name| name.trim_ascii_end() == b"postgres");
    if named_so { Identity::Unclear } else { Identity::Other }
}

/// `proc_pid_stat(5)`: the state follows the last `)`, since the name before it may hold anything.
fn is_dead(stat: &[u8]) -> bool {
    let after_name = stat.iter().rposition(|&b| b == b')').and_then(|at| stat.get(at + 2));
    matches!(after_name, Some(b'Z' | b'X' | b'x'))
}

/// An upgraded package leaves `/…/postgres (deleted)`.
fn is_postgres(exe: &[u8]) -> bool {
    let exe = exe.strip_suffix(b" (deleted)").unwrap_or(exe);
    Path::new(OsStr::from_bytes(exe)).file_name() == Some(OsStr::new("postgres"))
}

fn serves(cmdline: &[u8], cluster: &Path) -> bool {
    let arguments: Vec<&[u8]> = cmdline.split(|&b| b == 0).collect();
    let program = arguments.first().is_some_and(|&program| is_postgres(program));
    program && arguments.windows(2).any(|pair| pair[0] == b"-D" && pair[1] == cluster.as_os_str().as_bytes())
}

pub(super) fn pid(raw: i32) -> Pid {
    Pid::from_raw(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_file_is_read_while_it_grows() {
        assert_eq!(PidFile::parse(b""), None);
        assert_eq!(PidFile::parse(b"1\n"), None, "never PID 1");
        let young = PidFile::parse(b"4711\n/d/cluster\n1760000000\n5432\n/d/run\n").unwrap();
        assert!(!young.ready);
        let grown =
            PidFile::parse(b"4711\n/d/cluster\n1760000000\n5432\n/d/run\n\n  1 2\nready   \n").unwrap();
        assert_eq!(
            grown,
            PidFile { pid: 4711, port: Some(5432), socket_dir: Some("/d/run".into()), ready: true }
        );
        let loopback = PidFile::parse(b"4711\n/d/cluster\n1\n5433\n\n127.0.0.1\n  1 2\nstarting\n").unwrap();
        assert_eq!((loopback.port, loopback.socket_dir, loopback.ready), (Some(5433), None, false));
    }

    #[test]
    fn this_test_is_not_the_server_and_pid_0_is_nobody() {
        let me = i32::try_from(std::process::id()).unwrap();
        assert_eq!(identify(me, Path::new("/")), Identity::Other);
        assert_eq!(identify(i32::MAX, Path::new("/")), Identity::Gone);
    }

    #[test]
    fn a_name_with_brackets_does_not_hide_the_state() {
        assert!(is_dead(b"12 (post) (gres)) Z 1 12"));
        assert!(!is_dead(b"12 (Z Z) S 1 12"));
    }

    #[test]
    fn only_a_server_of_this_very_cluster_counts() {
        let cluster = Path::new("/d/cluster");
        assert!(serves(b"/usr/lib/postgresql/15/bin/postgres\0-D\0/d/cluster\0", cluster));
        assert!(!serves(b"/usr/bin/vi\0-D\0/d/cluster\0", cluster));
        assert!(!serves(b"postgres\0-D\0/d/cluster2\0", cluster));
        assert!(is_postgres(b"/opt/bin/postgres (deleted)"));
    }
}
