//! Turns an unexpected response into an error that says whether and when to retry. No engine follows redirects, because
//! a client measures the server whose address it was given.

use std::{
    fmt::Display,
    time::{Duration, SystemTime},
};

use hyper::{
    HeaderMap, StatusCode,
    header::{DATE, LOCATION, RETRY_AFTER},
};

use crate::ClientError;

/// Returns the error for an unexpected response.
///
/// 408, 429 and 5xx are transient, and carry the pause that the server asks for. Any other status is a final refusal.
pub(crate) fn failure(status: StatusCode, headers: &HeaderMap, reason: &[u8]) -> ClientError {
    if !is_transient(status) {
        return refusal(status, headers, reason);
    }
    ClientError::Busy { reason: status.to_string(), retry_after: retry_after(headers) }
}

/// Returns the refusal with this status and the reason from the response body.
pub(super) fn refusal(status: StatusCode, headers: &HeaderMap, reason: &[u8]) -> ClientError {
    let target = headers.get(LOCATION).map(|target| String::from_utf8_lossy(target.as_bytes()));
    ClientError::Refused(match target.filter(|_| status.is_redirection()) {
        Some(target) => format!("{status}: redirects are not followed (to {target})"),
        None => format!("{status}: {}", String::from_utf8_lossy(reason)),
    })
}

/// Returns the error for a connection that failed.
pub(super) fn connection_error(error: impl Display) -> ClientError {
    ClientError::Connection(error.to_string())
}

/// Returns the error for a response that is not HTTP, or exceeds a limit.
pub(super) fn invalid_response(error: impl Display) -> ClientError {
    ClientError::Protocol(format!("invalid response: {error}"))
}

/// Returns whether the same request may succeed later.
pub(super) fn is_transient(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

/// Returns the pause that the server asks for.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let field = |name| headers.get(name)?.to_str().ok();
    proto::retry_after(field(RETRY_AFTER)?, field(DATE), wall_clock())
}

#[expect(clippy::disallowed_methods, reason = "a date in Retry-After needs the wall clock; this is not a measurement")]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(fields: &[(&'static str, &str)]) -> Option<Duration> {
        let headers = fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let ClientError::Busy { retry_after, .. } = failure(StatusCode::SERVICE_UNAVAILABLE, &headers, b"") else {
            panic!("503 is transient")
        };
        retry_after
    }

    #[test]
    fn compares_a_retry_date_with_the_responses_own_date() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let later = ("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT");
        assert_eq!(asked(&[date, later]), Some(Duration::from_secs(10)));
        assert_eq!(asked(&[later]), Some(Duration::ZERO), "the date is in the past by this machine's clock");
        assert_eq!(asked(&[("retry-after", "120")]), Some(Duration::from_secs(120)));
        assert_eq!(asked(&[("retry-after", "soon")]), None);
        assert_eq!(asked(&[]), None);
    }

    #[test]
    fn tells_transient_statuses_from_final_ones() {
        let meaning = |code| failure(StatusCode::from_u16(code).unwrap(), &HeaderMap::new(), b"why");
        for code in [408, 429, 500, 502, 503, 504, 529] {
            assert!(matches!(meaning(code), ClientError::Busy { .. }), "{code}");
        }
        for code in [204, 206, 301, 304, 307, 400, 401, 403, 404, 410, 425] {
            assert!(matches!(meaning(code), ClientError::Refused(_)), "{code}");
        }
        assert_eq!(meaning(403).to_string(), "the server refused: 403 Forbidden: why");
    }

    #[test]
    fn a_refused_redirect_names_its_target() {
        let headers = [(LOCATION, "http://127.0.0.1/elsewhere".parse().unwrap())].into_iter().collect();
        let refused = failure(StatusCode::MOVED_PERMANENTLY, &headers, b"").to_string();
        assert!(refused.ends_with("redirects are not followed (to http://127.0.0.1/elsewhere)"), "{refused}");
    }
}
