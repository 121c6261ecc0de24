//! The `Retry-After` field (RFC 9110, section 10.2.3), with which a peer asks for a pause before the next request.

use std::time::{Duration, SystemTime};

/// Returns how long a `Retry-After` field asks to wait. Returns `None` if the field is neither a number of seconds nor
/// a date.
///
/// A date is compared with `date`, the `Date` field of the same response, so that a wrong clock does no harm. Without
/// one it is compared with `now`. A date in the past gives zero, and a number that overflows gives `Duration::MAX`.
pub fn retry_after(field: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let field = field.trim();
    if !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(field.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let read = |date: &str| httpdate::parse_http_date(date.trim()).ok();
    Some(read(field)?.duration_since(date.and_then(read).unwrap_or(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn asked(field: &str) -> Option<Duration> {
        retry_after(field, None, httpdate::parse_http_date(NOW).unwrap())
    }

    #[test]
    fn parses_both_forms() {
        for (field, seconds) in [("0", 0), ("120", 120), (" 7 ", 7)] {
            assert_eq!(asked(field), Some(Duration::from_secs(seconds)), "{field}");
        }
        for later in ["Sun, 06 Nov 1994 08:49:47 GMT", "Sunday, 06-Nov-94 08:49:47 GMT", "Sun Nov  6 08:49:47 1994"] {
            assert_eq!(asked(later), Some(Duration::from_secs(10)), "{later}");
        }
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:07 GMT"), Some(Duration::ZERO));
        assert_eq!(asked(&"9".repeat(40)), Some(Duration::MAX));
        assert!(asked("Fri, 31 Dec 9999 23:59:59 GMT").is_some_and(|far| far > Duration::from_secs(86_400)));
    }

    #[test]
    fn compares_a_date_with_the_responses_date_before_the_clock() {
        let later = "Sun, 06 Nov 1994 08:49:47 GMT";
        let asked = |date| retry_after(later, date, SystemTime::UNIX_EPOCH);
        assert_eq!(asked(Some(NOW)), Some(Duration::from_secs(10)));
        assert!(asked(None) > Some(Duration::from_secs(86_400)));
        assert_eq!(asked(Some("soon")), asked(None));
    }

    #[test]
    fn returns_none_for_any_other_text() {
        for field in ["", "soon", "-1", "+5", "1.5", "12 s", "Sun, 99 Nov 1994 08:49:47 GMT"] {
            assert_eq!(asked(field), None, "{field}");
        }
    }
}
