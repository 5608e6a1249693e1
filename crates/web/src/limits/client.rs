//! Where a request comes from.
//!
//! Anyone can write `X-Forwarded-For`. What stands in it is read from the right, each
//! address told by the one that follows it, and only as long as that one is a proxy whom
//! the operator trusts.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::atomic::Ordering;

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;

use super::{Addresses, Limits};

/// The header in which proxies tell whom they speak for.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The header of RFC 7239 for the same; it is not read, only noticed.
const FORWARDED: &str = "forwarded";

/// Where a request comes from, as far as that can be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Client {
    /// The address; `None` where a connection has none.
    pub(crate) address: Option<IpAddr>,
    /// Whether the request says that this address passes it on for another one, and it is
    /// not believed or cannot be read. Who asks can then be anyone.
    pub(crate) is_relay: bool,
}

/// What one client can choose its addresses from: one IPv4 address, 2⁶⁴ of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Network(IpAddr);

impl Network {
    /// The network of an address.
    pub(super) fn of(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        })
    }
}

impl Client {
    /// What tells it from others: its network; nothing where a connection has no address.
    pub(crate) fn network(&self) -> String {
        self.address.map(|address| Network::of(address).0.to_string()).unwrap_or_default()
    }
}

impl Limits {
    /// Where a request comes from: the other end of the connection, or whom a trusted proxy
    /// speaks for.
    pub(crate) fn client(&self, request: &Request) -> Client {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let Some(peer) = peer.map(|info| info.0.ip().to_canonical()) else {
            return Client::default();
        };
        let client = spoken_for(peer, request.headers(), &self.proxies);
        if client.is_relay {
            self.warn_of_unknown_proxy(client);
        }
        client
    }

    /// Says once that a proxy on an exempt address hides its visitors.
    fn warn_of_unknown_proxy(&self, client: Client) {
        let Some(proxy) = client.address.filter(|address| self.exempt.contain(*address)) else {
            return;
        };
        if !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %proxy,
                "an address that is exempt from limits passes on requests of others and is no \
                 trusted proxy, or does not send X-Forwarded-For: they are limited together, as one \
                 client; set limits.trusted_proxies"
            );
        }
    }
}

/// The last address that trusted proxies vouch for.
fn spoken_for(peer: IpAddr, headers: &HeaderMap, proxies: &Addresses) -> Client {
    let values = headers.get_all(FORWARDED_FOR).iter();
    // A value that is no text ends what can be read.
    let told: Vec<&str> = values.map(|value| value.to_str().unwrap_or("?")).collect();
    let mut address = peer;
    for text in told.iter().rev().flat_map(|value| value.rsplit(',')) {
        let before = address_in(text.trim()).filter(|_| proxies.contain(address));
        let Some(before) = before else {
            return Client { address: Some(address), is_relay: true };
        };
        address = before;
    }
    Client { address: Some(address), is_relay: told.is_empty() && headers.contains_key(FORWARDED) }
}

/// An address with or without a port.
fn address_in(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok();
    address
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use proptest::prelude::*;

    use super::super::LimitSettings;
    use super::*;

    fn of(peer: &str, told: &[&str]) -> Client {
        let settings = LimitSettings {
            trusted_proxies: Addresses::parse(&["10.0.0.0/8", "127.0.0.1", "fd00::/8"]).unwrap(),
            ..LimitSettings::default()
        };
        let mut request = Request::new(Body::empty());
        let peer = SocketAddr::new(peer.parse().unwrap(), 50_000);
        request.extensions_mut().insert(ConnectInfo(peer));
        for value in told {
            request.headers_mut().append(FORWARDED_FOR, value.parse().unwrap());
        }
        Limits::new(settings).client(&request)
    }

    fn client(peer: &str, told: &[&str]) -> String {
        of(peer, told).address.unwrap().to_string()
    }

    #[test]
    fn an_address_that_speaks_for_others_unbelieved_is_a_relay() {
        for (peer, told, is_relay) in [
            ("203.0.113.7", &[][..], false),
            ("203.0.113.7", &["198.51.100.1"], true),
            ("10.0.0.1", &["198.51.100.1"], false),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1"], true),
            ("10.0.0.1", &["unknown"], true),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], false),
        ] {
            assert_eq!(of(peer, told).is_relay, is_relay, "{peer} {told:?}");
        }
    }

    #[test]
    fn an_address_in_a_header_is_believed_of_a_trusted_proxy_alone() {
        for (peer, told, expected) in [
            ("203.0.113.7", &["198.51.100.1"][..], "203.0.113.7"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            // The client wrote the first one itself.
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("fd00::1", &["2001:db8::1"], "2001:db8::1"),
        ] {
            assert_eq!(client(peer, told), expected, "{peer} {told:?}");
        }
    }

    proptest! {
        #[test]
        fn what_a_stranger_writes_changes_nothing(told in "[0-9a-f.:, \\[\\]]{0,60}") {
            prop_assert_eq!(client("203.0.113.7", &[&told]), "203.0.113.7");
        }

        #[test]
        fn what_stands_left_of_the_client_changes_nothing(told in "[0-9a-f.:, \\[\\]]{0,60}") {
            let told = format!("{told}, 198.51.100.1");
            prop_assert_eq!(client("10.0.0.1", &[&told]), "198.51.100.1");
        }
    }

    #[test]
    fn a_client_has_all_addresses_of_its_network() {
        let network = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:1:ffff::9"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"));
        assert_ne!(network("198.51.100.1"), network("198.51.100.2"));
    }
}
