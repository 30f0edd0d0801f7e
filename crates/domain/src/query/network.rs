//! Addresses and networks.

use std::{fmt, net::IpAddr};

use ipnetwork::{IpNetwork, Ipv4Network, Ipv6Network};

/// An address or a CIDR network. IPv4 addresses written as IPv6 (`::ffff:10.0.0.1`) are IPv4; bits
/// beyond the prefix are cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNetwork);

impl Network {
    /// `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`.
    pub fn parse(text: &str) -> Option<Self> {
        // Only a prefix length, never a netmask, which `ipnetwork` would also take.
        if let Some((_, prefix)) = text.split_once('/')
            && !prefix.bytes().all(|b| b.is_ascii_digit())
        {
            return None;
        }
        text.parse::<IpNetwork>().ok().map(Self::from)
    }

    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(address.to_canonical())
    }

    pub fn get(self) -> IpNetwork {
        self.0
    }
}

impl From<IpNetwork> for Network {
    fn from(network: IpNetwork) -> Self {
        if let IpNetwork::V6(six) = network
            && let Some(four) = six.ip().to_ipv4_mapped()
            && let Some(prefix) = six.prefix().checked_sub(96)
            && let Ok(four) = Ipv4Network::new(four, prefix)
        {
            return Self::from(IpNetwork::V4(four));
        }
        match network {
            IpNetwork::V4(n) => Ipv4Network::new(n.network(), n.prefix()).map(IpNetwork::V4),
            IpNetwork::V6(n) => Ipv6Network::new(n.network(), n.prefix()).map(IpNetwork::V6),
        }
        .map_or(Self(network), Self)
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(IpNetwork::from(address.to_canonical()))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.0.is_ipv4() { 32 } else { 128 };
        if self.0.prefix() == whole {
            return write!(f, "{}", self.0.ip());
        }
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_in_every_spelling() {
        let ten = Network::parse("10.1.2.3/8").unwrap();
        assert_eq!(ten.to_string(), "10.0.0.0/8");
        assert!(ten.contains("10.9.9.9".parse().unwrap()));
        assert!(ten.contains("::ffff:10.9.9.9".parse().unwrap()));
        assert!(!ten.contains("11.0.0.1".parse().unwrap()));
        assert_eq!(Network::parse("::ffff:10.0.0.0/104"), Some(ten));
        assert_eq!(Network::parse("::ffff:10.0.0.1").unwrap().to_string(), "10.0.0.1");
        assert_eq!(Network::parse("2001:db8::1/32").unwrap().to_string(), "2001:db8::/32");
        for text in ["10.0.0.0/255.0.0.0", "10.0.0.0/33", "10.0.0.*", "10.0.0", "10.0.0.0/"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
