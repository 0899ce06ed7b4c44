//! Where a request came from, and the proxies in front of the gateway whose word about that is believed.

use std::net::IpAddr;
use std::str::FromStr;

use pingora_core::protocols::http::ServerSession;

use super::connection;

/// A block of addresses, such as `10.0.0.0/8` or `2001:db8::/32`; one address alone is a block of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    bits: u128,
    mask: u128,
    v4: bool,
}

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// The other end of the connection.
    pub(crate) peer: Option<IpAddr>,
    /// Whether it is a proxy that may speak for its callers.
    pub(crate) trusted: bool,
    /// Whether the connection is TLS.
    pub(crate) secure: bool,
}

impl Origin {
    /// The origin of a session's requests.
    pub(crate) fn of(session: &ServerSession, proxies: &[Network]) -> Self {
        let peer = connection::peer(session);
        let trusted = peer.is_some_and(|ip| proxies.iter().any(|network| network.contains(ip)));
        let secure = session.digest().is_some_and(|digest| digest.ssl_digest.is_some());
        Self { peer, trusted, secure }
    }
}

impl Network {
    /// Whether the address lies in the block. An IPv4 address mapped into IPv6 counts as what it carries.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_ipv4() == self.v4 && number(ip) & self.mask == self.bits
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a block of addresses such as 10.0.0.0/8 or 2001:db8::/32");
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let width: u32 = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => width,
            Some(length) => length.parse().ok().filter(|&length| length <= width).ok_or_else(wrong)?,
        };
        let all = u128::MAX >> (128 - width);
        let host = all.checked_shr(length).unwrap_or(0);
        let mask = all & !host;
        let bits = number(address);
        if bits & host != 0 {
            return Err(format!("{text:?} has bits behind its first {length}; write the block's first address"));
        }
        Ok(Self { bits, mask, v4: address.is_ipv4() })
    }
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_what_they_say() {
        for (block, inside, outside) in [
            ("10.0.0.0/8", "10.255.1.2", "11.0.0.1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("192.0.2.4/31", "::ffff:192.0.2.5", "192.0.2.6"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("2001:db8::/32", "2001:db8:1::1", "2001:db9::1"),
            ("::/0", "2001:db8::1", "1.2.3.4"),
        ] {
            let network: Network = block.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{block} holds {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{block} does not hold {outside}");
        }
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0.1/8", "10.0.0/8", "x/8", "::/129", "10.0.0.0/-1", "10.0.0.0/"] {
            assert!(text.parse::<Network>().is_err(), "{text:?}");
        }
    }
}
