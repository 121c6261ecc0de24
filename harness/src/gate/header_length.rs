//! The length of a request's address after HTTP/2 header compression. Each digit of the port has a code of its own
//! length, so byte counts would depend on the port. Lock step therefore uses only ports with the same compressed
//! length.

use std::net::SocketAddr;

/// Compressed length of the port's five digits, in bits.
const PORT_BITS: u32 = 29;

/// Returns whether this address has the usual compressed length.
pub(super) fn is_usual_address(address: SocketAddr) -> bool {
    let port = address.port().to_string();
    port.len() == 5 && bits(&port) == PORT_BITS
}

/// Returns the compressed length of a number, in bits. Source: RFC 7541, appendix B.
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
    fn the_example_of_rfc_7541_has_its_length() {
        // The example in RFC 7541, C.6.1.
        assert_eq!(bits("302").div_ceil(8), 2);
        assert_eq!(bits("307").div_ceil(8), 3);
    }
}
