//! `TCP_NODELAY` on connections to the database: sqlx 0.9 does not set it, and a COPY sends two small
//! messages in a row, of which Nagle's algorithm holds the second back until the server's delayed
//! acknowledgement: 40 ms a commit.
#![expect(
    unsafe_code,
    reason = "sqlx shows no socket, and the only safe way to borrow one by its number is Linux' \
              pidfd_getfd, which containers forbid"
)]

use std::{fs, os::fd::BorrowedFd};

use nix::sys::socket::{SockaddrStorage, getpeername, setsockopt, sockopt::TcpNoDelay};

/// Sets it on all TCP connections of this process to that port; a best effort, where /proc is. Called
/// when a connection was made: it looks at each open file once.
pub(crate) fn set_on_connections_to(port: u16) {
    let Ok(open) = fs::read_dir("/proc/self/fd") else { return };
    for file in open.flatten() {
        let Some(number) = file.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(peer) = getpeername::<SockaddrStorage>(number) else { continue };
        let of_v4 = peer.as_sockaddr_in().map(nix::sys::socket::SockaddrIn::port);
        let of_v6 = peer.as_sockaddr_in6().map(nix::sys::socket::SockaddrIn6::port);
        if of_v4.or(of_v6) != Some(port) {
            continue;
        }
        // SAFETY: it was open just now. Where another thread closes it before the call below, that
        // fails, or sets on another TCP connection what does no harm there.
        let socket = unsafe { BorrowedFd::borrow_raw(number) };
        if let Err(error) = setsockopt(&socket, TcpNoDelay, &true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set on a connection to the database");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn connections_to_the_port_are_found_and_others_left_alone() {
        let (here, elsewhere) =
            (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
        let to = |listener: &TcpListener| TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (ours, other) = (to(&here), to(&elsewhere));
        set_on_connections_to(here.local_addr().unwrap().port());
        assert!(ours.nodelay().unwrap());
        assert!(!other.nodelay().unwrap());
    }
}
