//! Local addresses: single ones, ranges, blocks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::exit::Wrong;

/// More than this is a mistyped block.
const MOST: u128 = 65_536;

/// `127.0.0.5`, `127.0.0.2-127.0.0.9`, `10.0.0.0/28` (without its network and broadcast addresses).
pub(super) fn addresses(parts: &[String]) -> Result<Vec<IpAddr>, Wrong> {
    let mut all = Vec::new();
    for part in parts.iter().map(|part| part.trim()) {
        let wrong =
            |why: &str| Wrong(format!("--source-ips `{part}`: {why}; write 127.0.0.2-127.0.0.9 or 10.0.0.0/28"));
        let (first, last) = range(part).ok_or_else(|| wrong("that is not an address, a range or a block"))?;
        let (from, to) = (bits(first), bits(last));
        if first.is_ipv4() != last.is_ipv4() || from > to {
            return Err(wrong("the range ends before it begins"));
        }
        if to - from >= MOST {
            return Err(wrong("that is more than 65,536 addresses"));
        }
        all.extend((from..=to).map(|bits| address(bits, first.is_ipv4())));
    }
    Ok(all)
}

fn range(part: &str) -> Option<(IpAddr, IpAddr)> {
    if let Some((first, last)) = part.split_once('-') {
        return Some((first.trim().parse().ok()?, last.trim().parse().ok()?));
    }
    let Some((network, length)) = part.split_once('/') else {
        let address = part.parse().ok()?;
        return Some((address, address));
    };
    let (network, length): (IpAddr, u32) = (network.parse().ok()?, length.parse().ok()?);
    let width: u32 = if network.is_ipv4() { 32 } else { 128 };
    let free = width.checked_sub(length)?;
    let size = 1_u128.checked_shl(free)?;
    let first = bits(network) & !(size - 1);
    // The first and last address of a block of IPv4 are not hosts, unless it is too small to have any.
    let edge = u128::from(network.is_ipv4() && free >= 2);
    Some((address(first + edge, network.is_ipv4()), address(first + (size - 1) - edge, network.is_ipv4())))
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn address(bits: u128, is_ipv4: bool) -> IpAddr {
    if is_ipv4 { Ipv4Addr::from_bits(bits as u32).into() } else { Ipv6Addr::from_bits(bits).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: &[&str], expected: &[&str]) {
        let parts: Vec<_> = parts.iter().map(|part| (*part).to_owned()).collect();
        let got = addresses(&parts).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(got.unwrap(), expected);
    }

    #[test]
    fn ranges_and_blocks() {
        check(&[], &[]);
        check(&["127.0.0.5"], &["127.0.0.5"]);
        check(&["127.0.0.254-127.0.1.1"], &["127.0.0.254", "127.0.0.255", "127.0.1.0", "127.0.1.1"]);
        check(&["10.0.0.5/30", "::1"], &["10.0.0.5", "10.0.0.6", "::1"]);
        check(&["10.0.0.4/31"], &["10.0.0.4", "10.0.0.5"]);
        check(&["fd00::/127"], &["fd00::", "fd00::1"]);
    }

    #[test]
    fn nonsense_is_refused() {
        for part in ["", "x", "127.0.0.9-127.0.0.2", "10.0.0.0/33", "10.0.0.0/8", "127.0.0.1-::1", "::/0"] {
            assert!(addresses(&[part.to_owned()]).is_err(), "{part}");
        }
    }
}
