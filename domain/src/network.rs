//! Blocks of addresses, and whose request it is when trusted proxies stand in front.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// A block of addresses, such as `10.0.0.0/8` or `2001:db8::/32`; one address alone is a block of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    bits: u128,
    mask: u128,
    v4: bool,
}

/// Whether an address is that of a proxy whose word about its callers is believed.
#[must_use]
pub fn is_trusted(ip: IpAddr, proxies: &[Network]) -> bool {
    proxies.iter().any(|network| network.contains(ip))
}

/// Whose request it is: the other end of the connection, or, where that is a trusted proxy, the last one that the
/// values of `X-Forwarded-For` name and that is not a trusted proxy itself. Callers can write what stands before that.
/// What is no address ends the search. An IPv4 address mapped into IPv6 is given as what it carries.
#[must_use]
pub fn caller<'a>(peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>, proxies: &[Network]) -> IpAddr {
    let mut caller = peer.to_canonical();
    for named in forwarded.rev().flat_map(|value| value.rsplit(',')) {
        match address(named.trim()) {
            Some(named) if is_trusted(caller, proxies) => caller = named.to_canonical(),
            _ => break,
        }
    }
    caller
}

/// An address, with or without a port, as proxies write it.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()))
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

    #[test]
    fn only_trusted_proxies_are_believed_and_only_their_own_word() {
        let proxies: Vec<Network> = ["10.0.0.0/8", "fd00::/8"].iter().map(|block| block.parse().unwrap()).collect();
        for (peer, forwarded, wanted) in [
            ("192.0.2.1", vec!["203.0.113.9"], "192.0.2.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["203.0.113.9"], "203.0.113.9"),
            ("::ffff:10.0.0.1", vec!["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", vec!["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", vec!["1.1.1.1", "203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", vec!["203.0.113.9:4711"], "203.0.113.9"),
            ("fd00::1", vec!["[2001:db8::9]:4711, fd00::2"], "2001:db8::9"),
            ("10.0.0.1", vec!["203.0.113.9, unknown"], "10.0.0.1"),
            ("10.0.0.1", vec![""], "10.0.0.1"),
        ] {
            let found = caller(peer.parse().unwrap(), forwarded.clone().into_iter(), &proxies);
            assert_eq!(found, wanted.parse::<IpAddr>().unwrap(), "{peer} {forwarded:?}");
        }
    }
}
