//! What an operator may decide about the private server.

use std::time::Duration;

use super::binaries;

/// How the private server is found, sized, and waited for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    pub binaries: binaries::Config,
    /// The operating system's user to run the server as; only root can choose. Default: the owner
    /// of an existing cluster, else `postgres`, else `nobody`.
    pub user: Option<String>,
    /// Connections that our pools and commands may hold together. The server gets these and three
    /// reserved for its superuser.
    pub connections: u32,
    /// The longest that a start may take, crash recovery included.
    pub start_within: Duration,
    /// How long a fast shutdown may take before an immediate one (which costs a recovery at the
    /// next start and loses nothing) is ordered.
    pub stop_within: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            binaries: binaries::Config::default(),
            user: None,
            connections: 60,
            start_within: Duration::from_mins(5),
            stop_within: Duration::from_secs(30),
        }
    }
}
