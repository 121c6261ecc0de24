//! How long HTTP/2 makes the two texts that change by themselves: the date of a response and the address of a request.
//! Its header compression gives each character a code of its own length, so that bytes could only be compared between
//! runs of the same moment and port. Lock step begins where these have always the same length instead.

use std::{
    net::SocketAddr,
    time::{Duration, UNIX_EPOCH},
};

/// Bytes of the usual date. Every minute has a second whose date takes so many.
const DATE_BYTES: u32 = 22;
/// Bits of a port's five digits.
const PORT_BITS: u32 = 29;

/// Whether a response made in this second, since the Unix epoch, has a date of the usual length.
pub(super) fn is_usual_date(since_epoch: Duration) -> bool {
    bits(&httpdate::fmt_http_date(UNIX_EPOCH + since_epoch)).div_ceil(8) == DATE_BYTES
}

/// Whether a request to this address names it in the usual length.
pub(super) fn is_usual_address(address: SocketAddr) -> bool {
    let port = address.port().to_string();
    port.len() == 5 && bits(&port) == PORT_BITS
}

/// Bits of a date or a number. Source: RFC 7541, appendix B.
fn bits(text: &str) -> u32 {
    let of = |character: char| match character {
        '0'..='2' | 'a' | 'c' | 'e' | 'i' | 'o' | 's' | 't' => 5,
        '3'..='9' | ' ' | 'A' | 'd' | 'f'..='h' | 'l'..='n' | 'p' | 'r' | 'u' => 6,
        ':' | 'b' | 'v' | 'y' | 'D' | 'F' | 'G' | 'J' | 'M'..='O' | 'S' | 'T' | 'W' => 7,
        ',' => 8,
        other => unreachable!("`{other}` is neither in a date nor in a number"),
    };
    text.chars().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_has_its_length() {
        // RFC 7541, C.4.1 and C.6.1 compress these to so many bytes.
        assert_eq!(bits("Mon, 21 Oct 2013 20:13:21 GMT").div_ceil(8), 22);
        assert_eq!(bits("Mon, 21 Oct 2013 20:13:22 GMT").div_ceil(8), 22);
        assert_eq!(bits("302").div_ceil(8), 2);
        assert_eq!(bits("307").div_ceil(8), 3);
    }

    #[test]
    fn every_minute_has_a_second_of_the_usual_length() {
        // A minute of every third hour, for seven years from 2026 on.
        for hour in (0..7 * 366 * 24).step_by(3) {
            let minute = 1_767_225_600 + hour * 3_600 + (hour % 60) * 60;
            let has = (minute..minute + 60).any(|second| is_usual_date(Duration::from_secs(second)));
            assert!(has, "{minute}");
        }
    }
}
