//! Where a scan may connect to. A tenant says which endpoint is asked, and the server's own network is
//! none of theirs: its loopback, its neighbours on the link, the metadata service that hands out the
//! machine's own credentials.

use std::net::IpAddr;

/// What the operator allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Also what is of this machine and its link alone.
    pub allow_local: bool,
}

impl Network {
    /// Whether an endpoint may be asked, as far as its text says; what a name leads to is looked at again
    /// by the process that connects. None, or why not.
    pub fn refuses(&self, endpoint: &str) -> Option<String> {
        let Some(rest) = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://"))
        else {
            return Some("must begin with https:// or http://".to_owned());
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Some("must hold no user name".to_owned());
        }
        let host = host(authority);
        if host.is_empty() {
            return Some("has no host".to_owned());
        }
        let local = match host.parse::<IpAddr>() {
            Ok(address) => is_local(address),
            // inet_aton takes 127.1 and 0x7f000001, and resolvers do.
            Err(_) if host.chars().all(|c| c.is_ascii_hexdigit() || c == '.' || c == 'x' || c == 'X') => {
                host.chars().next().is_some_and(|c| c.is_ascii_digit())
            }
            Err(_) => {
                let name = host.trim_end_matches('.').to_ascii_lowercase();
                name == "localhost" || name.ends_with(".localhost")
            }
        };
        (local && !self.allow_local).then(|| {
            "is an address of the server's own machine or link; the operator may allow it (CUSTODY_SCAN_ALLOW_LOCAL)"
                .to_owned()
        })
    }
}

fn host(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    authority.split(':').next().unwrap_or_default()
}

/// Of this machine or its link alone, or nobody's.
fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_multicast()
                || v4.is_broadcast()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback() || v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast()
                // The metadata service by IPv6.
                || v6.segments()[..2] == [0xfd00, 0x0ec2]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_this_machine_is_refused_however_it_is_written() {
        let network = Network::default();
        for endpoint in [
            "http://127.0.0.1:5000",
            "http://127.1",
            "http://2130706433/",
            "http://0x7f000001",
            "http://localhost",
            "https://LOCALHOST.:443/a",
            "http://x.localhost",
            "http://[::1]:80",
            "http://[::ffff:127.0.0.1]",
            "http://169.254.169.254/latest",
            "http://[fe80::1]",
            "http://[fd00:ec2::254]",
            "http://0.0.0.0",
            "ftp://example.org",
            "http://",
            "http://u:p@example.org",
            "http:///x",
        ] {
            assert!(network.refuses(endpoint).is_some(), "{endpoint}");
        }
        for endpoint in [
            "https://s3.example.org",
            "http://10.0.0.7:9000",
            "https://[2001:db8::1]/x",
            "http://cafe.example",
        ] {
            assert_eq!(network.refuses(endpoint), None, "{endpoint}");
        }
        assert_eq!(Network { allow_local: true }.refuses("http://127.0.0.1:5000"), None);
    }
}
