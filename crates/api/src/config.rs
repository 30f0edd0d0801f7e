//! The edge's own settings.

use std::time::Duration;

use http::HeaderValue;
use ipnetwork::IpNetwork;

/// The binary's configuration documents each for the operator.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNetwork>,
    /// Origins that browsers may call from; none: CORS is off.
    pub cors_origins: Vec<HeaderValue>,
    /// Largest request body, in bytes, after decompression.
    pub body_bytes_max: usize,
    /// How long a client may pause within its body.
    pub read_timeout: Duration,
    /// Requests that run at once; more are refused with 503.
    pub requests_max: usize,
    /// Bytes of bodies held at once, all requests together; more wait, then are refused with 503.
    pub body_bytes_held_max: usize,
    /// Whether clients reach it over TLS, here or at a balancer: HSTS is sent.
    pub tls: bool,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            body_bytes_max: 32 << 20,
            read_timeout: Duration::from_secs(30),
            requests_max: 1024,
            body_bytes_held_max: 512 << 20,
            tls: false,
        }
    }
}
