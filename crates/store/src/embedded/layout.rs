//! Every path under the data directory, in one place.

use std::path::{Path, PathBuf};

/// Paths under one data directory. Knows names only; touches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout(PathBuf);

/// All names that may stand at the top of a data directory: one that holds anything else before it
/// holds a version is somebody else's.
pub(super) const TOP: [&str; 6] = ["VERSION", "LOCK", "master.key", "database", "programs", "lost+found"];

impl Layout {
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(root.into())
    }

    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The layout's version, written once.
    pub fn version(&self) -> PathBuf {
        self.0.join("VERSION")
    }

    /// Locked (flock) by the one process that serves or commands this directory; holds its pid.
    pub fn lock(&self) -> PathBuf {
        self.0.join("LOCK")
    }

    /// The id under which the last server here held leases.
    pub fn lease_holder(&self) -> PathBuf {
        self.0.join("lease-holder")
    }

    /// The master key of the keys port's local part.
    pub fn key_file(&self) -> PathBuf {
        self.0.join("master.key")
    }

    /// Server programs that were fetched, one folder a release.
    pub fn programs(&self) -> PathBuf {
        self.0.join("programs")
    }

    pub fn database(&self) -> PathBuf {
        self.0.join("database")
    }

    /// PostgreSQL's own data directory. Belongs to the server's user, mode 0700.
    pub fn cluster(&self) -> PathBuf {
        self.database().join("cluster")
    }

    /// The server's Unix socket. Belongs to the server's user, mode 0700.
    pub fn run(&self) -> PathBuf {
        self.database().join("run")
    }

    /// Locked (flock) by every process of the server, through a file descriptor that they inherit:
    /// while it is held, some process may still write to the cluster.
    pub fn server_lock(&self) -> PathBuf {
        self.database().join("server.lock")
    }

    pub fn server_log(&self) -> PathBuf {
        self.database().join("server.log")
    }

    /// The server's settings and who may connect, outside the cluster so that root writes nowhere
    /// that the server's user controls.
    pub fn settings(&self) -> PathBuf {
        self.database().join("postgresql.conf")
    }

    pub fn who_may_connect(&self) -> PathBuf {
        self.database().join("pg_hba.conf")
    }

    /// The operator's own settings for the server, appended to ours at each start.
    pub fn extra_settings(&self) -> PathBuf {
        self.database().join("extra.conf")
    }

    pub fn superuser_secret(&self) -> PathBuf {
        self.database().join("superuser.sealed")
    }

    pub fn owner_secret(&self) -> PathBuf {
        self.database().join("owner.sealed")
    }
}
