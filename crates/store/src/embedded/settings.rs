//! The server's settings, written anew at each start, and who may connect.

use std::{ffi::OsString, fs, io, path::Path};

use super::{EmbeddedError, Layout, durable::write_durably, endpoint::Endpoint};

const MIB: u64 = 1 << 20;
/// Kept free by the server for its superuser, so that a full house can still be looked into.
const RESERVED: u32 = 3;

/// `pg_hba.conf`: passwords, from this machine. No `trust`, no replication.
const WHO_MAY_CONNECT: &str = "\
# Written by custody at each start.
local all all scram-sha-256
host  all all 127.0.0.1/32 scram-sha-256
";

/// Writes both files anew. They hold no secret, and the server's user must read them.
pub(super) fn write(layout: &Layout, connections: u32) -> Result<(), EmbeddedError> {
    let extra = match fs::read_to_string(layout.extra_settings()) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
        other => other.map_err(EmbeddedError::io("read", layout.extra_settings()))?,
    };
    let files = [
        (layout.settings(), file(connections) + &extra),
        (layout.who_may_connect(), WHO_MAY_CONNECT.to_owned()),
    ];
    for (path, text) in files {
        write_durably(&path, 0o644, text.as_bytes()).map_err(EmbeddedError::io("write", path))?;
    }
    Ok(())
}

/// Settings that no file may change, given on the command line: the promise that what was
/// acknowledged is kept, and the doors.
pub(super) fn fixed(layout: &Layout, endpoint: &Endpoint) -> Vec<OsString> {
    let (addresses, sockets) = match endpoint {
        Endpoint::Socket { dir } => ("", dir.display().to_string()),
        Endpoint::Loopback { .. } => ("127.0.0.1", String::new()),
    };
    let mut files = OsString::from("config_file=");
    files.push(layout.settings());
    let mut arguments = vec![OsString::from("-c"), files];
    let mut files = OsString::from("hba_file=");
    files.push(layout.who_may_connect());
    arguments.extend([OsString::from("-c"), files]);
    let settings = [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("password_encryption", "scram-sha-256"),
        ("unix_socket_permissions", "0700"),
        ("logging_collector", "off"),
        ("log_destination", "stderr"),
        ("listen_addresses", addresses),
        ("unix_socket_directories", &sockets),
        ("port", &endpoint.port().to_string()),
    ];
    arguments.extend(
        settings.iter().flat_map(|(name, value)| [OsString::from("-c"), format!("{name}={value}").into()]),
    );
    arguments
}

/// `postgresql.conf`.
fn file(connections: u32) -> String {
    let memory = memory_bytes();
    let shared_buffers = (memory / 8).clamp(32 * MIB, 1024 * MIB) / MIB;
    let cache = (memory / 2).max(64 * MIB) / MIB;
    let max_connections = connections + RESERVED;
    let dynamic_shared_memory = if shm_is_small() { "mmap" } else { "posix" };
    format!(
        "\
# Written by custody at each start; changes here are lost. Settings of your own go to extra.conf in
# this folder, which is appended. Addresses and durability are fixed.
max_connections = {max_connections}
superuser_reserved_connections = {RESERVED}
# An eighth of the memory that this machine or container has; the rest serves as file cache.
shared_buffers = {shared_buffers}MB
effective_cache_size = {cache}MB
maintenance_work_mem = 64MB
dynamic_shared_memory_type = {dynamic_shared_memory}
max_wal_size = 2GB
min_wal_size = 128MB
checkpoint_timeout = 15min
# Room for what two batches write, however small shared_buffers is.
wal_buffers = 16MB
# Short statements, many a second: to compile one costs more than it saves.
jit = off
# A client that vanished (kill -9, a lost container) must not hold its tenant's head.
tcp_keepalives_idle = 60
idle_in_transaction_session_timeout = 5min
# A tenant's data must not reach a log: no statements, and no DETAIL, which quotes failing rows.
log_min_messages = warning
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
log_line_prefix = '%m [%p] %q%u@%d '
log_timezone = 'UTC'
timezone = 'UTC'
lc_messages = 'C'

# From extra.conf:
"
    )
}

/// What this process may use: the machine's memory, or its control group's limit if that is less.
fn memory_bytes() -> u64 {
    let machine =
        fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_in(&text)).unwrap_or(1024 * MIB);
    ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok())
        .fold(machine, u64::min)
}

fn total_in(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Containers get 64 MB of /dev/shm by default, which one parallel query can overrun.
fn shm_is_small() -> bool {
    super::data_dir::free_mib(Path::new("/dev/shm")).is_none_or(|free| free < 256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_line_is_read_in_kibibytes() {
        assert_eq!(total_in("MemFree: 1 kB\nMemTotal:       2048 kB\n"), Some(2 * MIB));
        assert_eq!(total_in(""), None);
        assert!(memory_bytes() >= 32 * MIB);
    }

    #[test]
    fn durability_is_on_whatever_a_file_says() {
        let fixed = fixed(&Layout::new("/d"), &Endpoint::Loopback { port: 4000 });
        for setting in ["fsync=on", "synchronous_commit=on", "listen_addresses=127.0.0.1", "port=4000"] {
            assert!(fixed.iter().any(|s| s.as_os_str() == setting), "{setting}");
        }
    }
}
