//! Who listens on a port of this machine, as the kernel lists it: for programs that should be heard on loopback only.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The state "listening" in the kernel's table.
const LISTENS: &str = "0A";

/// Addresses other than loopback on which somebody listens on this port.
#[must_use]
pub fn beyond_loopback(port: u16) -> Vec<IpAddr> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let text = tables.map(|table| fs::read_to_string(table).unwrap_or_default());
    let all = text.iter().flat_map(|table| table.lines().skip(1).filter_map(listener));
    let open = |address: &IpAddr| match address {
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback()),
        IpAddr::V4(v4) => !v4.is_loopback(),
    };
    all.filter(|(address, its)| *its == port && open(address)).map(|(address, _)| address).collect()
}

/// Address and port of a row that is of a listener.
fn listener(row: &str) -> Option<(IpAddr, u16)> {
    let mut fields = row.split_whitespace().skip(1);
    let (address, port) = fields.next()?.split_once(':')?;
    fields.next()?;
    if fields.next()? != LISTENS {
        return None;
    }
    Some((read(address)?, u16::from_str_radix(port, 16).ok()?))
}

/// Words of the address in hexadecimal, each as the machine holds it.
fn read(hex: &str) -> Option<IpAddr> {
    let words = (0..hex.len() / 8).map(|nth| u32::from_str_radix(hex.get(nth * 8..nth * 8 + 8)?, 16).ok());
    let bytes: Vec<u8> =
        words.collect::<Option<Vec<u32>>>()?.into_iter().flat_map(u32::to_ne_bytes).collect();
    let four = <[u8; 4]>::try_from(bytes.as_slice()).map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes)));
    four.or_else(|_| <[u8; 16]>::try_from(bytes.as_slice()).map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes))))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_listener_on_every_address_is_seen_and_one_on_loopback_is_not() {
        let own = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(beyond_loopback(own.local_addr().unwrap().port()).is_empty());
        let open = TcpListener::bind("0.0.0.0:0").unwrap();
        assert_eq!(beyond_loopback(open.local_addr().unwrap().port()), [IpAddr::V4(Ipv4Addr::UNSPECIFIED)]);
    }
}
