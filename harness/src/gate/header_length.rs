//! How long HTTP/2 makes the address of a request. Its header compression gives each character a code of its own length,
//! so that bytes could only be compared between runs on the same port. Lock step serves on ports of one length instead.

use std::net::SocketAddr;

/// Bits of a port's five digits.
const PORT_BITS: u32 = 29;

/// Whether a request to this address names it in the usual length.
pub(super) fn is_usual_address(address: SocketAddr) -> bool {
    let port = address.port().to_string();
    port.len() == 5 && bits(&port) == PORT_BITS
}

/// Bits of a number. Source: RFC 7541, appendix B.
fn bits(text: &str) -> u32 {
    let of = |character: char| match character {
        '0'..='2' => 5,
        '3'..='9' => 6,
        other => unreachable!("`{other}` is not in a number"),
    };
    text.chars().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_has_its_length() {
        // RFC 7541, C.6.1 compresses these to so many bytes.
        assert_eq!(bits("302").div_ceil(8), 2);
        assert_eq!(bits("307").div_ceil(8), 3);
    }
}
