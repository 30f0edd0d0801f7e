//! Where the server listens: a Unix socket under the data directory, or loopback where none fits.

use std::{
    net::{Ipv4Addr, TcpListener},
    os::unix::{ffi::OsStrExt as _, net::UnixListener},
    path::{Path, PathBuf},
};

use super::{EmbeddedError, Layout, postmaster::PidFile};

/// On a socket the port is only part of the file's name.
const SOCKET_PORT: u16 = 5432;
/// `sockaddr_un.sun_path` on Linux, without its final NUL (unix(7)).
const SOCKET_PATH_MAX_BYTES: usize = 107;

/// One way to the server. Never an address that another machine could reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    Socket { dir: PathBuf },
    Loopback { port: u16 },
}

impl Endpoint {
    /// The socket, unless its path is too long, cannot be written in the server's settings, or the
    /// file system has no sockets (some network and desktop-shared ones); then a free loopback port.
    pub(super) fn choose(layout: &Layout) -> Result<Self, EmbeddedError> {
        let dir = layout.run();
        if fits(&dir) && has_sockets(&dir) {
            return Ok(Self::Socket { dir });
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .map_err(EmbeddedError::io("find a loopback port for", layout.database()))?;
        let port = listener
            .local_addr()
            .map_err(EmbeddedError::io("find a loopback port for", layout.database()))?
            .port();
        tracing::info!(
            database.port = port,
            "no Unix socket fits this data directory; the database listens on loopback"
        );
        Ok(Self::Loopback { port })
    }

    /// Where a running server says that it listens.
    pub(super) fn of(file: &PidFile) -> Option<Self> {
        match (&file.socket_dir, file.port) {
            (Some(dir), _) => Some(Self::Socket { dir: dir.clone() }),
            (None, Some(port)) => Some(Self::Loopback { port }),
            (None, None) => None,
        }
    }

    pub(super) fn port(&self) -> u16 {
        match self {
            Self::Socket { .. } => SOCKET_PORT,
            Self::Loopback { port } => *port,
        }
    }

    /// A URL for `user`. The password is hex: nothing in it needs escaping.
    pub(super) fn url(&self, user: &str, password: &str, database: &str) -> String {
        match self {
            Self::Socket { dir } => {
                let dir = percent_encode(dir);
                format!(
                    "postgres://{user}:{password}@localhost:{SOCKET_PORT}/{database}?host={dir}&sslmode=disable"
                )
            }
            Self::Loopback { port } => {
                format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}?sslmode=disable")
            }
        }
    }
}

/// What the server's settings can carry: a list whose items are separated by commas, in a file
/// that is quoted.
fn fits(dir: &Path) -> bool {
    let socket = dir.join(format!(".s.PGSQL.{SOCKET_PORT}"));
    let bytes = socket.as_os_str().as_bytes();
    bytes.len() <= SOCKET_PATH_MAX_BYTES
        && dir.to_str().is_some()
        && !bytes.iter().any(|b| b",'\"\\\n\r".contains(b))
}

fn has_sockets(dir: &Path) -> bool {
    let probe = dir.join(".probe");
    let _ = std::fs::remove_file(&probe);
    let bound = UnixListener::bind(&probe).is_ok();
    let _ = std::fs::remove_file(&probe);
    bound
}

fn percent_encode(path: &Path) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_path_of_107_bytes_fits_and_one_more_does_not() {
        let of_length =
            |bytes: usize| PathBuf::from(format!("/{}", "d".repeat(bytes - 1 - "/.s.PGSQL.5432".len())));
        assert!(fits(&of_length(107)));
        assert!(!fits(&of_length(108)));
        assert!(!fits(Path::new("/a,b")), "the server would read two directories");
        assert!(!fits(Path::new("/it's")));
    }

    #[test]
    fn a_url_survives_odd_directories() {
        let endpoint = Endpoint::Socket { dir: PathBuf::from("/srv/my data?&#é/run") };
        let url = endpoint.url("custody_owner", "00ff", "custody");
        let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        assert_eq!(options.get_socket().unwrap(), Path::new("/srv/my data?&#é/run"));
        assert_eq!(options.get_database(), Some("custody"));
        assert_eq!(options.get_username(), "custody_owner");
    }
}
