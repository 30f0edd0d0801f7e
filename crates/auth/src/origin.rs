//! Where a request came from, for what is done before anybody is known (signing in, accepting).

use std::net::IpAddr;

use crate::Operation;

/// The operation asked for, and the first untrusted hop.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub operation: Operation,
    pub peer_ip: Option<IpAddr>,
}

impl Origin {
    /// What `recorded_by.via` says.
    pub fn via(&self) -> &'static str {
        self.operation.route()
    }
}
