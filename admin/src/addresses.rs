//! What may stand in a list of IP addresses. The server decides; this says it while typing.

use std::net::IpAddr;

/// Whether it is an address, or a network in CIDR notation.
#[must_use]
pub fn is_entry(text: &str) -> bool {
    let (address, bits) =
        text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    bits.is_none_or(|bits| {
        bits.bytes().all(|byte| byte.is_ascii_digit())
            && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
    })
}

#[cfg(test)]
mod tests {
    use super::is_entry;

    #[test]
    fn addresses_and_networks_are_told_from_other_texts() {
        for good in [
            "203.0.113.7",
            "203.0.113.0/24",
            "10.0.0.0/0",
            "2001:db8::7",
            "2001:db8::/32",
            "::ffff:1.2.3.4/128",
        ] {
            assert!(is_entry(good), "{good}");
        }
        for bad in [
            "",
            "203.0.113",
            "203.0.113.0/33",
            "203.0.113.0/",
            "203.0.113.0/+8",
            "2001:db8::/129",
            "example.com",
        ] {
            assert!(!is_entry(bad), "{bad}");
        }
    }
}
