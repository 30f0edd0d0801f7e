//! Who is at the other end: the connection's peer, or, behind trusted proxies, the first hop that is
//! not one of them.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRef, FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, request::Parts};
use ipnetwork::IpNetwork;

use crate::app::Edge;

/// The client's address: `recorded_by.peer_ip` and the key of the address limit. None where there is
/// no connection (tests).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub(crate) Option<IpAddr>);

impl ClientAddress {
    /// Whom to count it under: of IPv6 the /64, which is what one household or machine is given.
    pub(crate) fn counted(self) -> Option<IpAddr> {
        self.0.map(|ip| match ip {
            IpAddr::V4(_) => ip,
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
        })
    }
}

/// That the client stands in one of [`crate::HttpConfig::internal_networks`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Internal(pub(crate) bool);

impl<S> FromRequestParts<S> for Internal
where
    S: Send + Sync,
    Edge: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let networks = &Edge::from_ref(state).config.internal_networks;
        // Who is nowhere is outside.
        let client = parts.extensions.get::<ClientAddress>().and_then(|client| client.0);
        Ok(Self(client.is_some_and(|ip| networks.iter().any(|network| network.contains(ip)))))
    }
}

pub(crate) async fn client_address(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip());
    let client = peer.map(|peer| first_untrusted(peer, request.headers(), &edge.config.trusted_proxies));
    request.extensions_mut().insert(ClientAddress(client));
    next.run(request).await
}

/// Walks `X-Forwarded-For` from its end, the only side that a client cannot write, for as long as
/// the hop that wrote it is trusted. A hop that is no address ends the walk at the last good one.
fn first_untrusted(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNetwork]) -> IpAddr {
    let trusts = |ip: IpAddr| trusted.iter().any(|network| network.contains(ip));
    let mut at = peer.to_canonical();
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let hops = lines.flat_map(|line| line.as_bytes().rsplit(|b| *b == b','));
    for hop in hops {
        if !trusts(at) {
            break;
        }
        match parse(hop) {
            Some(ip) => at = ip,
            None => break,
        }
    }
    at
}

/// An address, with or without a port: both forms are seen in the field.
fn parse(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let ip = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|a| a.ip()))
        .or_else(|_| text.trim_start_matches('[').trim_end_matches(']').parse());
    ip.ok().map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted: Vec<_> = trusted.iter().map(|t| t.parse().unwrap()).collect();
        first_untrusted(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_header_from_somebody_untrusted_is_not_believed() {
        assert_eq!(client("198.51.100.7", &["203.0.113.9"], &[]), "198.51.100.7");
        assert_eq!(client("198.51.100.7", &["203.0.113.9"], &["10.0.0.0/8"]), "198.51.100.7");
    }

    #[test]
    fn the_first_untrusted_hop_counts_and_not_what_the_client_put_before_it() {
        let trusted = &["10.0.0.0/8"];
        assert_eq!(client("10.0.0.1", &["1.2.3.4, 203.0.113.9, 10.0.0.2"], trusted), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["1.2.3.4", "203.0.113.9"], trusted), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"], trusted), "10.0.0.3");
        assert_eq!(client("10.0.0.1", &[], trusted), "10.0.0.1");
    }

    #[test]
    fn ports_brackets_and_mapped_addresses_are_read() {
        let trusted = &["10.0.0.0/8"];
        assert_eq!(client("::ffff:10.0.0.1", &["203.0.113.9:4711"], trusted), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]:443"], trusted), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]"], trusted), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &["unknown, 10.0.0.2"], trusted), "10.0.0.2");
    }
}
