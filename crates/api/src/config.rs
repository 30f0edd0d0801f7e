//! The edge's own settings.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    path::PathBuf,
    time::Duration,
};

use http::HeaderValue;
use ipnetwork::{IpNetwork, Ipv4Network, Ipv6Network};

/// The binary's configuration documents each for the operator.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNetwork>,
    /// Networks that may read `/metrics` and the details of `/readyz`: these tell what all tenants
    /// together do.
    pub internal_networks: Vec<IpNetwork>,
    /// Origins that browsers may call from; none: CORS is off.
    pub cors_origins: Vec<HeaderValue>,
    /// Largest request body that is held whole, in bytes, after decompression.
    pub body_bytes_max: usize,
    /// Largest body of `POST /logs/bulk`, which is worked on as it comes, after decompression.
    pub bulk_bytes_max: u64,
    /// Where the answers to such a body go that do not fit memory: files without a name.
    pub spool_folder: PathBuf,
    /// Bytes of those, all requests together; one may have half. What comes past it is answered
    /// `retry`.
    pub spool_bytes_max: u64,
    /// How long a client may pause within its body.
    pub read_timeout: Duration,
    /// Requests that run at once; more are refused with 503. One address may have an eighth of them.
    pub requests_max: usize,
    /// Bytes of bodies held at once, all requests together; more wait, then are refused with 503. One
    /// tenant may hold half of it.
    pub body_bytes_held_max: usize,
    /// Whether clients reach it over TLS, here or at a balancer: HSTS is sent.
    pub tls: bool,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            internal_networks: loopback(),
            cors_origins: Vec::new(),
            body_bytes_max: 32 << 20,
            bulk_bytes_max: 4 << 30,
            spool_folder: std::env::temp_dir(),
            spool_bytes_max: 2 << 30,
            read_timeout: Duration::from_secs(30),
            requests_max: 1024,
            body_bytes_held_max: 128 << 20,
            tls: false,
        }
    }
}

fn loopback() -> Vec<IpNetwork> {
    let v4 = Ipv4Network::new_checked(Ipv4Addr::new(127, 0, 0, 0), 8).map(IpNetwork::V4);
    v4.into_iter().chain([IpNetwork::V6(Ipv6Network::from(Ipv6Addr::LOCALHOST))]).collect()
}
